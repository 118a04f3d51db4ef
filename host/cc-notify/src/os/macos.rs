//! macOS: AppleScript, with the texts as its arguments and not in its code.

use std::process::Command;

pub(crate) fn notification(title: &str, text: &str) -> Command {
    let mut command = Command::new("/usr/bin/osascript");
    command
        .args(["-e", "on run argv"])
        .args(["-e", "display notification (item 2 of argv) with title (item 1 of argv)"])
        .args(["-e", "end run", "--", title, text]);
    command
}
