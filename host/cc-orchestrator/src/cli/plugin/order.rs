//! `plugin order`: who outranks whom in the user's layer.

use std::process::ExitCode;

use cc_ops::{OpError, Setup};
use cc_policy::{IdError, Place, PluginId, set_place};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};

use super::{id, id_arg};
use crate::cli::output::Out;

pub(super) fn command() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let other = |name: &'static str| Arg::new(name).long(name).value_name("ID");
    Command::new("order")
        .about("Move a plugin of yours: those that come later outrank those before")
        .arg(id_arg())
        .arg(flag("first").help("Before all your others"))
        .arg(flag("last").help("Behind all your others: the last word of your layer"))
        .arg(other("before").help("Right before this one"))
        .arg(other("after").help("Right behind this one"))
        .group(ArgGroup::new("place").args(["first", "last", "before", "after"]).required(true))
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let all = set_place(setup.home.root(), &id(matches)?, &place(matches)?)?;
    out.value(&all, || {
        let ids: Vec<_> = all.iter().map(|plugin| plugin.id.as_str()).collect();
        format!("from the lowest to the highest: {}", ids.join(", "))
    });
    Ok(ExitCode::SUCCESS)
}

fn place(matches: &ArgMatches) -> Result<Place, OpError> {
    let beside = |name: &str| -> Result<Option<PluginId>, OpError> {
        let parsed = matches.get_one::<String>(name).map(|text| text.parse()).transpose();
        parsed.map_err(|error: IdError| {
            OpError::invalid(error.to_string(), "see 'cc-orchestrator plugin list'")
        })
    };
    Ok(match (beside("before")?, beside("after")?) {
        (Some(other), _) => Place::Before(other),
        (_, Some(other)) => Place::After(other),
        _ if matches.get_flag("first") => Place::First,
        _ => Place::Last,
    })
}
