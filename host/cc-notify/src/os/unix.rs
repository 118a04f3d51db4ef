//! Desktops of freedesktop.org: libnotify's own program.

use std::process::Command;

pub(crate) fn notification(title: &str, text: &str) -> Command {
    // A body is simple HTML there.
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut command = Command::new("notify-send");
    command.args(["--app-name=cc-orchestrator", "--", title, &text]);
    command
}
