//! A file of any size, scanned in windows that overlap: memory stays bounded, and no secret is cut in two.

use std::io::{self, Read};

use memchr::{memchr_iter, memrchr};

use super::{
    Scanner,
    candidate::{Candidate, Hit, Place},
};

/// Bytes of a window.
const WINDOW: usize = 1024 * 1024;
/// Bytes at the end of a window that the next one reports.
const OVERLAP: usize = 32 * 1024;
/// Bytes before them that the next one sees again.
const LEAD: usize = 4 * 1024;

/// Secrets listed in one file; more are made by a program, and the first ones say so.
pub(crate) const MOST: usize = 10_000;

/// One file on its way through the windows.
pub(crate) struct Pass<'a> {
    scanner: &'a Scanner,
    path: Option<&'a str>,
    /// Where the window begins.
    start: Position,
    /// What begins before this place of the window is reported already.
    from: usize,
    found: Vec<Candidate>,
}

/// A place in a file.
#[derive(Clone, Copy)]
struct Position {
    byte: u64,
    line: u32,
    column: u32,
}

impl Position {
    const START: Self = Self { byte: 0, line: 1, column: 1 };

    /// The place after so much more text.
    fn after(self, text: &[u8]) -> Self {
        let lines = memchr_iter(b'\n', text).count() as u32;
        let rest = memrchr(b'\n', text).map_or(text, |newline| &text[newline + 1..]);
        let characters = rest.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u32;
        let column = if lines == 0 { self.column } else { 1 };
        Self { byte: self.byte + text.len() as u64, line: self.line + lines, column: column + characters }
    }
}

impl<'a> Pass<'a> {
    fn new(scanner: &'a Scanner, path: Option<&'a str>) -> Self {
        Self { scanner, path, start: Position::START, from: 0, found: Vec::new() }
    }

    /// Scans a text that is in memory.
    pub(crate) fn slice(scanner: &Scanner, path: Option<&str>, text: &[u8]) -> Vec<Candidate> {
        let mut pass = Pass::new(scanner, path);
        let mut at = 0;
        while text.len() - at > WINDOW && pass.found.len() < MOST {
            at += pass.window(&text[at..at + WINDOW], false);
        }
        pass.window(&text[at..text.len().min(at + WINDOW)], true);
        pass.found
    }

    /// Scans what a reader gives.
    pub(crate) fn reader(
        scanner: &Scanner,
        path: Option<&str>,
        mut from: impl Read,
    ) -> io::Result<Vec<Candidate>> {
        let mut pass = Pass::new(scanner, path);
        let mut window = Vec::new();
        loop {
            let room = WINDOW - window.len();
            from.by_ref().take(room as u64).read_to_end(&mut window)?;
            let last = window.len() < WINDOW;
            let done = pass.window(&window, last);
            if last || pass.found.len() == MOST {
                return Ok(pass.found);
            }
            window.drain(..done);
        }
    }

    /// Scans one window and returns how much of it the next one does not need.
    fn window(&mut self, text: &[u8], last: bool) -> usize {
        let until = if last { text.len() } else { text.len() - OVERLAP };
        let mut seen = (self.start, 0);
        for hit in self.scanner.hits(self.path, text) {
            if (self.from..until).contains(&hit.place.start) && self.found.len() < MOST {
                seen = (seen.0.after(&text[seen.1..hit.place.start]), hit.place.start);
                self.from = hit.place.end;
                self.found.push(candidate(hit, seen.0, text));
            }
        }
        let done = until.saturating_sub(LEAD);
        self.start = self.start.after(&text[..done]);
        self.from = self.from.max(until) - done;
        done
    }
}

fn candidate(hit: Hit, start: Position, text: &[u8]) -> Candidate {
    let end = start.after(&text[hit.place.clone()]);
    let place = Place {
        bytes: start.byte..end.byte,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    };
    Candidate { finding: hit.finding, place, confidence: hit.confidence, allowed: hit.allowed }
}
