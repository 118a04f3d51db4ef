//! Commands that destroy what cannot be had back, or hand the machine to somebody else.

use cc_policy_sdk::run_reviewer::Severity;

use crate::{
    place::Place,
    reach::{self, Reach},
    unwrap::{self, Real, SHELLS},
};

/// One thing that a command does.
#[derive(Debug, PartialEq)]
pub(crate) struct Danger {
    /// Such as `rm -r of /etc`.
    pub(crate) what: String,
    pub(crate) severity: Severity,
}

/// Commands that are dangerous by their name and first arguments alone.
const ALWAYS: &[(&str, &[&str], Severity)] = &[
    ("wipefs", &[], Severity::Critical),
    ("blkdiscard", &[], Severity::Critical),
    ("diskpart", &[], Severity::Critical),
    ("shred", &[], Severity::High),
    ("shutdown", &[], Severity::High),
    ("reboot", &[], Severity::High),
    ("halt", &[], Severity::High),
    ("poweroff", &[], Severity::High),
    ("dropdb", &[], Severity::High),
    ("crontab", &["-r"], Severity::High),
    ("reg", &["delete"], Severity::High),
    ("terraform", &["destroy"], Severity::High),
    ("kubectl", &["delete"], Severity::High),
    ("docker", &["system", "prune"], Severity::Medium),
    ("docker", &["volume", "prune"], Severity::Medium),
    ("docker", &["volume", "rm"], Severity::Medium),
    ("set-executionpolicy", &[], Severity::Medium),
];

/// How the names of disks and of memory begin, below `/dev/`.
const DISKS: [&str; 12] =
    ["sd", "hd", "vd", "xvd", "nvme", "mmcblk", "disk", "rdisk", "mapper/", "dm-", "mem", "kmem"];

/// What a command line would do, if it ran. `cwd` is the worker's folder, when it is known.
pub(crate) fn of(line: &str, cwd: Option<&str>) -> Vec<Danger> {
    let mut place = Place::new(cwd);
    let mut found = Vec::new();
    for real in unwrap::commands(line) {
        place.follow(&real);
        found.extend(of_command(&real, &place));
    }
    found
}

fn of_command(real: &Real, place: &Place<'_>) -> Vec<Danger> {
    let args: Vec<&str> = real.args.iter().map(String::as_str).collect();
    let mut found: Vec<Danger> = Vec::new();
    if real.as_root {
        found.push(danger(format!("sudo {}", real.name).trim_end(), Severity::Medium));
    }
    found.extend(real.writes.iter().filter_map(|path| of_write(path)));
    found.extend(download_run(real, &args));
    let name = real.name.as_str();
    found.extend(match name {
        "rm" | "rmdir" | "rd" | "del" | "erase" | "remove-item" | "ri" => deletion(real, &args, place),
        "find" => find(&args, place),
        "git" => crate::git::of(&args),
        "chmod" => chmod(&args),
        "chown" => chown(&args, place),
        "dd" => dd(&args),
        "format" => drive_format(&args),
        _ if name == "mke2fs" || name == "mkfs" || name.starts_with("mkfs.") => {
            Some(danger(format!("{name} makes a new file system"), Severity::Critical))
        }
        _ => always(name, &args),
    });
    found
}

pub(crate) fn danger(what: impl Into<String>, severity: Severity) -> Danger {
    Danger { what: what.into(), severity }
}

fn always(name: &str, args: &[&str]) -> Option<Danger> {
    let (_, first, severity) =
        ALWAYS.iter().find(|(own, first, _)| *own == name && args.starts_with(first))?;
    Some(danger(format!("{name} {}", first.join(" ")).trim_end(), *severity))
}

/// Recursive deletion, judged by the worst of what it deletes.
fn deletion(real: &Real, args: &[&str], place: &Place<'_>) -> Option<Danger> {
    let (options, paths): (Vec<&str>, Vec<&str>) = args.iter().partition(|arg| is_option(arg, &real.name));
    let recursive = options.iter().any(|option| is_recursive(option));
    let worst = paths.iter().max_by_key(|path| place.reach(path));
    match worst {
        _ if !recursive => None,
        None if real.hidden_args => {
            Some(danger(format!("{} -r of what a pipe names", real.name), Severity::Medium))
        }
        None => None,
        Some(path) => Some(danger(format!("{} -r of {path}", real.name), by_reach(place.reach(path))?)),
    }
}

fn is_option(arg: &str, name: &str) -> bool {
    let windows = matches!(name, "rd" | "rmdir" | "del" | "erase");
    arg.starts_with('-') || (windows && arg.len() == 2 && arg.starts_with('/'))
}

