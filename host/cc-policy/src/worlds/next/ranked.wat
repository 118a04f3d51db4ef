;; Ranks p2 first, and gives as its reason what the host's new function says.
(module
  (import "cc-orchestrator:policy/host@1.1.0" "host-name" (func $host_name (param i32)))
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 1024))
  ;; ok, and a list of one choice at 64.
  (data (i32.const 16) "\00\00\00\00\40\00\00\00\01\00\00\00")
  ;; Its profile and model; the reason is written behind them.
  (data (i32.const 64) "\00\01\00\00\02\00\00\00\02\01\00\00\01\00\00\00")
  (data (i32.const 256) "p2b")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.get $free)
    (global.set $free (i32.add (global.get $free) (local.get 3))))
  (func (export "cc-orchestrator:policy/ranked-routing@1.1.0#rank") (param i32 i32 i32 i32 i32 i32) (result i32)
    (call $host_name (i32.const 80))
    (i32.const 16)))
