;; Calls out and back, loops, many values: what the tests of calling need.
(module
  (import "env" "host" (func $host (param i32) (result i32)))
  (import "env" "step" (func $step (param i32) (result i32)))

  (memory (export "memory") 1)
  (global $calls (export "calls") (mut i32) (i32.const 0))

  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "nothing"))

  ;; n loops; gives n back.
  (func $loop (export "loop") (param $n i32) (result i32) (local $i i32)
    (block $done
      (loop $again
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (local.get $i))
  (func (export "spin") (loop $again (br $again)))

  ;; host(x) + 1, and step(x) + 1
  (func (export "call_host") (param i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.add (call $host (local.get 0)) (i32.const 1)))
  (func $call_step (export "call_step") (param i32) (result i32)
    (i32.add (call $step (local.get 0)) (i32.const 1)))
  ;; The same at the end of n frames, with something to lose in each.
  (func $deep (export "deep_step") (param $n i32) (result i32) (local $mine i32)
    (if (i32.eqz (local.get $n)) (then (return (call $call_step (i32.const 100)))))
    (local.set $mine (i32.mul (local.get $n) (i32.const 3)))
    (i32.add
      (call $deep (i32.sub (local.get $n) (i32.const 1)))
      (i32.sub (local.get $mine) (i32.mul (local.get $n) (i32.const 2)))))
  ;; Loops, asks, loops: paused and host call in one.
  (func (export "work") (param $n i32) (result i32)
    (i32.add
      (call $loop (local.get $n))
      (i32.add (call $step (local.get $n)) (call $loop (local.get $n)))))

  (func $recurse (export "recurse") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (i32.add (i32.const 1) (call $recurse (i32.sub (local.get 0) (i32.const 1)))))
  (func $endless (export "endless") (result i32)
    (i32.add (i32.const 1) (call $endless)))
  (func (export "divide") (param i32 i32) (result i32)
    (i32.div_s (local.get 0) (local.get 1)))
  (func (export "trap") unreachable)

  ;; 18 parameters, 3 results of other types.
  (func (export "many")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 f32 f64)
    (result i64 f32 f64)
    (i64.extend_i32_s (i32.add (local.get 0) (local.get 15)))
    (local.get 16)
    (local.get 17))
  (func (export "same_func") (param funcref) (result funcref) (local.get 0))
  (func (export "same_extern") (param externref) (result externref) (local.get 0))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (export "host_again" (func $host)))
