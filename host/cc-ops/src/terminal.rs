//! Opening a terminal window, wherever there is one to open.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use schemars::JsonSchema;
use serde::Serialize;

/// Words that come before the command, instead of the terminals known here.
const OVERRIDE: &str = "CC_ORCHESTRATOR_TERMINAL";

/// Terminals of a Linux desktop, and what each wants before the command; the user's own choice first.
const LINUX: [(&str, &[&str]); 9] = [
    ("x-terminal-emulator", &["-e"]),
    ("gnome-terminal", &["--"]),
    ("konsole", &["-e"]),
    ("xfce4-terminal", &["-x"]),
    ("kitty", &[]),
    ("alacritty", &["-e"]),
    ("wezterm", &["start", "--"]),
    ("foot", &[]),
    ("xterm", &["-e"]),
];

/// What became of a window.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Window {
    pub(crate) opened: bool,
    /// To look at the run, in any terminal.
    pub(crate) command: String,
    /// The program that opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) how: Option<String>,
    /// Why none was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// What is known of the surroundings.
struct Around<'a> {
    os: &'a str,
    env: &'a dyn Fn(&str) -> Option<String>,
    installed: &'a dyn Fn(&str) -> bool,
}

/// Opens a window that runs the command. Where there is none to open, that is no error.
pub(crate) fn open(program: &Path, args: &[&str]) -> Window {
    let command: Vec<String> =
        [program.to_string_lossy().as_ref()].iter().chain(args).map(|word| (*word).to_owned()).collect();
    let set = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let around = Around { os: env::consts::OS, env: &set, installed: &installed };
    let shown = command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let started = around.line(&command).and_then(|line| start(&line).map(|()| line[0].clone()));
    Window {
        opened: started.is_ok(),
        command: shown,
        how: started.as_ref().ok().cloned(),
        why: started.err(),
    }
}

impl Around<'_> {
    /// The whole command line of the window, or why there is none.
    fn line(&self, command: &[String]) -> Result<Vec<String>, String> {
        if let Some(own) = (self.env)(OVERRIDE) {
            return Ok(joined(own.split_whitespace(), command));
        }
        if (self.env)("TMUX").is_some() {
            return Ok(joined(["tmux", "new-window"], command));
        }
        if (self.env)("SSH_CONNECTION").is_some() {
            return Err("this is an SSH session without tmux".to_owned());
        }
        match self.os {
            "windows" if (self.installed)("wt.exe") => Ok(joined(["wt.exe", "new-tab", "--"], command)),
            "windows" => Ok(joined(["cmd.exe", "/c", "start", "cc-orchestrator"], command)),
            "macos" => Ok(vec!["osascript".to_owned(), "-e".to_owned(), apple_script(command)]),
            _ => self.desktop(command),
        }
    }

    fn desktop(&self, command: &[String]) -> Result<Vec<String>, String> {
        if (self.env)("DISPLAY").is_none() && (self.env)("WAYLAND_DISPLAY").is_none() {
            return Err("there is no display here".to_owned());
        }
        let known = LINUX.iter().find(|(name, _)| (self.installed)(name));
        let line =
            known.map(|(name, before)| joined([*name].into_iter().chain(before.iter().copied()), command));
        line.ok_or_else(|| format!("no known terminal is installed; set {OVERRIDE}"))
    }
}

fn joined<'a>(before: impl IntoIterator<Item = &'a str>, command: &[String]) -> Vec<String> {
    before.into_iter().map(str::to_owned).chain(command.iter().cloned()).collect()
}

fn apple_script(command: &[String]) -> String {
    let shell = command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let text = shell.replace('\\', "\\\\").replace('"', "\\\"");
    format!("tell application \"Terminal\"\nactivate\ndo script \"{text}\"\nend tell")
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:\\".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn installed(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// The window outlives this process, and is not waited for.
fn start(line: &[String]) -> Result<(), String> {
    let mut command = Command::new(&line[0]);
    command.args(&line[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("{} could not be started: {error}", line[0]))?;
    thread::spawn(move || child.wait());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(os: &str, set: &[(&str, &str)], installed: &[&str]) -> Result<String, String> {
        let env = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let around = Around { os, env: &env, installed: &|name| installed.contains(&name) };
        around.line(&["cc".to_owned(), "attach".to_owned()]).map(|line| line.join(" "))
    }

    #[test]
    fn each_place_has_its_terminal() {
        let display = ("DISPLAY", ":0");
        for (os, set, programs, wanted) in [
            ("linux", vec![display], vec!["konsole", "xterm"], Ok("konsole -e cc attach")),
            ("linux", vec![display, ("TMUX", "/tmp/t,1,0")], vec!["xterm"], Ok("tmux new-window cc attach")),
            ("linux", vec![display, (OVERRIDE, "my-term  --run")], vec![], Ok("my-term --run cc attach")),
            ("linux", vec![("WAYLAND_DISPLAY", "wayland-0")], vec!["foot"], Ok("foot cc attach")),
            ("linux", vec![], vec!["xterm"], Err("no display")),
            ("linux", vec![display], vec![], Err(OVERRIDE)),
            ("linux", vec![display, ("SSH_CONNECTION", "a b")], vec!["xterm"], Err("SSH")),
            ("windows", vec![], vec!["wt.exe"], Ok("wt.exe new-tab -- cc attach")),
            ("windows", vec![], vec![], Ok("cmd.exe /c start cc-orchestrator cc attach")),
        ] {
            match (line(os, &set, &programs), wanted) {
                (Ok(line), Ok(wanted)) => assert_eq!(line, wanted),
                (Err(why), Err(wanted)) => assert!(why.contains(wanted), "{why}"),
                other => panic!("{os} {set:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn words_reach_apple_script_as_they_are() {
        let script = apple_script(&["/a b/it's".to_owned(), "say \"x\"".to_owned()]);
        assert!(script.contains(r#"do script "'/a b/it'\\''s' 'say \"x\"'""#), "{script}");
    }
}
