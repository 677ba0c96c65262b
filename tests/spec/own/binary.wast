;; Bytes that are no module.
(module binary "\00asm" "\01\00\00\00")
(module binary "\00asm" "\01\00\00\00" "\00\03\02hi")
(assert_malformed (module binary "") "unexpected end")
(assert_malformed (module binary "\00asm") "unexpected end")
(assert_malformed (module binary "wasm" "\01\00\00\00") "magic header not detected")
(assert_malformed (module binary "\00asm" "\02\00\00\00") "unknown binary version")
(assert_malformed (module binary "\00asm" "\01\00\00\00" "\01\05\01\60") "length out of bounds")
(assert_malformed (module binary "\00asm" "\01\00\00\00" "\01\02\00\00") "section size mismatch")
(assert_malformed (module binary "\00asm" "\01\00\00\00" "\00\02\02h") "unexpected end")
(assert_malformed
  (module binary "\00asm" "\01\00\00\00" "\05\03\01\00\01" "\05\03\01\00\01")
  "unexpected content after last section")
(assert_malformed
  (module binary "\00asm" "\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00")
  "function and code section have inconsistent lengths")
(assert_malformed
  (module binary "\00asm" "\01\00\00\00" "\01\06\80\80\80\80\80\00")
  "integer representation too long")
(assert_malformed
  (module binary "\00asm" "\01\00\00\00" "\01\04\01\60\00\00" "\03\02\01\00"
    "\0a\05\01\03\00\ff\0b")
  "illegal opcode")
