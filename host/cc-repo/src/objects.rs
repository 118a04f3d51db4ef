//! Reads many objects at once, a bounded part of them at a time.

use crate::{RepoError, Result, git::Git};

/// A batch larger than this is one object.
const BATCH: u64 = 32 << 20;

/// Gives the content of each blob to `each`, in order.
pub(crate) fn for_each<T>(
    store: &Git,
    wanted: &[(String, T)],
    mut each: impl FnMut(&T, &[u8]) -> Result<()>,
) -> Result<()> {
    let sizes = sizes(store, wanted.iter().map(|(id, _)| id.as_str()))?;
    let (mut from, mut bytes) = (0, 0);
    for at in 0..wanted.len() {
        if at > from && bytes + sizes[at] > BATCH {
            batch(store, &wanted[from..at], &mut each)?;
            (from, bytes) = (at, 0);
        }
        bytes += sizes[at];
    }
    batch(store, &wanted[from..], &mut each)
}

/// The size of each object, in order.
pub(crate) fn sizes<'a>(store: &Git, ids: impl Iterator<Item = &'a str>) -> Result<Vec<u64>> {
    let ids: Vec<&str> = ids.collect();
    let args = ["cat-file", "--batch-check=%(objectsize)"];
    let text = store.feed(&args, |to| ids.iter().try_for_each(|id| writeln!(to, "{id}")))?;
    let text = String::from_utf8_lossy(&text);
    let sizes: Vec<u64> = text.lines().filter_map(|line| line.parse().ok()).collect();
    if sizes.len() == ids.len() { Ok(sizes) } else { Err(gone()) }
}

fn batch<T>(
    store: &Git,
    wanted: &[(String, T)],
    each: &mut impl FnMut(&T, &[u8]) -> Result<()>,
) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let ids: Vec<&String> = wanted.iter().map(|(id, _)| id).collect();
    let args = ["cat-file", "--batch=%(objectsize)"];
    let said = store.feed(&args, |to| ids.iter().try_for_each(|id| writeln!(to, "{id}")))?;
    let mut rest = said.as_slice();
    for (_, about) in wanted {
        let (content, after) = one(rest).ok_or_else(gone)?;
        each(about, content)?;
        rest = after;
    }
    Ok(())
}

/// A line with the size, the content, a line's end.
fn one(said: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = said.iter().position(|b| *b == b'\n')?;
    let size: usize = std::str::from_utf8(&said[..end]).ok()?.parse().ok()?;
    let (content, rest) = said[end + 1..].split_at_checked(size)?;
    Some((content, rest.strip_prefix(b"\n")?))
}

fn gone() -> RepoError {
    RepoError::Corrupt { what: "a snapshot", reason: "something it held is no longer stored".into() }
}