fn is_recursive(option: &str) -> bool {
    let lower = option.to_ascii_lowercase();
    let letters = !lower.starts_with("--") && !lower.starts_with("-rec") && lower.len() <= 5;
    lower == "/s" || lower.starts_with("--r") || lower.starts_with("-rec") || (letters && lower.contains('r'))
}

fn by_reach(reach: Reach) -> Option<Severity> {
    match reach {
        Reach::Scratch => None,
        Reach::Project => Some(Severity::Medium),
        Reach::Beyond => Some(Severity::High),
        Reach::System => Some(Severity::Critical),
    }
}

/// `find` that deletes. One that names what it looks for, inside the project, is everyday work.
fn find(args: &[&str], place: &Place<'_>) -> Option<Danger> {
    let runs_rm = args.windows(2).any(|pair| pair[0].starts_with("-exec") && pair[1].ends_with("rm"));
    if !runs_rm && !args.contains(&"-delete") {
        return None;
    }
    let roots: Vec<&str> = args.iter().take_while(|arg| !arg.starts_with(['-', '(', '!'])).copied().collect();
    let worst = roots.iter().map(|root| place.reach(root)).max().unwrap_or(Reach::Beyond);
    let inside = roots.iter().all(|root| !root.starts_with(['/', '~', '$']) && !root.contains(".."));
    let named = args.iter().any(|arg| matches!(*arg, "-name" | "-iname" | "-path" | "-regex" | "-empty"));
    if named && inside {
        return None;
    }
    Some(danger(format!("find that deletes below {}", roots.join(" ")), by_reach(worst)?))
}

fn chmod(args: &[&str]) -> Option<Danger> {
    let open = args.iter().any(|arg| matches!(*arg, "777" | "0777" | "a+rwx" | "ugo+rwx" | "a=rwx"));
    let recursive =
        args.iter().any(|arg| *arg == "--recursive" || (arg.starts_with('-') && arg.contains('R')));
    match (open, recursive) {
        (false, _) => None,
        (true, true) => Some(danger("chmod -R 777", Severity::High)),
        (true, false) => Some(danger("chmod 777", Severity::Medium)),
    }
}

fn chown(args: &[&str], place: &Place<'_>) -> Option<Danger> {
    let recursive =
        args.iter().any(|arg| *arg == "--recursive" || (arg.starts_with('-') && arg.contains('R')));
    // The first plain argument is the owner.
    let paths = args.iter().filter(|arg| !arg.starts_with('-')).skip(1);
    let worst = paths.max_by_key(|path| place.reach(path))?;
    (recursive && place.reach(worst) >= Reach::Beyond)
        .then(|| danger(format!("chown -R of {worst}"), Severity::High))
}

fn dd(args: &[&str]) -> Option<Danger> {
    let to = args.iter().find_map(|arg| arg.strip_prefix("of="))?;
    to.starts_with("/dev/").then(|| of_write(to)).flatten()
}

fn drive_format(args: &[&str]) -> Option<Danger> {
    let drive = args.iter().find(|arg| {
        matches!(arg.as_bytes(), [letter, b':'] | [letter, b':', b'/' | b'\\'] if letter.is_ascii_alphabetic())
    })?;
    Some(danger(format!("format {drive}"), Severity::Critical))
}

/// Output into a device or the system's own files.
fn of_write(path: &str) -> Option<Danger> {
    if let Some(device) = path.strip_prefix("/dev/") {
        let disk = DISKS.iter().any(|name| device.starts_with(name));
        return disk.then(|| danger(format!("writes to {path}"), Severity::Critical));
    }
    let keys = path.ends_with("/.ssh/authorized_keys");
    let system = path.starts_with('/') && reach::of(path, None) == Reach::System;
    (keys || system).then(|| danger(format!("writes to {path}"), Severity::High))
}

/// A script from the network, run unread.
fn download_run(real: &Real, args: &[&str]) -> Option<Danger> {
    let plain: Vec<&&str> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let reads_script = match real.name.as_str() {
        // `bash -c "$(curl …)"` and `bash <(curl …)` have the script among their words.
        name if SHELLS.contains(&name) => {
            plain.is_empty() || args.contains(&"-s") || plain.iter().any(|arg| arg.contains("$("))
        }
        "python" | "python3" | "node" | "perl" | "ruby" => {
            plain.is_empty() && args.iter().all(|arg| *arg == "-")
                || plain.iter().any(|arg| arg.starts_with("$("))
        }
        "eval" | "source" | "." | "iex" | "invoke-expression" => true,
        _ => false,
    };
    (real.fed_by_download && reads_script)
        .then(|| danger(format!("runs a download with {}", real.name), Severity::High))
}

#[cfg(test)]
mod tests;
