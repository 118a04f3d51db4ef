//! Default prompt-pack plugin.
#![forbid(unsafe_code)]
