;; Fails with terminal escapes in its message, and without a hint.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  (data (i32.const 16) "\01\00\00\00" "\40\00\00\00" "\13\00\00\00")
  (data (i32.const 64) "no\1b[2J\nroute \00 here")
  (func (export "cc-orchestrator:policy/routing@1.0.0#route") (param i32) (result i32) (i32.const 16)))
