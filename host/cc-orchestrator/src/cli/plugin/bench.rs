//! `plugin bench`: what a plugin's calls cost, beside the default plugin's.

use std::{path::PathBuf, process::ExitCode};

use cc_ops::{OpError, Setup};
use cc_policy::{BenchReport, Cost, bench_plugin, open_plugin};
use cc_reports::Table;
use clap::{Arg, ArgMatches, Command, value_parser};

use super::{folder, path};
use crate::cli::output::Out;

/// A line of the table and where its figure comes from.
type Figure = (&'static str, fn(&Cost) -> f64);

const FIGURES: [Figure; 7] = [
    ("component, KiB", |cost| cost.component_bytes as f64 / 1024.0),
    ("compile, once, ms", |cost| cost.compile_us as f64 / 1000.0),
    ("load, once a process, ms", |cost| cost.load_us as f64 / 1000.0),
    ("call, fastest, us", |cost| cost.call_min_us),
    ("call, median, us", |cost| cost.call_median_us),
    ("call, 95 of 100, us", |cost| cost.call_p95_us),
    ("memory of a call, KiB", |cost| cost.memory_bytes as f64 / 1024.0),
];

pub(super) fn command() -> Command {
    let path = |name: &'static str| Arg::new(name).value_parser(value_parser!(PathBuf));
    Command::new("bench")
        .about("Measure a plugin's calls, each on a fresh instance, beside the default plugin of its world")
        .arg(path("folder").help("The plugin's sources, built, or its package [default: .]"))
        .arg(
            path("fixtures")
                .long("fixtures")
                .help("Folder of the questions [default: fixtures beside the sources, else a sample]"),
        )
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let opened = open_plugin(&folder(matches, setup), None)?;
    let fixtures = path(matches, setup, "fixtures").unwrap_or(opened.fixtures);
    let report = bench_plugin(&opened.subject, &fixtures)?;
    out.value(&report, || text(&report));
    Ok(ExitCode::SUCCESS)
}

fn text(report: &BenchReport) -> String {
    let BenchReport { plugin, default, questions, .. } = report;
    let mut table = Table::new(["figure", plugin.id.as_str(), default.id.as_str(), "ratio"]);
    for (name, figure) in FIGURES {
        let [own, other] = [figure(plugin), figure(default)];
        table.row([name.into(), format!("{own:.0}"), format!("{other:.0}"), format!("{:.1}", own / other)]);
    }
    format!(
        "{table}\n\nAsked: {}; {} calls. Each is granted {} MiB of memory.",
        questions.join(", "),
        plugin.calls,
        plugin.memory_limit_bytes >> 20
    )
}
