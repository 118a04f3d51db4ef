//! Builds a Claude Code command, supervises the process, reads its stream.
#![forbid(unsafe_code)]
