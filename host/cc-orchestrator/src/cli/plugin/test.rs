//! `plugin test`: a plugin's answers beside the right ones.

use std::process::ExitCode;

use cc_ops::{OpError, Setup};
use cc_policy::{BuildOptions, FIXTURES, Opened, Outcome, TestCase, TestReport, open_plugin, test_plugin};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use similar::TextDiff;

use super::{folder, path};
use crate::cli::output::Out;

pub(super) fn command() -> Command {
    let path = |name: &'static str| Arg::new(name).long(name).value_parser(value_parser!(std::path::PathBuf));
    let switch = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("test")
        .about("Put the questions in fixtures/ to a plugin and compare its answers; builds its sources first")
        .arg(
            Arg::new("folder")
                .value_parser(value_parser!(std::path::PathBuf))
                .help("The plugin's sources or package [default: .]"),
        )
        .arg(
            path("fixtures")
                .help("Folder of the questions and answers [default: fixtures beside the sources]"),
        )
        .arg(switch("update").help("Write the answers to NAME.expected.json instead of comparing them"))
        .arg(switch("no-build").help("Take the package in dist as it is"))
        .arg(path("target-dir").help("Cargo's target folder"))
}

/// Exit codes: 0 all passed, 1 an answer differs or a question failed, 2 there is nothing to test.
pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let options = BuildOptions { target_dir: path(matches, setup, "target-dir"), ..BuildOptions::default() };
    let build = (!matches.get_flag("no-build")).then_some(&options);
    let Opened { subject, fixtures } = open_plugin(&folder(matches, setup), build)?;
    let fixtures = path(matches, setup, "fixtures").unwrap_or(fixtures);
    if !fixtures.is_dir() {
        return Err(OpError::invalid(
            format!("there are no fixtures in {}", fixtures.display()),
            format!("put questions into {FIXTURES}/NAME.json, or name their folder with --fixtures"),
        ));
    }
    let report = test_plugin(&subject, &fixtures, Some(&setup.home.cache()), matches.get_flag("update"))?;
    out.value(&report, || text(&report));
    Ok(ExitCode::from(u8::from(!report.ok)))
}

fn text(report: &TestReport) -> String {
    let count = |wanted: fn(Outcome) -> bool| report.cases.iter().filter(|case| wanted(case.outcome)).count();
    let mut lines: Vec<String> = report.cases.iter().map(case).collect();
    lines.push(format!(
        "{} {}: {} passed, {} updated, {} failed",
        report.id,
        report.version,
        count(|outcome| outcome == Outcome::Passed),
        count(|outcome| outcome == Outcome::Updated),
        count(|outcome| !outcome.is_good())
    ));
    if report.cases.is_empty() {
        lines
            .push(format!("no question in {}: a test without one proves nothing", report.fixtures.display()));
    }
    lines.join("\n")
}

fn case(case: &TestCase) -> String {
    let word = match case.outcome {
        Outcome::Passed => "ok",
        Outcome::Updated => "updated",
        Outcome::Differs => "DIFFERS",
        Outcome::Failed => "FAILED",
    };
    let mut text = format!("{word:8} {}", case.name);
    if let Some(problem) = &case.problem {
        text.push_str(&format!("\n  {problem}"));
    }
    if let (false, Some(expected), Some(actual)) =
        (case.outcome == Outcome::Passed, &case.expected, &case.actual)
    {
        let diff = TextDiff::from_lines(expected, actual);
        let diff = diff.unified_diff().context_radius(3).header("expected", "actual").to_string();
        diff.lines().for_each(|line| text.push_str(&format!("\n  {line}")));
    }
    text
}
