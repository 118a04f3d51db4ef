//! `plugin bench`: what plugins cost, side by side and beside the default plugin of their world.

use std::{path::PathBuf, process::ExitCode};

use cc_ops::{OpError, Setup};
use cc_policy::{BenchReport, Cost, bench_plugins, open_plugin};
use cc_reports::Table;
use clap::{Arg, ArgMatches, Command, value_parser};

use super::path;
use crate::cli::output::Out;

/// A line of the table and where its figure comes from.
type Figure = (&'static str, fn(&Cost) -> f64);

const FIGURES: [Figure; 7] = [
    ("component, KiB", |cost| cost.component_bytes as f64 / 1024.0),
    ("load, cold: compiled, ms", |cost| cost.load_cold_us as f64 / 1000.0),
    ("load, cached, ms", |cost| cost.load_cached_us as f64 / 1000.0),
    ("call, fastest, ms", |cost| cost.call_min_us / 1000.0),
    ("call, median, ms", |cost| cost.call_median_us / 1000.0),
    ("call, 95 of 100, ms", |cost| cost.call_p95_us / 1000.0),
    ("memory of a call, KiB", |cost| cost.memory_bytes as f64 / 1024.0),
];

pub(super) fn command() -> Command {
    let path = |name: &'static str| Arg::new(name).value_parser(value_parser!(PathBuf));
    Command::new("bench")
        .about("Measure plugins, each call on a fresh instance, beside the default plugin of their world")
        .arg(
            path("folder")
                .num_args(0..)
                .help("The sources of plugins of one world, built, or their packages [default: .]"),
        )
        .arg(path("fixtures").long("fixtures").help(
            "Folder of the questions [default: fixtures beside the first one's sources, else a sample]",
        ))
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let named: Vec<_> = matches
        .get_many::<PathBuf>("folder")
        .into_iter()
        .flatten()
        .map(|path| setup.workspace.join(path))
        .collect();
    let folders = if named.is_empty() { vec![setup.workspace.clone()] } else { named };
    let opened = folders.iter().map(|folder| open_plugin(folder, None)).collect::<Result<Vec<_>, _>>()?;
    let own = opened.first().map(|first| first.fixtures.clone()).unwrap_or_default();
    let fixtures = path(matches, setup, "fixtures").unwrap_or(own);
    let subjects: Vec<_> = opened.into_iter().map(|opened| opened.subject).collect();
    let report = bench_plugins(&subjects, &fixtures)?;
    out.value(&report, || text(&report));
    Ok(ExitCode::SUCCESS)
}

fn text(report: &BenchReport) -> String {
    let BenchReport { plugins, default, questions } = report;
    let head =
        ["figure", &default.id].into_iter().chain(plugins.iter().map(|plugin| plugin.cost.id.as_str()));
    let mut table = Table::new(head);
    for (name, figure) in FIGURES {
        let of_default = figure(default);
        let cells = plugins.iter().map(|plugin| {
            let own = figure(&plugin.cost);
            format!("{} ({}x)", shown(own), shown(own / of_default))
        });
        table.row([name.to_owned(), shown(of_default)].into_iter().chain(cells));
    }
    let asked = questions.join(", ");
    format!("{table}\n\nAsked: {asked}. In brackets: multiples of the default plugin.")
}

/// Three digits, or all of a whole number.
fn shown(figure: f64) -> String {
    match figure {
        figure if figure >= 100.0 => format!("{figure:.0}"),
        figure if figure >= 10.0 => format!("{figure:.1}"),
        figure if figure >= 1.0 => format!("{figure:.2}"),
        figure => format!("{figure:.3}"),
    }
}
