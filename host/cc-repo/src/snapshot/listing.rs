//! Files by name and stat: what was looked at without being read.

use crate::{RepoError, Result, os::Stat, path::RelPath};

const MAGIC: &[u8] = b"cc-repo listing 1\n";

/// What kind of thing a name stands for. Folders are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Link,
    /// A socket, a pipe, a device.
    Special,
}

/// Whether the content is in the snapshot, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    /// By the rules that held before the run.
    Ignored,
    /// Only by rules that the run made.
    Hidden,
    TooLarge,
    Unreadable,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: RelPath,
    pub(crate) kind: Kind,
    pub(crate) fate: Fate,
    pub(crate) stat: Stat,
}

impl Entry {
    pub(crate) fn is_executable(&self) -> bool {
        self.kind == Kind::File && self.stat.mode & 0o100 != 0
    }
}

/// Entries in the order of their paths' bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing(pub(crate) Vec<Entry>);

impl Listing {
    pub(crate) fn sorted(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Self(entries)
    }

    pub(crate) fn find(&self, path: &RelPath) -> Option<&Entry> {
        self.0.binary_search_by(|entry| entry.path.cmp(path)).ok().map(|at| &self.0[at])
    }

    /// What is in one of the two or differs: (ours, theirs).
    pub(crate) fn differences<'a>(&'a self, other: &'a Self) -> Vec<(Option<&'a Entry>, Option<&'a Entry>)> {
        let (mut ours, mut theirs) = (self.0.iter().peekable(), other.0.iter().peekable());
        let mut found = Vec::new();
        loop {
            let order = match (ours.peek(), theirs.peek()) {
                (None, None) => return found,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(a), Some(b)) => a.path.cmp(&b.path),
            };
            let a = if order.is_le() { ours.next() } else { None };
            let b = if order.is_ge() { theirs.next() } else { None };
            if a.map(|e| (e.kind, e.stat)) != b.map(|e| (e.kind, e.stat)) {
                found.push((a, b));
            }
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for Entry { path, kind, fate, stat } in &self.0 {
            out.extend((path.bytes().len() as u32).to_le_bytes());
            out.extend(path.bytes());
            out.extend([*kind as u8, *fate as u8]);
            out.extend(stat.size.to_le_bytes());
            out.extend(stat.modified.to_le_bytes());
            out.extend(stat.changed.to_le_bytes());
            out.extend(stat.inode.to_le_bytes());
            out.extend(stat.mode.to_le_bytes());
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let corrupt = || RepoError::Corrupt { what: "a listing of files", reason: "it is damaged".into() };
        let mut reader = Reader(bytes.strip_prefix(MAGIC).ok_or_else(corrupt)?);
        let mut entries = Vec::new();
        while !reader.0.is_empty() {
            entries.push(reader.entry().ok_or_else(corrupt)?);
        }
        Ok(Self(entries))
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn entry(&mut self) -> Option<Entry> {
        let length = u32::from_le_bytes(self.take()?) as usize;
        let (path, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        let [kind, fate] = self.take()?;
        let stat = Stat {
            size: u64::from_le_bytes(self.take()?),
            modified: i64::from_le_bytes(self.take()?),
            changed: i64::from_le_bytes(self.take()?),
            inode: u64::from_le_bytes(self.take()?),
            mode: u32::from_le_bytes(self.take()?),
        };
        let kind = *[Kind::File, Kind::Link, Kind::Special].get(usize::from(kind))?;
        let fate = *[Fate::Kept, Fate::Ignored, Fate::Hidden, Fate::TooLarge, Fate::Unreadable]
            .get(usize::from(fate))?;
        Some(Entry { path: RelPath::new(path), kind, fate, stat })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, size: u64) -> Entry {
        let stat = Stat { size, modified: -1, changed: 7, inode: u64::MAX, mode: 0o644 };
        Entry { path: path.into(), kind: Kind::Link, fate: Fate::Hidden, stat }
    }

    #[test]
    fn a_listing_is_read_as_it_was_written_and_damage_is_noticed() {
        let listing = Listing::sorted(vec![entry("b", 2), entry("a/\n", 1)]);
        let bytes = listing.encode();
        assert_eq!(Listing::decode(&bytes).unwrap(), listing);
        assert!(Listing::decode(&bytes[..bytes.len() - 1]).is_err() && Listing::decode(b"x").is_err());
    }

    #[test]
    fn differences_are_what_is_missing_or_not_the_same() {
        let ours = Listing::sorted(vec![entry("a", 1), entry("b", 1), entry("c", 1)]);
        let theirs = Listing::sorted(vec![entry("b", 1), entry("c", 2), entry("d", 1)]);
        let found: Vec<_> = ours
            .differences(&theirs)
            .into_iter()
            .map(|(a, b)| (a.map(|e| e.path.to_string()), b.map(|e| e.path.to_string())))
            .collect();
        let name = |text: &str| Some(text.to_owned());
        assert_eq!(found, [(name("a"), None), (name("c"), name("c")), (None, name("d"))]);
    }
}
