//! The plugin host: engine, worlds, catalog (layers, lock, trust), overrides.
#![forbid(unsafe_code)]
