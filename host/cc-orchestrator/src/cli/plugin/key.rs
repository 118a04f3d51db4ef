//! `plugin key`: the keys whose signatures count.

use std::{fs, process::ExitCode};

use cc_ops::{ErrorKind, OpError, Setup};
use cc_policy::{KeyName, add_key, keys, remove_key};
use cc_reports::Table;
use clap::{Arg, ArgMatches, Command};

use crate::cli::output::Out;

/// A `.pub` file is two lines; more than this is something else.
const MOST_FILE: u64 = 4 << 10;

pub(super) fn command() -> Command {
    let name =
        || Arg::new("name").required(true).value_name("NAME").help("What you call the key, such as 'acme'");
    Command::new("key")
        .about("Pin the minisign keys whose plugins you trust")
        .subcommand_required(true)
        .subcommand(
            Command::new("add").about("Trust the plugins that a key signed").arg(name()).arg(
                Arg::new("key").required(true).value_name("KEY|FILE").help(
                    "The public key ('RW…'), or its .pub file. Get it from somewhere else than the plugin",
                ),
            ),
        )
        .subcommand(Command::new("list").about("List the keys that you trust"))
        .subcommand(Command::new("remove").about("Trust a key no more: its plugins load no more").arg(name()))
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let home = setup.home.root();
    match matches.subcommand() {
        Some(("add", sub)) => {
            let added = add_key(home, name(sub)?, &key_text(sub, setup)?)?;
            out.value(&added, || format!("{} is trusted: {}", added.name, added.public_key));
        }
        Some(("remove", sub)) => {
            let removed = remove_key(home, &name(sub)?)?;
            out.value(&removed, || {
                let ids: Vec<_> = removed.signed.iter().map(ToString::to_string).collect();
                let none = || "it had signed none of your plugins".to_owned();
                let those =
                    if ids.is_empty() { none() } else { format!("these load no more: {}", ids.join(", ")) };
                format!("{} is no longer trusted; {those}", removed.key.name)
            });
        }
        _ => {
            let known = keys(home)?;
            out.value(&known, || {
                let mut table = Table::new(["key", "public key", "added"]);
                for key in &known {
                    table.row([key.name.to_string(), key.public_key.clone(), key.added_at.clone()]);
                }
                table.to_string()
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn name(matches: &ArgMatches) -> Result<KeyName, OpError> {
    Ok(matches.get_one::<String>("name").map(String::as_str).unwrap_or_default().parse()?)
}

/// The key itself, or what is in the file of that name.
fn key_text(matches: &ArgMatches, setup: &Setup) -> Result<String, OpError> {
    let text = matches.get_one::<String>("key").cloned().unwrap_or_default();
    let path = setup.workspace.join(&text);
    match fs::metadata(&path) {
        Ok(found) if found.is_file() && found.len() <= MOST_FILE => {
            fs::read_to_string(&path).map_err(|error| {
                let what = format!("{} cannot be read: {error}", path.display());
                OpError::new(ErrorKind::InvalidInput, what, "pass the .pub file that minisign made")
            })
        }
        _ => Ok(text),
    }
}
