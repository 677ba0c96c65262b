;; What C cannot say: several results, references, a table, globals, many functions behind one name.
(module
  (import "env" "offset" (global $offset i32))

  (memory (export "memory") 1 4)
  (table $table (export "table") 4 8 funcref)
  (global (export "answer") i32 (i32.const 42))
  (global $counter (export "counter") (mut i64) (i64.const 0))
  (elem (i32.const 0) $double $negate)

  (type $unary (func (param i32) (result i32)))
  (func $double (export "double") (type $unary) (i32.mul (local.get 0) (i32.const 2)))
  (func $negate (export "negate") (type $unary) (i32.sub (i32.const 0) (local.get 0)))

  (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (func (export "divmod") (param $x i32) (param $y i32) (result i32 i32)
    (i32.div_s (local.get $x) (local.get $y))
    (i32.rem_s (local.get $x) (local.get $y)))

  ;; The very reference that came in.
  (func (export "same") (param externref) (result externref) (local.get 0))
  (func (export "is_null") (param externref) (result i32) (ref.is_null (local.get 0)))

  ;; A function as a value: taken from the table, and called through it.
  (func (export "pick") (param i32) (result funcref) (table.get $table (local.get 0)))
  (func (export "put") (param i32 funcref) (table.set $table (local.get 0) (local.get 1)))
  (func (export "apply") (param $which i32) (param $x i32) (result i32)
    (call_indirect $table (type $unary) (local.get $x) (local.get $which)))

  (func (export "count") (result i64)
    (global.set $counter (i64.add (global.get $counter) (i64.const 1)))
    (global.get $counter))
  (func (export "with_offset") (param i32) (result i32)
    (i32.add (local.get 0) (global.get $offset)))

  ;; Pages before it grew, or -1.
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
