//! The two wasmtime engines: a pooled one for ordinary plugins, one without a pool for large ones.
//!
//! Both run the same machine code, so the cache has one entry for both.

use wasmtime::{
    Config, InstanceAllocationStrategy, PoolingAllocationConfig,
    component::{Component, InstancePre, Linker},
};

use super::{guest::Guest, slots::Slots};
use crate::worlds;

/// Memory of one pooled call. Address space only, until a plugin touches it.
pub(super) const POOLED_MEMORY: u64 = 32 << 20;
/// Calls that may run at once on the pooled engine, and on the other one.
const POOLED_CALLS: u32 = 8;
const LARGE_CALLS: u32 = 4;
/// Core instances and tables of one pooled component; `wit-component` makes 3 and 2.
const POOLED_INSTANCES: u32 = 8;
const POOLED_TABLES: u32 = 4;
const POOLED_TABLE_ELEMENTS: usize = 10_000;
/// Bytes of a slot that are zeroed after a call instead of given back to the system.
const KEPT_RESIDENT: usize = 128 << 10;
/// Deep enough for an interpreter, small enough for any thread: those of Rust have 2 MiB.
const STACK_BYTES: usize = 512 << 10;

/// One engine, what links plugins to the host on it, and how many calls it takes at once.
pub(super) struct Lane {
    pub(super) engine: wasmtime::Engine,
    pub(super) slots: Slots,
    linker: Linker<Guest>,
}

impl Lane {
    pub(super) fn pooled() -> wasmtime::Result<Self> {
        let mut config = common();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
        Self::new(&config, POOLED_CALLS)
    }

    pub(super) fn large() -> wasmtime::Result<Self> {
        Self::new(&common(), LARGE_CALLS)
    }

    fn new(config: &Config, calls: u32) -> wasmtime::Result<Self> {
        let engine = wasmtime::Engine::new(config)?;
        let mut linker = Linker::new(&engine);
        worlds::link(&mut linker)?;
        Ok(Self { engine, slots: Slots::new(calls), linker })
    }

    pub(super) fn link(&self, component: &Component) -> wasmtime::Result<InstancePre<Guest>> {
        self.linker.instantiate_pre(component)
    }
}

/// What decides the machine code. Nothing that could make two runs differ: no threads, one NaN, no relaxed SIMD.
fn common() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        // What passes a call between two parts of one component sees the memories of both, and wasmtime panics when it
        // may not. A component of a JavaScript engine has such parts. All memories count for the limit.
        .wasm_multi_memory(true)
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .max_wasm_stack(STACK_BYTES)
        // Small reservations with explicit bounds checks: 4 GiB a memory is more than some systems let us map.
        .memory_reservation(POOLED_MEMORY)
        .memory_reservation_for_growth(POOLED_MEMORY)
        .memory_guard_size(64 << 10)
        .memory_may_move(true);
    config
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(POOLED_CALLS)
        .total_core_instances(POOLED_CALLS * POOLED_INSTANCES)
        .max_core_instances_per_component(POOLED_INSTANCES)
        .total_memories(POOLED_CALLS)
        .max_memories_per_component(1)
        .max_memory_size(usize::try_from(POOLED_MEMORY).unwrap_or(usize::MAX))
        .total_tables(POOLED_CALLS * POOLED_TABLES)
        .max_tables_per_component(POOLED_TABLES)
        .table_elements(POOLED_TABLE_ELEMENTS)
        .max_unused_warm_slots(POOLED_CALLS)
        .linear_memory_keep_resident(KEPT_RESIDENT);
    pool
}
