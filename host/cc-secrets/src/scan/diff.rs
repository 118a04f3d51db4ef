//! The added lines of a unified diff. A file's new side is put together again, hunk by hunk, so that a secret of
//! several lines is seen whole; what touches no added line is not reported.

use memchr::memchr;

use super::{Scanner, candidate::Candidate, candidate::Place};

impl Scanner {
    /// What a diff adds, as `git diff` writes it, with path and line in the new files. `Place::bytes` is the place
    /// in the diff.
    #[must_use]
    pub fn scan_diff(&self, diff: &[u8]) -> Vec<Candidate> {
        let mut sides = Sides::default();
        lines(diff).for_each(|(at, line)| sides.line(at, line));
        sides.next_file();
        sides.done.iter().flat_map(|side| side.candidates(self)).collect()
    }
}

/// Lines without their ends, and where they begin.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr(b'\n', rest).unwrap_or(rest.len());
        at = start + length + 1;
        Some((start, &rest[..length]))
    })
}

/// The new side of one file, as far as the diff shows it.
#[derive(Default)]
struct Side {
    path: String,
    text: Vec<u8>,
    lines: Vec<Line>,
}

/// One line of a side.
struct Line {
    /// Its number in the new file.
    number: u32,
    added: bool,
    /// Where its text begins in the diff.
    diff: u64,
    /// Where it begins in the side.
    start: u64,
}

/// All sides, and how far the reading is.
#[derive(Default)]
struct Sides {
    done: Vec<Side>,
    now: Side,
    hunk: Option<Hunk>,
}

/// What is left of a hunk.
struct Hunk {
    /// Marks before each line: one, or one for each parent of a merge.
    marks: usize,
    old: u32,
    new: u32,
    number: u32,
}

impl Sides {
    fn line(&mut self, at: usize, line: &[u8]) {
        if self.in_hunk(at, line) {
            return;
        }
        if let Some(path) = line.strip_prefix(b"+++ ") {
            self.next_file();
            self.now.path = path_of(path);
        } else if line.starts_with(b"@@") {
            self.hunk = Hunk::new(line);
            // Hunks must not join to one word.
            self.now.push(b"", Line { number: 0, added: false, diff: at as u64, start: 0 });
        }
    }

    /// Takes a line of the hunk that is being read, if there is one.
    fn in_hunk(&mut self, at: usize, line: &[u8]) -> bool {
        let Some(hunk) = self.hunk.as_mut().filter(|hunk| hunk.new > 0 || hunk.old > 0) else { return false };
        if line.starts_with(b"\\") {
            return true;
        }
        let marks = &line[..hunk.marks.min(line.len())];
        if marks.contains(&b'-') {
            hunk.old = hunk.old.saturating_sub(1);
            return true;
        }
        let added = marks.contains(&b'+');
        let place = Line { number: hunk.number, added, diff: (at + marks.len()) as u64, start: 0 };
        hunk.new = hunk.new.saturating_sub(1);
        hunk.old = hunk.old.saturating_sub(u32::from(!added));
        hunk.number += 1;
        self.now.push(&line[marks.len()..], place);
        true
    }

    fn next_file(&mut self) {
        let side = std::mem::take(&mut self.now);
        if side.lines.iter().any(|line| line.added) {
            self.done.push(side);
        }
        self.hunk = None;
    }
}

impl Hunk {
    /// Reads `@@ -a,b +c,d @@`; a merge has an `@` and an old range more for each further parent.
    fn new(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line.get(..line.len().min(200))?).ok()?;
        let marks = line.bytes().take_while(|&b| b == b'@').count() - 1;
        let range = |sign: char| {
            let text = line.split(' ').find_map(|part| part.strip_prefix(sign))?;
            let (start, count) = text.split_once(',').unwrap_or((text, "1"));
            Some((start.parse::<u32>().ok()?, count.parse::<u32>().ok()?))
        };
        let ((_, old), (number, new)) = (range('-')?, range('+')?);
        // How a merge's old lines are counted depends on its parents; its new lines are enough to know its end.
        Some(Self { marks, old: if marks == 1 { old } else { 0 }, new, number })
    }
}

impl Side {
    fn push(&mut self, text: &[u8], line: Line) {
        self.lines.push(Line { start: self.text.len() as u64, ..line });
        self.text.extend_from_slice(text);
        self.text.push(b'\n');
    }

    fn candidates(&self, scanner: &Scanner) -> Vec<Candidate> {
        let found = scanner.scan_bytes(Some(&self.path), &self.text);
        found.into_iter().filter_map(|candidate| self.place(candidate)).collect()
    }

    /// The candidate with its place in the new file; none when no line of it is new.
    fn place(&self, candidate: Candidate) -> Option<Candidate> {
        let Place { bytes, line, end_line, .. } = candidate.place.clone();
        let (first, last) = (line as usize - 1, end_line as usize - 1);
        if !self.lines.get(first..=last)?.iter().any(|line| line.added) {
            return None;
        }
        let in_diff = |line: &Line, at: u64| line.diff + at.saturating_sub(line.start);
        let (first, last) = (&self.lines[first], &self.lines[last]);
        let bytes = in_diff(first, bytes.start)..in_diff(last, bytes.end);
        let place = Place { bytes, line: first.number, end_line: last.number, ..candidate.place };
        Some(Candidate { place, ..candidate })
    }
}

/// The path of a `+++` line: quoted when it has unusual characters, `b/` before it, perhaps a tab after it.
fn path_of(name: &[u8]) -> String {
    let name = name.strip_suffix(b"\r").unwrap_or(name);
    let plain = match name.strip_prefix(b"\"") {
        Some(quoted) => unquoted(quoted),
        None => name.split(|&byte| byte == b'\t').next().unwrap_or(name).to_vec(),
    };
    let path = String::from_utf8_lossy(&plain).into_owned();
    path.strip_prefix("b/").map(Into::into).unwrap_or(path)
}

/// A path as git quotes it: C's escapes, octal ones for bytes.
fn unquoted(mut text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while let [byte, rest @ ..] = text {
        text = rest;
        match (byte, rest) {
            (b'"', _) => break,
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                plain.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                text = after;
            }
            (b'\\', [escaped, after @ ..]) => {
                plain.push(match escaped {
                    b't' => b'\t',
                    b'n' => b'\n',
                    b'r' => b'\r',
                    other => *other,
                });
                text = after;
            }
            _ => plain.push(*byte),
        }
    }
    plain
}
