//! `scan`: secrets in files, in what is about to be committed, or in all that ever was.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use cc_ops::{Context, Detector, OpError, judge_secrets};
use cc_repo::Patch;
use cc_secrets::{Baseline, Candidate, FileOptions, ScanReport};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};

use super::output::Out;

/// Exit codes: nothing real, something real; errors have 2.
const FOUND: u8 = 1;
const FAILED: u8 = 2;
/// Longest question of a supervisor, bytes.
const MOST_QUESTION: u64 = 64 << 20;

pub(crate) fn command() -> Command {
    let path = |name: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf))
    };
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("scan")
        .about("Scan files for secrets; exit code 0: none is real, 1: some are, 2: the scan failed")
        .arg(
            Arg::new("path").value_name("PATH").value_parser(value_parser!(PathBuf)).help("A file or folder"),
        )
        .arg(flag("staged").help("What is about to be committed"))
        .arg(flag("history").help("Everything that was ever committed"))
        .group(ArgGroup::new("what").args(["path", "staged", "history"]).required(true))
        .arg(flag("ignored").help("Also files that git ignores"))
        .arg(
            Arg::new("format")
                .long("format")
                .value_parser(["text", "json", "sarif"])
                .help("How findings are shown [default: text]"),
        )
        .arg(path("config").help("A rule file in the form of gitleaks, instead of secrets.toml in the home"))
        .arg(path("baseline").help("Findings that are accepted; --write-baseline makes one"))
        .arg(flag("write-baseline").requires("baseline").help("Accept everything that is found now"))
}

/// Scans and prints. Errors have an exit code of their own: "found" and "failed" are never the same.
pub(crate) fn run(matches: &ArgMatches, cx: &Context, out: &Out) -> ExitCode {
    match scan(matches, cx, out) {
        Ok(real) => ExitCode::from(if real { FOUND } else { 0 }),
        Err(error) => {
            out.error(&error);
            ExitCode::from(FAILED)
        }
    }
}

fn scan(matches: &ArgMatches, cx: &Context, out: &Out) -> Result<bool, OpError> {
    let path = |name: &str| matches.get_one::<PathBuf>(name).map(PathBuf::as_path);
    let workspace = &cx.setup().workspace;
    let detector = Detector::of(cx, workspace, path("config"))?;
    let mut report = match path("path") {
        Some(what) => files(&detector, &workspace.join(what), matches.get_flag("ignored"))?,
        None => commits(&detector, workspace, matches.get_flag("staged"))?,
    };
    report.skipped.extend(detector.notices.clone());
    if let Some(file) = path("baseline") {
        accept(&mut report, file, matches.get_flag("write-baseline"))?;
    }
    let json = out.is_json().then_some("json");
    match matches.get_one::<String>("format").map(String::as_str).or(json).unwrap_or("text") {
        "json" => out.text(&format!("{:#}\n", report.json())),
        "sarif" => out.text(&format!("{:#}\n", report.sarif(&detector.rules))),
        _ => out.text(&report.table()),
    }
    Ok(report.has_real())
}

fn files(detector: &Detector, path: &Path, ignored: bool) -> Result<ScanReport, OpError> {
    if !path.exists() {
        let message = format!("there is no file or folder {}", path.display());
        return Err(OpError::invalid(message, "name one that exists"));
    }
    let scan = detector.scanner.scan_path(path, &FileOptions { ignored, ..FileOptions::default() });
    let report = ScanReport { files: scan.files, skipped: scan.skipped, ..ScanReport::default() };
    judged(detector, scan.candidates, report)
}

fn commits(detector: &Detector, folder: &Path, staged: bool) -> Result<ScanReport, OpError> {
    let what = if staged { Patch::Staged } else { Patch::History };
    let mut candidates = Vec::new();
    what.read(folder, |patch| candidates.extend(detector.scanner.scan_diff(patch)))?;
    judged(detector, candidates, ScanReport::default())
}

fn judged(detector: &Detector, found: Vec<Candidate>, report: ScanReport) -> Result<ScanReport, OpError> {
    let judged = detector.judge(found)?;
    Ok(ScanReport { findings: judged.findings, allowed: judged.allowed, ..report })
}

fn accept(report: &mut ScanReport, file: &Path, write: bool) -> Result<(), OpError> {
    let failed = |error: cc_secrets::BaselineError| OpError::invalid(error.to_string(), "");
    if write {
        Baseline::new(&report.findings).write(file).map_err(failed)?;
    }
    let (findings, accepted) =
        Baseline::read(file).map_err(failed)?.filter(std::mem::take(&mut report.findings));
    (report.findings, report.accepted) = (findings, accepted);
    Ok(())
}

/// The entry of the process that judges for a supervisor: a question on stdin, the answer on stdout.
pub(crate) fn judge() -> ExitCode {
    let mut question = Vec::new();
    let read = io::stdin().take(MOST_QUESTION).read_to_end(&mut question).ok();
    let question = read.and_then(|_| serde_json::from_slice(&question).ok());
    let answer = question.and_then(|question| judge_secrets(&question).ok());
    match answer.map(|answer| serde_json::to_string(&answer).unwrap_or_default()) {
        Some(answer) => {
            Out::new(true).text(&answer);
            ExitCode::SUCCESS
        }
        None => ExitCode::FAILURE,
    }
}
