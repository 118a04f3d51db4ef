;; A router that keeps the proposal: its answer is 32 zero bytes, `ok(keep)`.
(module
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    ;; Never gives anything back: an instance answers once.
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get 3))))
  (func (export "cc-orchestrator:policy/routing@1.0.0#route") (param i32) (result i32)
    (i32.const 16)))
