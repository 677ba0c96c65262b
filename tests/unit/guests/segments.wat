;; Writes into what it imports, then traps: the first segments stay.
(module
  (import "env" "memory" (memory 1))
  (import "env" "table" (table 2 funcref))
  (func $seven (result i32) (i32.const 7))
  (elem (i32.const 0) $seven)
  (data (i32.const 0) "stays")
  (data (i32.const 65535) "no room"))
