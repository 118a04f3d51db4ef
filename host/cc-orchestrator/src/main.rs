//! The binary: MCP server, command line, supervisor entry. Wiring only.
#![forbid(unsafe_code)]
fn main() {}
