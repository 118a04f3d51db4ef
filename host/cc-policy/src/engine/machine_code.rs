//! Machine code that this process compiled, or that an earlier one left in the private cache.
// The only hand-written `unsafe` of the crate: wasmtime cannot check machine code, so it asks us to vouch for it.
#![allow(unsafe_code)]

use wasmtime::{Engine, component::Component};

/// Compiled code whose origin is vouched for. Made in two ways only: compiled here, or read from the private cache.
pub(super) struct MachineCode(Vec<u8>);

impl MachineCode {
    /// Compiles a component.
    pub(super) fn compile(engine: &Engine, component: &[u8]) -> wasmtime::Result<Self> {
        engine.precompile_component(component).map(Self)
    }

    /// Takes what an entry of the cache held. To be called by the cache alone, after its checks: folder and file
    /// belong to this user, nobody else may write them, and the content has the checksum it was written with.
    pub(super) fn from_private_cache(content: Vec<u8>) -> Self {
        Self(content)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Maps the code. Fails when it is for another engine, or needs more than this engine's pool has.
    pub(super) fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: `deserialize` runs whatever native code the bytes hold, so they must come unchanged from
        // `precompile_component`. They do: a `MachineCode` is the output of that function in this process, or the
        // content of a cache entry that only this user could write and whose checksum shows it undamaged. Who can
        // forge such an entry already runs code as this user. That the code fits this wasmtime and its
        // configuration is checked by `deserialize` itself.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}
