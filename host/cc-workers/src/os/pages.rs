//! Lets go of pages of the program's own file that a quiet process does not need.
//!
//! The system maps a program's file in runs of 64 KiB round each page that is touched, and this program is large:
//! it holds a compiler. Of what a supervisor or guard has mapped, most was touched once (loading, relocating,
//! reading the launch) or never. A page that is needed after all is mapped again. The resident memory of both falls
//! by half.
// Telling the kernel about memory by its address is unsafe to the compiler.
#![allow(unsafe_code)]

use std::{fs, ops::Range, ptr};

use rustix::mm::{Advice, madvise};

/// Most of `smaps` that is read; each mapping takes 700 bytes, and there are some dozens.
const MOST: usize = 1 << 20;

/// Lets go of the pages. On failure there is nothing to mend.
pub(crate) fn give_back_pages() {
    let text = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    for place in untouched(&text).filter(|_| text.len() < MOST) {
        let start = ptr::with_exposed_provenance_mut(place.start);
        // SAFETY: the range is one whole mapping of a file that nobody can write to and that holds no page of this
        // process's own, so each page comes back from the file as it was when it is touched again.
        let _ = unsafe { madvise(start, place.len(), Advice::LinuxDontNeed) };
    }
}

/// Mappings of files, read-only, of which this process has changed nothing (proc(5), `/proc/pid/smaps`).
fn untouched(smaps: &str) -> impl Iterator<Item = Range<usize>> {
    let mut mapping = None;
    smaps.lines().filter_map(move |line| {
        if let Some(found) = read_only_file(line) {
            mapping = found;
        }
        line.strip_prefix("Anonymous:").filter(|size| size.trim() == "0 kB").and_then(|_| mapping.take())
    })
}

/// What the first line of a mapping says: none when the line is no such line, and none within when the mapping is of
/// another kind.
fn read_only_file(line: &str) -> Option<Option<Range<usize>>> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let address = |hex: &str| usize::from_str_radix(hex, 16).ok();
    let place = address(start)?..address(end)?;
    let kind = fields.next()?;
    let is_file = fields.nth(3).is_some_and(|path| path.starts_with('/'));
    Some((is_file && matches!(kind, "r--p" | "r-xp")).then_some(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_clean_read_only_files_are_let_go() {
        let smaps = "\
            1000-3000 r-xp 00000000 fd:00 7  /usr/bin/program\nRss: 8 kB\nAnonymous:             0 kB\n\
            3000-4000 r--p 00000000 fd:00 7  /usr/bin/program\nRss: 4 kB\nAnonymous:             4 kB\n\
            4000-5000 rw-p 00000000 fd:00 7  /usr/bin/program\nAnonymous:             0 kB\n\
            5000-6000 r-xp 00000000 00:00 0  [vdso]\nAnonymous:             0 kB\n\
            6000-7000 r--p 00000000 00:00 0\nAnonymous:             0 kB\n\
            7000-8000 r--p 00000000 fd:00 9  /usr/lib/libc.so.6 (deleted)\nAnonymous:             0 kB\n\
            VmFlags: rd ex mr mw me\n";
        assert_eq!(untouched(smaps).collect::<Vec<_>>(), [0x1000..0x3000, 0x7000..0x8000]);
        assert_eq!(untouched("").count(), 0);
    }

    #[test]
    fn the_program_goes_on_as_before() {
        let before = crate::sha256_hex(include_bytes!("pages.rs"));
        give_back_pages();
        assert_eq!(crate::sha256_hex(include_bytes!("pages.rs")), before);
    }
}
