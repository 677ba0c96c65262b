;; A script may be the fields of one module.
(memory 1)
(func $one (export "one") (result i32) (i32.const 1))
(global i32 (i32.const 7))
