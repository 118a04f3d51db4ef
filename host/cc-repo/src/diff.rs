//! A unified diff that fits.

use std::fmt::Write as _;

use cc_domain::Diff;

use crate::{Result, Snapshot, git::Git, path::RelPath};

/// What a diff shows, and how much of it.
#[derive(Clone, Debug)]
pub struct DiffOptions {
    /// Bytes at most.
    pub max_bytes: usize,
    /// Bytes of one file at most, so that a lockfile does not push out the source.
    pub max_file_bytes: usize,
    /// Unchanged lines around each change.
    pub context: u32,
    /// Only these files and folders, as [`cc_domain::FileChange`] names them; empty for all.
    pub paths: Vec<String>,
}

impl Default for DiffOptions {
    fn default() -> Self {
        Self { max_bytes: 40_000, max_file_bytes: 10_000, context: 3, paths: Vec::new() }
    }
}

/// More than this is not even read: it would be cut anyway.
const READ_LIMIT: usize = 16 << 20;

/// What differs between two snapshots, in git's unified format: whole hunks, until the limit is reached.
///
/// # Errors
/// When git cannot compare them.
pub fn diff(from: &Snapshot, to: &Snapshot, options: &DiffOptions) -> Result<Diff> {
    let said = run(&from.place.store, &from.tree, &to.tree, options)?;
    let mut diff = Diff { cut: said.cut, ..Diff::default() };
    let files = parts(&said.stdout, b"diff --git ");
    let whole = if said.cut { files.len().saturating_sub(1) } else { files.len() };
    let mut left_out = files.len() - whole;
    for file in &files[..whole] {
        if !add_file(&mut diff, file, options) {
            left_out += 1;
        }
    }
    if left_out > 0 {
        diff.cut = true;
        let more = if said.cut { " or more" } else { "" };
        diff.left_out.push(format!("{left_out} files{more} altogether"));
    }
    Ok(diff)
}

fn run(store: &Git, from: &str, to: &str, options: &DiffOptions) -> Result<crate::talk::Said> {
    let context = format!("-U{}", options.context);
    let mut args = ["diff-tree", "-r", "-p", "-M", "-l500", "--no-ext-diff", "--no-textconv", "--no-color"]
        .map(std::ffi::OsString::from)
        .to_vec();
    args.extend([context.into(), from.into(), to.into(), "--".into()]);
    let paths = options.paths.iter().filter_map(|path| RelPath::parse(path));
    args.extend(paths.map(|path| crate::os::path_of(path.bytes()).into_owned().into_os_string()));
    store.head(&args, READ_LIMIT)
}

/// As much of a file as fits; says whether any of it does.
fn add_file(diff: &mut Diff, file: &[u8], options: &DiffOptions) -> bool {
    let hunks = parts(file, b"@@ ");
    let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
    let header = text(hunks[0]);
    let limit = options.max_bytes.min(diff.text.len() + options.max_file_bytes);
    if diff.text.len() + header.len() > limit {
        return false;
    }
    let name = header.lines().next().unwrap_or_default().trim_start_matches("diff --git ").to_owned();
    diff.text.push_str(&header);
    for (at, hunk) in hunks.iter().enumerate().skip(1) {
        let hunk = text(hunk);
        if diff.text.len() + hunk.len() > limit {
            let left = hunks.len() - at;
            let _ = writeln!(diff.text, "[{left} of {} hunks left out]", hunks.len() - 1);
            diff.left_out.push(format!("{left} of {} hunks of {name}", hunks.len() - 1));
            diff.cut = true;
            break;
        }
        diff.text.push_str(&hunk);
    }
    true
}

/// Cuts before each line that begins with `mark`. What comes before the first is a part only if it is not
/// empty, or if there is nothing else.
fn parts<'a>(text: &'a [u8], mark: &[u8]) -> Vec<&'a [u8]> {
    let mut starts: Vec<usize> = (0..text.len())
        .filter(|at| text[*at..].starts_with(mark) && (*at == 0 || text[at - 1] == b'\n'))
        .collect();
    if starts.first() != Some(&0) && !text.is_empty() {
        starts.insert(0, 0);
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| &text[*start..end]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_before_each_mark() {
        let cut: Vec<_> = parts(b"head\n@@ a\n x @@ \n@@ b\n", b"@@ ");
        assert_eq!(cut, [&b"head\n"[..], b"@@ a\n x @@ \n", b"@@ b\n"]);
        assert!(parts(b"", b"@@ ").is_empty());
    }
}
