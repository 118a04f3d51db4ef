;; Writes 100,000 lines of 4 KiB, the first bytes of which break lines and drive terminals; then keeps the proposal.
(module
  (import "cc-orchestrator:policy/host@1.0.0" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 4096) "first\nsecond\1b[31m\r")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (func (export "cc-orchestrator:policy/routing@1.0.0#route") (param i32) (result i32)
    (local $left i32)
    (local.set $left (i32.const 100000))
    (memory.fill (i32.const 4120) (i32.const 0x61) (i32.const 4000))
    (loop $again
      (call $log (i32.const 2) (i32.const 4096) (i32.const 4096))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i32.const 16)))
