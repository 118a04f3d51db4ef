;; A prompt pack whose text has 100 MB, and whose list has three million templates.
(module
  (memory (export "memory") 1700)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
  ;; result<string, failure>: ok, then pointer and length.
  (data (i32.const 20) "\00\00\01\00" "\00\e1\f5\05")
  (func (export "cc-orchestrator:policy/prompts@1.0.0#render") (param i32 i32 i32 i32) (result i32) (i32.const 16))
  ;; result<list<template>, failure>: 3,000,000 records of 36 zero bytes.
  (data (i32.const 52) "\00\00\01\00" "\c0\c6\2d\00")
  (func (export "cc-orchestrator:policy/prompts@1.0.0#templates") (result i32) (i32.const 48)))
