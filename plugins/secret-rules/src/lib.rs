//! Default secret-rules plugin.
#![forbid(unsafe_code)]
