;; A guest that answers whatever it is told to: the test sets the globals and the memory, and sees what
;; the host makes of it. Its WIT is added by the test. liar.wasm: wat2wasm liar.wat
(module
  (memory (export "memory") 1 64)
  ;; What the functions without parameters return.
  (global $returns (export "returns") (mut i32) (i32.const 0))
  (global $returns-wide (export "returns-wide") (mut i64) (i64.const 0))
  ;; What cabi_realloc returns; 0: honest addresses, one after another.
  (global $lie (export "lie") (mut i32) (i32.const 0))
  (global $next (export "next") (mut i32) (i32.const 1024))
  ;; How many pages each cabi_realloc adds to the memory.
  (global $grows (export "grows") (mut i32) (i32.const 0))
  (global $allocated (export "allocated") (mut i32) (i32.const 0))
  (global $posted (export "posted") (mut i32) (i32.const 0))
  (global $post-traps (export "post-traps") (mut i32) (i32.const 0))
  (global $started (export "started") (mut i32) (i32.const 0))

  (func (export "_initialize")
    (global.set $started (i32.add (global.get $started) (i32.const 1))))

  (func (export "cabi_realloc") (param $old i32) (param $old-size i32) (param $align i32)
    (param $size i32) (result i32)
    (local $at i32)
    (global.set $allocated (i32.add (global.get $allocated) (i32.const 1)))
    (if (global.get $grows) (then (drop (memory.grow (global.get $grows)))))
    (if (i32.eq (global.get $lie) (i32.const -2)) (then unreachable))
    (if (global.get $lie) (then (return (global.get $lie))))
    (local.set $at
      (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (local.get $at))

  (func $post (param i32)
    (if (global.get $post-traps) (then unreachable))
    (global.set $posted (i32.add (global.get $posted) (i32.const 1))))

  (func $answer (result i32) (global.get $returns))
  (export "text" (func $answer)) (export "cabi_post_text" (func $post))
  (export "numbers" (func $answer)) (export "cabi_post_numbers" (func $post))
  (export "words" (func $answer)) (export "cabi_post_words" (func $post))
  (export "one-place" (func $answer)) (export "cabi_post_one-place" (func $post))
  (export "places" (func $answer)) (export "cabi_post_places" (func $post))
  (export "bools" (func $answer))
  (export "chars" (func $answer))
  (export "pair" (func $answer))
  (export "blobs" (func $answer))
  (export "flag" (func $answer))
  (export "letter" (func $answer))
  (export "small" (func $answer))
  (export "byte" (func $answer))
  (func (export "wide") (result i64) (global.get $returns-wide))
  (func (export "nothing"))

  ;; Take a list or string: keep its address and count at 0 and 4.
  (func $take (param i32 i32)
    (i32.store (i32.const 0) (local.get 0))
    (i32.store (i32.const 4) (local.get 1)))
  (export "take-text" (func $take))
  (export "take-numbers" (func $take))
  (export "take-words" (func $take))
  (export "take-places" (func $take))
  (export "take-bools" (func $take))
  (export "take-chars" (func $take))
  (export "take-blobs" (func $take))
  ;; A record of u8, u64 and string.
  (func (export "take-place") (param i32 i64 i32 i32)
    (i32.store (i32.const 0) (local.get 0))
    (i64.store (i32.const 8) (local.get 1))
    (i32.store (i32.const 16) (local.get 2))
    (i32.store (i32.const 20) (local.get 3)))
  ;; bool s8 u16 s32 char s64 f32 f64
  (func (export "take-scalars") (param i32 i32 i32 i32 i32 i64 f32 f64)
    (i64.store (i32.const 0) (i64.extend_i32_u (local.get 0)))
    (i64.store (i32.const 8) (i64.extend_i32_u (local.get 1)))
    (i64.store (i32.const 16) (i64.extend_i32_u (local.get 2)))
    (i64.store (i32.const 24) (i64.extend_i32_u (local.get 3)))
    (i64.store (i32.const 32) (i64.extend_i32_u (local.get 4)))
    (i64.store (i32.const 40) (local.get 5))
    (f32.store (i32.const 48) (local.get 6))
    (f64.store (i32.const 56) (local.get 7)))
  ;; Seventeen u32 and a place, through memory.
  (func (export "many") (param i32) (i32.store (i32.const 0) (local.get 0)))
  ;; Is exported with another type than its WIT says.
  (func (export "mistyped") (param i64)))
