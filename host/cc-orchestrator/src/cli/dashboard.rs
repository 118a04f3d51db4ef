//! `dashboard`: serves the pages, or writes them into a file as `cc_dashboard` does.

use std::process::ExitCode;

use cc_ops::{Context, OpError};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::json;

use super::output::Out;
use crate::dashboard;

/// The operation's own command, and how to serve.
pub(super) fn command(operation: Command) -> Command {
    operation
        .about("Serve the dashboard on this machine: every run live, in a browser; or write it into a file")
        .long_about(None)
        .arg(Arg::new("file").long("file").action(ArgAction::SetTrue).help(
            "Write one HTML file of this project's runs, and end; include-finished and limit are about that file",
        ))
        .arg(
            Arg::new("port")
                .long("port")
                .value_parser(value_parser!(u16))
                .default_value("0")
                .conflicts_with("file")
                .help("Listen on that port of 127.0.0.1; 0: any free one"),
        )
}

/// A file was asked for.
pub(super) fn wants_file(matches: &ArgMatches) -> bool {
    matches.get_flag("file")
}

/// Serves until Ctrl-C.
pub(super) fn serve(matches: &ArgMatches, cx: Context, out: &Out) -> Result<ExitCode, OpError> {
    let port = matches.get_one::<u16>("port").copied().unwrap_or_default();
    let open = matches.get_flag("open_browser");
    super::runtime()?.block_on(dashboard::serve(cx, port, |url| {
        out.value(&json!({ "ok": true, "url": url }), || {
            format!("{url}\nThe address is a key: whoever has it can steer your runs. Ctrl-C ends the dashboard, not the runs.")
        });
        if open && let Err(error) = open_browser(url) {
            tracing::warn!(%error, "no browser was opened");
        }
    }))
}

fn open_browser(url: &str) -> std::io::Result<()> {
    open::that_detached(url)
}
