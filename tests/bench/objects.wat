;; Programs that live on objects of the guest: what making, reading, testing and freeing them costs.
(module
  (type $node (struct (field $left (ref null $node)) (field $right (ref null $node))))
  (type $cell (struct (field $value i32) (field $next (mut (ref null $cell)))))
  (type $bytes (array (mut i8)))

  ;; Shapes with a method each, called through the object: a function reference in a field.
  (rec
    (type $shape (sub (struct (field $area (ref $area)))))
    (type $area (func (param (ref $shape)) (result i32))))
  (type $square (sub final $shape (struct (field $area (ref $area)) (field $side i32))))
  (type $box (sub final $shape (struct (field $area (ref $area)) (field $w i32) (field $h i32))))
  (type $shapes (array (mut (ref null $shape))))
  (elem declare func $square_area $box_area)

  (func $make (param $depth i32) (result (ref $node))
    (if (result (ref $node)) (i32.eqz (local.get $depth))
      (then (struct.new_default $node))
      (else
        (struct.new $node
          (call $make (i32.sub (local.get $depth) (i32.const 1)))
          (call $make (i32.sub (local.get $depth) (i32.const 1)))))))

  (func $count (param $tree (ref null $node)) (result i32)
    (if (result i32) (ref.is_null (local.get $tree))
      (then (i32.const 0))
      (else
        (i32.add
          (i32.add (i32.const 1) (call $count (struct.get $node $left (local.get $tree))))
          (call $count (struct.get $node $right (local.get $tree)))))))

  ;; Trees are built, counted and dropped while a large one stays.
  (func (export "trees") (param $depth i32) (param $rounds i32) (result i32)
    (local $kept (ref $node))
    (local $sum i32)
    (local.set $kept (call $make (i32.add (local.get $depth) (i32.const 4))))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $count (call $make (local.get $depth)))))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.add (local.get $sum) (call $count (local.get $kept))))

  ;; A list is built and summed up, over and over.
  (func (export "lists") (param $length i32) (param $rounds i32) (result i32)
    (local $list (ref null $cell))
    (local $left i32)
    (local $sum i32)
    (loop $round
      (local.set $list (ref.null $cell))
      (local.set $left (local.get $length))
      (loop $build
        (local.set $list (struct.new $cell (local.get $left) (local.get $list)))
        (br_if $build (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (block $end
        (loop $walk
          (br_if $end (ref.is_null (local.get $list)))
          (local.set $sum
            (i32.add (local.get $sum) (struct.get $cell $value (local.get $list))))
          (local.set $list (struct.get $cell $next (local.get $list)))
          (br $walk)))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum))

  ;; The primes below a number, with an array of bytes for a memory.
  (func (export "sieve") (param $size i32) (param $rounds i32) (result i32)
    (local $flags (ref $bytes))
    (local $i i32)
    (local $j i32)
    (local $count i32)
    (loop $round
      (local.set $flags (array.new_default $bytes (local.get $size)))
      (local.set $count (i32.const 0))
      (local.set $i (i32.const 2))
      (loop $next
        (if (i32.eqz (array.get_u $bytes (local.get $flags) (local.get $i)))
          (then
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (local.set $j (i32.add (local.get $i) (local.get $i)))
            (block $done
              (loop $strike
                (br_if $done (i32.ge_u (local.get $j) (local.get $size)))
                (array.set $bytes (local.get $flags) (local.get $j) (i32.const 1))
                (local.set $j (i32.add (local.get $j) (local.get $i)))
                (br $strike)))))
        (br_if $next
          (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $size))))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $count))

  (func $square_area (type $area)
    (local $self (ref $square))
    (local.set $self (ref.cast (ref $square) (local.get 0)))
    (i32.mul (struct.get $square $side (local.get $self))
      (struct.get $square $side (local.get $self))))

  (func $box_area (type $area)
    (local $self (ref $box))
    (local.set $self (ref.cast (ref $box) (local.get 0)))
    (i32.mul (struct.get $box $w (local.get $self)) (struct.get $box $h (local.get $self))))

  (func (export "shapes") (param $count i32) (param $rounds i32) (result i32)
    (local $shapes (ref $shapes))
    (local $shape (ref null $shape))
    (local $i i32)
    (local $sum i32)
    (local.set $shapes (array.new_default $shapes (local.get $count)))
    (local.set $i (local.get $count))
    (loop $fill
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (array.set $shapes (local.get $shapes) (local.get $i)
        (if (result (ref $shape)) (i32.and (local.get $i) (i32.const 1))
          (then (struct.new $square (ref.func $square_area) (local.get $i)))
          (else (struct.new $box (ref.func $box_area) (local.get $i) (i32.const 3)))))
      (br_if $fill (local.get $i)))
    (loop $round
      (local.set $i (local.get $count))
      (loop $next
        (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (local.set $shape (array.get $shapes (local.get $shapes) (local.get $i)))
        (local.set $sum
          (i32.add (local.get $sum)
            (call_ref $area (ref.as_non_null (local.get $shape))
              (struct.get $shape $area (local.get $shape)))))
        (br_if $next (local.get $i)))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum)))
