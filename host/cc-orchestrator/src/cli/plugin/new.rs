//! `plugin new`: the sources of a plugin that works, to be changed from there.

use std::process::ExitCode;

use cc_ops::{OpError, Setup};
use cc_policy::{Language, NewPlugin, Scaffold, engine::World};
use clap::{Arg, ArgMatches, Command};

use crate::cli::output::Out;

const LANGUAGES: [(&str, Language); 3] =
    [("rust", Language::Rust), ("js", Language::JavaScript), ("python", Language::Python)];

pub(super) fn command() -> Command {
    Command::new("new")
        .about("Make a plugin's sources with tests, ready to build and to change")
        .arg(Arg::new("name").required(true).help(
            "Folder and crate; with a dot, such as acme.cheapest, it is the id, too [id default: local.NAME]",
        ))
        .arg(
            Arg::new("world")
                .long("world")
                .default_value("router")
                .value_parser(World::ALL.map(World::as_str))
                .help("What it decides"),
        )
        .arg(
            Arg::new("lang")
                .long("lang")
                .default_value("rust")
                .value_parser(LANGUAGES.map(|(name, _)| name))
                .help("What it is written in"),
        )
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let made = cc_policy::scaffold(&setup.workspace, &asked(matches)?)?;
    out.value(&made, || text(&made));
    Ok(ExitCode::SUCCESS)
}

fn asked(matches: &ArgMatches) -> Result<NewPlugin, OpError> {
    let word = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let wrong = |error: String| OpError::invalid(error, "see 'cc-orchestrator plugin new --help'");
    let language = LANGUAGES.iter().find(|(name, _)| *name == word("lang"));
    Ok(NewPlugin {
        name: word("name").parse().map_err(|error: cc_policy::IdError| wrong(error.to_string()))?,
        world: word("world")
            .parse()
            .map_err(|error: cc_policy::engine::UnknownWorld| wrong(error.to_string()))?,
        language: language.map(|(_, language)| *language).unwrap_or(Language::Rust),
    })
}

fn text(made: &Scaffold) -> String {
    format!(
        "made {}, the {} '{}':\n  {}\nnext:\n  {}",
        made.folder.display(),
        made.world,
        made.id,
        made.files.join("\n  "),
        made.next.join("\n  ")
    )
}
