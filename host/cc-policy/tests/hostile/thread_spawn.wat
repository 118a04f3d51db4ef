;; Asks the component model for a thread.
(component
  (core type $start (shared (func (param i32))))
  (core func $spawn (canon thread.spawn-ref $start))
  (component $nothing)
  (instance $routing (instantiate $nothing))
  (export "cc-orchestrator:policy/routing@1.0.0" (instance $routing)))
