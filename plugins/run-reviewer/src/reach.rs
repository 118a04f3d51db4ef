//! How much it matters that a path is gone.

/// From what anybody may delete to what nobody may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Built, cached or temporary: it can be made again.
    Scratch,
    /// Something in the project.
    Project,
    /// The whole project, its history, or something outside it.
    Beyond,
    /// The system or somebody's whole home.
    System,
}

/// Names of what tools make and can make again.
const SCRATCH: [&str; 34] = [
    "node_modules",
    "target",
    "dist",
    "build",
    "out",
    "obj",
    "tmp",
    "temp",
    ".tmp",
    "cache",
    ".cache",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".tox",
    ".nox",
    ".venv",
    "venv",
    ".next",
    ".nuxt",
    ".turbo",
    ".parcel-cache",
    ".svelte-kit",
    ".gradle",
    ".nyc_output",
    "coverage",
    "htmlcov",
    ".coverage",
    "test-results",
    "playwright-report",
    "DerivedData",
    ".DS_Store",
    ".eggs",
];
const SCRATCH_ENDINGS: [&str; 7] = [".egg-info", ".pyc", ".o", ".log", ".tmp", ".bak", ".orig"];
const TEMPORARY: [&str; 6] =
    ["/tmp/", "/var/tmp/", "/private/tmp/", "/dev/shm/", "/var/folders/", "/private/var/folders/"];
const SYSTEM: [&str; 17] = [
    "bin",
    "boot",
    "dev",
    "etc",
    "lib",
    "lib32",
    "lib64",
    "proc",
    "run",
    "sbin",
    "sys",
    "usr",
    "System",
    "Library",
    "Applications",
    "Windows",
    "Program Files",
];
/// Folders of homes, and others whose whole contents nobody deletes.
const HOMES: [&str; 7] = ["home", "Users", "root", "opt", "var", "srv", "mnt"];

/// `cwd` is the worker's folder, when it is known.
pub(crate) fn of(path: &str, cwd: Option<&str>) -> Reach {
    let path = path.replace('\\', "/");
    if let Some(inside) = cwd.and_then(|cwd| path.strip_prefix(cwd.trim_end_matches('/')))
        && (inside.is_empty() || inside.starts_with('/'))
    {
        return relative(inside.trim_start_matches('/'));
    }
    match path.as_str() {
        p if p.starts_with("$(mktemp") => Reach::Scratch,
        p if p.starts_with('$') => variable(&p[1..]),
        p if p.starts_with('~') => home(p.split_once('/').map_or("", |(_, rest)| rest)),
        p if p.starts_with('/') => absolute(p),
        p if p.get(1..2) == Some(":") => drive(p[2..].trim_start_matches('/')),
        p => relative(p),
    }
}

fn variable(rest: &str) -> Reach {
    let rest = rest.trim_start_matches('{');
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    let below = tail.trim_start_matches('}').trim_start_matches('/');
    match name {
        "HOME" | "USERPROFILE" => home(below),
        "PWD" => relative(below),
        _ => {
            let lower = name.to_ascii_lowercase();
            // What an unknown variable holds cannot be seen; it may be empty.
            let named = ["tmp", "temp", "cache"].iter().any(|word| lower.contains(word));
            if named && !below.contains("..") { Reach::Scratch } else { if_not_scratch(below, Reach::Beyond) }
        }
    }
}

fn home(below: &str) -> Reach {
    let all = below.is_empty() || below == "*" || below == ".";
    if all { Reach::System } else { if_not_scratch(below, Reach::Beyond) }
}

fn drive(below: &str) -> Reach {
    let first = below.split('/').next().unwrap_or("");
    let all = below.is_empty() || below == "*" || SYSTEM.iter().any(|name| name.eq_ignore_ascii_case(first));
    if all { Reach::System } else { if_not_scratch(below, Reach::Beyond) }
}

fn absolute(path: &str) -> Reach {
    if TEMPORARY.iter().any(|root| path.len() > root.len() && path.starts_with(root)) && !path.contains("..")
    {
        return Reach::Scratch;
    }
    let parts: Vec<&str> = parts(path).collect();
    match parts.as_slice() {
        [] | ["*"] => Reach::System,
        [first, ..] if SYSTEM.contains(first) => Reach::System,
        [first] | [first, "*"] if HOMES.contains(first) => Reach::System,
        ["home" | "Users", _] | ["home" | "Users", _, "*"] => Reach::System,
        // `/build` is somebody's folder; a build folder lies deeper.
        [_] | [_, _] => Reach::Beyond,
        _ => if_not_scratch(path, Reach::Beyond),
    }
}

fn relative(path: &str) -> Reach {
    let parts: Vec<&str> = parts(path).collect();
    match parts.as_slice() {
        [] | ["*"] => Reach::Beyond,
        parts if parts.contains(&"..") || parts.contains(&".git") => Reach::Beyond,
        _ => if_not_scratch(path, Reach::Project),
    }
}

fn if_not_scratch(path: &str, otherwise: Reach) -> Reach {
    let scratch = |part: &str| {
        SCRATCH.contains(&part)
            || part.starts_with("cmake-build-")
            || SCRATCH_ENDINGS.iter().any(|ending| part.ends_with(ending))
    };
    if parts(path).any(scratch) && !path.contains("..") { Reach::Scratch } else { otherwise }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(expected: Reach, paths: &[&str]) {
        for path in paths {
            assert_eq!(of(path, Some("/home/me/proj")), expected, "{path}");
        }
    }

    #[test]
    fn what_can_be_made_again_is_scratch() {
        all(
            Reach::Scratch,
            &[
                "node_modules",
                "./target/debug",
                "packages/a/dist/",
                "/tmp/x",
                "/var/folders/ab/cd",
                "$TMPDIR/x",
                "${tmp_dir}",
                "$(mktemp -d)",
                "~/.cache/pip",
                "/home/me/proj/build",
                "/srv/ci/job/node_modules",
                "foo.egg-info",
                "src/**/*.pyc",
            ],
        );
    }

    #[test]
    fn the_projects_own_files_are_told_from_the_whole_project() {
        all(Reach::Project, &["src/old", "./docs", "/home/me/proj/src", "a*"]);
        all(
            Reach::Beyond,
            &[
                ".",
                "./",
                "*",
                "/home/me/proj",
                "$PWD/*",
                "..",
                "../other/build",
                ".git",
                "sub/.git/hooks",
                "$DIR/x",
                "$TMPDIR/../x",
            ],
        );
    }

    #[test]
    fn what_lies_outside_is_beyond_and_the_system_is_the_system() {
        all(
            Reach::Beyond,
            &["/home/me/other", "~/notes", "/data/x", "/build", "/var/lib/app", "D:/work/x", "/tmp"],
        );
        all(
            Reach::System,
            &[
                "/",
                "/*",
                "//",
                "/etc",
                "/usr/lib/x",
                "~",
                "~/",
                "~/*",
                "$HOME",
                "${HOME}/",
                "/home/you",
                "/Users",
                "C:\\",
                "C:/Windows/x",
            ],
        );
    }

    #[test]
    fn without_a_known_folder_nothing_absolute_is_the_projects() {
        assert_eq!(of("/home/me/proj/src", None), Reach::Beyond);
        assert_eq!(of("/home/me/project", Some("/home/me/proj")), Reach::Beyond);
    }
}
