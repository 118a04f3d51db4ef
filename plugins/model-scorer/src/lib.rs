//! Default model-scorer plugin.
#![forbid(unsafe_code)]
