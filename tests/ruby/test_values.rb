# frozen_string_literal: true

require "helper"

class CoreValuesTest < Minitest::Test
  include Guests

  def test_integers_are_taken_whole_or_refused
    guest = simple
    [0, 1, -1, 2**31 - 1, -2**31].each { |n| assert_equal n, guest.echo_i32(n) }
    assert_equal(-1, guest.echo_i32(2**32 - 1))
    [0, -1, 2**62, 2**63 - 1, -2**63, -2**62 - 1].each { |n| assert_equal n, guest.echo_i64(n) }
    assert_equal(-1, guest.echo_i64(2**64 - 1))
    assert_equal(-2**63, guest.echo_i64(2**63))
    [2**32, -2**31 - 1, 2**64, 2**100].each { |n| assert_raises(RangeError) { guest.echo_i32(n) } }
    [2**64, -2**63 - 1, 2**100, -2**100, -2**64].each { |n| assert_raises(RangeError) { guest.echo_i64(n) } }
  end

  def test_floats
    guest = simple
    [0.0, -0.0, 1.5, Float::INFINITY, -Float::INFINITY].each do |x|
      assert_equal x, guest.echo_f32(x)
      assert_equal x, guest.echo_f64(x)
    end
    assert_equal 0.1, guest.echo_f64(0.1)
    refute_equal 0.1, guest.echo_f32(0.1)
    assert_equal 7.0, guest.echo_f64(7)
    assert_equal 2.0**70, guest.echo_f64(2**70)
    assert_equal 10.75, guest.mixed(1, 2, 3.5, 4.25)
    assert guest.echo_f32(Float::NAN).nan?
    assert guest.echo_f64(Float::NAN).nan?
  end

  def test_wrong_types_name_the_function_and_the_parameter
    guest = simple
    [nil, "1", 1.0, :a, [], true].each { |x| assert_raises(TypeError) { guest.sum(1, x) } }
    error = assert_raises(TypeError) { guest.sum(1, "2") }
    assert_equal "sum(): parameter 2: expected i32, got String", error.message
    error = assert_raises(RangeError) { guest.sum(2**40, 1) }
    assert_equal "sum(): parameter 1: 1099511627776 does not fit in i32", error.message
    assert_raises(TypeError) { guest.echo_f64("1") }
    assert_raises(TypeError) { guest.echo_f64(nil) }
    assert_raises(TypeError) { guest.echo_i32(guest) }
  end

  def test_the_number_of_arguments
    error = assert_raises(ArgumentError) { simple.sum(1) }
    assert_equal "sum(): expected 2 arguments, got 1", error.message
    assert_raises(ArgumentError) { simple.sum(1, 2, 3) }
    assert_raises(ArgumentError) { simple.answer(1) }
    assert_nil simple.nothing
  end

  def test_several_results_are_an_array
    guest = values
    assert_equal [2, 1], guest.swap(1, 2)
    assert_equal [3, 2], guest.divmod(17, 5)
  end

  def test_values_say_their_type
    value = Wherry::Value.i32(7)
    assert_equal "I32(7)", value.inspect
    assert_equal "I64(-1)", Wherry::Value.i64(-1).inspect
    assert_equal "F32(1.5)", Wherry::Value.f32(1.5).to_s
    assert_equal "F64(0.1)", Wherry::Value.f64(0.1).inspect
    assert_equal :i32, value.type
    assert_equal 7, value.value
    assert_equal value, Wherry::Value.i32(7)
    refute_equal value, Wherry::Value.i64(7)
    assert_equal 1, { value => 1 }[Wherry::Value.i32(7)]
    assert value.frozen?
    assert_raises(RangeError) { Wherry::Value.i32(2**40) }
    assert_raises(TypeError) { Wherry::Value.i32("7") }
    assert_raises(NoMethodError) { Wherry::Value.new }
    assert_equal 42, simple.sum(Wherry::Value.i32(5), 37)
    assert_raises(TypeError) { simple.sum(Wherry::Value.i64(5), 37) }
  end
end

class ReferencesTest < Minitest::Test
  include Guests

  def test_any_object_is_an_externref_and_stays_itself
    guest = values
    object = Object.new
    [object, "text", 42, 2**70, 1.5, true, false, :symbol, [], guest, -1, 0].each do |x|
      assert_same x, guest.same(x)
    end
    assert_nil guest.same(nil)
    assert_equal 1, guest.is_null(nil)
    assert_equal 0, guest.is_null(false)
  end

  def test_functions_are_references
    guest = values
    double = guest.pick(0)
    assert_kind_of Wherry::Func, double
    assert_equal 42, double.call(21)
    assert_equal double, guest.pick(0)
    refute_equal double, guest.pick(1)
    assert_nil guest.pick(2)
    guest.put(2, double)
    assert_equal 10, guest.apply(2, 5)
    guest.put(2, nil)
    assert_raises(Wherry::Trap) { guest.apply(2, 5) }
    assert_raises(TypeError) { guest.put(2, 5) }
    assert_raises(Wherry::StateError) { guest.put(2, values.pick(0)) }
  end

  def test_tables
    guest = values
    table = guest.table
    assert_equal 4, table.size
    assert_equal :funcref, table.type
    assert_equal(-21, table[1].call(21))
    table[3] = table[0]
    assert_equal 8, guest.apply(3, 4)
    assert_equal 4, table.grow(2, table[1])
    assert_equal(-1, table[5].call(1))
    assert_raises(RangeError) { table[6] }
    assert_raises(RangeError) { table[-1] }
    assert_raises(TypeError) { table[0] = 5 }
    assert_raises(Wherry::LimitError) { table.grow(100) }
    assert_equal table, guest.table
  end

  def test_a_host_function_in_a_table
    guest = values
    func = Wherry::Func.new(guest.instance.store, "i:i") { |x| x + 1 }
    guest.put(3, func)
    assert_equal 8, guest.apply(3, 7)
  end

  def test_globals
    guest = values
    assert_equal 42, guest.answer.value
    refute guest.answer.mutable?
    assert_raises(TypeError) { guest.answer.value = 1 }
    counter = guest.counter
    assert_equal :i64, counter.type
    assert counter.mutable?
    guest.count
    assert_equal 1, counter.value
    counter.value = 2**62
    assert_equal 2**62 + 1, guest.count
    assert_raises(RangeError) { counter.value = 2**64 }
    assert_raises(TypeError) { counter.value = "1" }
    assert_equal 101, guest.with_offset(1)
  end

  def test_a_global_of_another_type_is_refused
    assert_raises(TypeError) { values(offset: "1") }
    assert_raises(RangeError) { values(offset: 2**40) }
  end
end
