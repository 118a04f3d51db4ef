//! Describes the files that differ, for people and for the scope.

use std::collections::HashMap;

use cc_domain::{ChangeKind, FileChange, FileKind};

use super::delta::{self, FileDelta, Side};
use crate::{
    Result, Snapshot,
    path::RelPath,
    snapshot::listing::{Fate, Kind},
};

/// Where agents keep their own things.
const AGENTS: &str = ".agent-workspace";
/// Looking for renames costs the square of this.
const MAX_RENAMES: &str = "-l500";

pub(crate) fn describe(from: &Snapshot, to: &Snapshot, deltas: &[FileDelta]) -> Result<Vec<FileChange>> {
    let lines = lines(from, to)?;
    let renames = renames(from, to, deltas)?;
    let sizes = sizes(from, deltas)?;
    let mut found: Vec<FileChange> = deltas
        .iter()
        .map(|delta| {
            let mut change = plain(delta, to);
            let counted = lines.get(&delta.path);
            change.binary = matches!(counted, Some(None));
            (change.added, change.deleted) = counted.copied().flatten().unwrap_or_default();
            change.renamed_from = renames.get(&delta.path).map(RelPath::to_string);
            change.size_before = size(&delta.from, &sizes);
            change.size_after = size(&delta.to, &sizes);
            change.ignored = is_ignored(delta, from, to);
            change
        })
        .collect();
    let modes = delta::modes(from, to, deltas).into_iter().filter(|mode| !mode.is_folder);
    found.extend(modes.map(|mode| {
        let kept = if mode.to & 0o100 == 0 { "100644" } else { "100755" };
        let side = Side::Kept { mode: kept.to_owned(), id: String::new() };
        let delta = FileDelta { path: mode.path, from: side.clone(), to: side };
        FileChange { change: ChangeKind::Mode, ..plain(&delta, to) }
    }));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn plain(delta: &FileDelta, to: &Snapshot) -> FileChange {
    let hidden = matches!(&delta.to, Side::Seen(entry) if entry.fate == Fate::Hidden)
        || to.manifest.hidden.contains(&delta.path);
    let is_seen = |side: &Side| matches!(side, Side::Seen(_));
    FileChange {
        path: delta.path.to_string(),
        change: kind_of_change(delta),
        kind: kind(if delta.to == Side::Absent { &delta.from } else { &delta.to }),
        renamed_from: None,
        added: 0,
        deleted: 0,
        binary: false,
        size_before: None,
        size_after: None,
        ignored: false,
        hidden,
        kept: !is_seen(&delta.from) && !is_seen(&delta.to),
        artifact: delta.path.is_in(&AGENTS.into()),
        leads_outside: to.manifest.outside.get(&delta.path).cloned().filter(|_| delta.to != Side::Absent),
    }
}

fn kind(side: &Side) -> FileKind {
    match side {
        Side::Seen(entry) => match (entry.kind, entry.is_executable()) {
            (Kind::Link, _) => FileKind::Link,
            (Kind::Special, _) => FileKind::Special,
            (Kind::File, true) => FileKind::Executable,
            (Kind::File, false) => FileKind::File,
        },
        side if side.is_link() => FileKind::Link,
        side if side.is_executable() => FileKind::Executable,
        _ => FileKind::File,
    }
}

fn kind_of_change(delta: &FileDelta) -> ChangeKind {
    let is_plain = |side: &Side| matches!(kind(side), FileKind::File | FileKind::Executable);
    match (&delta.from, &delta.to) {
        (Side::Absent, _) => ChangeKind::Added,
        (_, Side::Absent) => ChangeKind::Deleted,
        (from, to) if kind(from) != kind(to) && !(is_plain(from) && is_plain(to)) => ChangeKind::Type,
        (Side::Kept { id: a, .. }, Side::Kept { id: b, .. }) if a == b => ChangeKind::Mode,
        _ => ChangeKind::Modified,
    }
}

fn is_ignored(delta: &FileDelta, from: &Snapshot, to: &Snapshot) -> bool {
    let seen = |side: &Side| matches!(side, Side::Seen(entry) if entry.fate == Fate::Ignored);
    let kept = |snapshot: &Snapshot| snapshot.manifest.ignored.contains(&delta.path);
    seen(&delta.from) || seen(&delta.to) || kept(from) || kept(to)
}

/// Added and deleted lines by path; none for what is binary.
fn lines(from: &Snapshot, to: &Snapshot) -> Result<HashMap<RelPath, Option<(u64, u64)>>> {
    let args = ["diff-tree", "-r", "-z", "--numstat", "--no-renames", "--no-ext-diff", "--no-textconv"];
    let text = from.place.store.run(&[&args[..], &[&from.tree, &to.tree]].concat())?;
    let parse = |record: &[u8]| {
        let mut parts = record.splitn(3, |b| *b == b'\t');
        let (added, deleted, path) = (parts.next()?, parts.next()?, parts.next()?);
        let count = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<u64>().ok();
        Some((RelPath::new(path), count(added).zip(count(deleted))))
    };
    Ok(text.split(|b| *b == 0).filter_map(parse).collect())
}

/// New paths by the old ones they resemble.
fn renames(from: &Snapshot, to: &Snapshot, deltas: &[FileDelta]) -> Result<HashMap<RelPath, RelPath>> {
    let any = |test: fn(&FileDelta) -> bool| deltas.iter().any(test);
    if !(any(|d| d.from == Side::Absent) && any(|d| d.to == Side::Absent)) {
        return Ok(HashMap::new());
    }
    let args = ["diff-tree", "-r", "-z", "-M", MAX_RENAMES, "--diff-filter=R", "--name-status"];
    let text = from.place.store.run(&[&args[..], &[&from.tree, &to.tree]].concat())?;
    let fields: Vec<&[u8]> = text.split(|b| *b == 0).collect();
    let pairs = fields.chunks_exact(3).map(|part| (RelPath::new(part[2]), RelPath::new(part[1])));
    Ok(pairs.collect())
}

/// Sizes of all contents by their ids.
fn sizes(snapshot: &Snapshot, deltas: &[FileDelta]) -> Result<HashMap<String, u64>> {
    let sides = deltas.iter().flat_map(|delta| [&delta.from, &delta.to]);
    let ids: Vec<&String> = sides
        .filter_map(|side| match side {
            Side::Kept { id, .. } => Some(id),
            _ => None,
        })
        .collect();
    let args = ["cat-file", "--batch-check=%(objectname) %(objectsize)"];
    let text = snapshot.place.store.feed(&args, |to| ids.iter().try_for_each(|id| writeln!(to, "{id}")))?;
    let text = String::from_utf8_lossy(&text);
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.filter_map(|(id, size)| Some((id.to_owned(), size.parse().ok()?))).collect())
}

fn size(side: &Side, sizes: &HashMap<String, u64>) -> Option<u64> {
    match side {
        Side::Absent => None,
        Side::Kept { id, .. } => sizes.get(id).copied(),
        Side::Seen(entry) => Some(entry.stat.size),
    }
}
