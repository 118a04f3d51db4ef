;; Two components in one, each with a memory of its own; a text passes from one to the other.
(component
  (component $teller
    (core module $core
      (memory (export "memory") 1)
      (func (export "tell") (param i32 i32) (result i32) (local.get 1))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))
    (core instance $i (instantiate $core))
    (func (export "tell") (param "text" string) (result u32)
      (canon lift (core func $i "tell") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
  (component $asker
    (import "tell" (func $tell (param "text" string) (result u32)))
    (core module $memory (memory (export "memory") 1))
    (core instance $m (instantiate $memory))
    (core func $lowered (canon lower (func $tell) (memory (core memory $m "memory"))))
    (core module $core
      (import "outer" "tell" (func $tell (param i32 i32) (result i32)))
      (func (export "route") (drop (call $tell (i32.const 0) (i32.const 5)))))
    (core instance $i (instantiate $core (with "outer" (instance (export "tell" (func $lowered))))))
    (func (export "route") (canon lift (core func $i "route"))))
  (instance $t (instantiate $teller))
  (instance $a (instantiate $asker (with "tell" (func $t "tell"))))
  (instance $routing (export "route" (func $a "route")))
  (export "cc-orchestrator:policy/routing@1.0.0" (instance $routing)))
