# frozen_string_literal: true

require "helper"

class HostFunctionsTest < Minitest::Test
  include Guests

  def add(first, second)
    first + second
  end

  def test_what_can_be_called_can_be_imported
    object = Object.new
    def object.call(first, second)
      first + second
    end
    [->(a, b) { a + b }, proc { |a, b| a + b }, method(:add), object, :+.to_proc].each do |callable|
      assert_equal 41, host(add: callable).add_twice(1, 20)
      assert_equal 5050, host(add: callable).add_up(101)
    end
  end

  def test_names_may_be_strings_or_symbols
    imports = { "env" => { "add" => ->(a, b) { a * b }, on_word: ->(*) {} } }
    assert_equal 400, Wherry.load(own("host.wasm"), imports: imports).add_twice(1, 20)
  end

  def test_a_parameter_named_caller_gets_the_caller
    words = []
    guest = host(on_word: ->(caller, address, size) { words << caller.memory.read_string(address, size) })
    assert_equal 5, guest.words
    assert_equal %w[small boats cross wide rivers], words
    object = Object.new
    object.define_singleton_method(:call) do |caller, address, size|
      words << caller["memory"].read_string(address, size)
    end
    assert_equal 5, host(on_word: object).words
    assert_equal %w[small boats cross wide rivers] * 2, words
  end

  def test_a_caller_ends_with_its_call
    kept = nil
    guest = host(on_word: ->(caller, *) { kept = caller })
    guest.words
    assert_raises(Wherry::StateError) { kept.memory }
    assert_raises(Wherry::StateError) { kept["memory"] }
    assert_raises(NoMethodError, TypeError) { Wherry::Caller.new }
  end

  def test_the_guest_writes_and_the_host_reads
    guest = host(on_word: ->(caller, address, _) { caller.memory[address] = 33 })
    address = guest.buffer
    guest.memory.write(address, "one two")
    assert_equal 2, guest.words_of(address, 7)
    assert_equal "!ne !wo", guest.memory.read_string(address, 7)
  end

  def test_what_it_returns_is_checked
    error = assert_raises(TypeError) { host(add: ->(*) {}).add_twice(1, 2) }
    assert_equal "add(): result: expected i32, got nil", error.message
    error = assert_raises(RangeError) { host(add: ->(*) { 2**40 }).add_twice(1, 2) }
    assert_equal "add(): result: 1099511627776 does not fit in i32", error.message
    assert_raises(ArgumentError) { host(add: ->(a) { a }).add_twice(1, 2) }
    assert_equal 5, host(on_word: ->(*) { "whatever" }).words
  end

  def test_several_results
    store = Wherry::Store.new
    swap = Wherry::Func.new(store, [:i32, :i64] => [:i64, :i32]) { |a, b| [b, a] }
    assert_equal [2, 1], swap.call(1, 2)
    wrong = Wherry::Func.new(store, [:i32], [:i32, :i32]) { |a| a }
    assert_raises(TypeError) { wrong.call(1) }
    short = Wherry::Func.new(store, [:i32], [:i32, :i32]) { |a| [a] }
    error = assert_raises(TypeError) { short.call(1) }
    assert_match(/expected 2 results, got 1/, error.message)
  end

  def test_every_type
    store = Wherry::Store.new
    seen = nil
    func = Wherry::Func.new(store, "ilfdr:rdfli") { |*args| (seen = args).reverse }
    object = Object.new
    assert_equal [object, 0.1, 1.5, 2**40, -1], func.call(-1, 2**40, 1.5, 0.1, object)
    assert_same object, seen.last
    assert_equal "#<Wherry::Func func[0] (i32, i64, f32, f64, externref) -> " \
                 "(externref, f64, f32, i64, i32)>", func.inspect.sub(/\w+\[\d+\]/, "func[0]")
    assert_equal %i[i32 i64 f32 f64 externref], func.params
    assert_equal 5, func.arity
    many = Wherry::Func.new(store, "#{"i" * 20}:#{"i" * 20}") { |*args| args.reverse }
    assert_equal (0...20).to_a.reverse, many.call(*0...20)
  end
end

class ExceptionsTest < Minitest::Test
  include Guests

  class Boom < StandardError; end

  def test_an_exception_comes_out_as_itself
    boom = Boom.new("x")
    guest = host(add: ->(*) { raise boom })
    error = assert_raises(Boom) { guest.add_twice(1, 2) }
    assert_same boom, error
    assert_match(/test_host/, error.backtrace.first)
    assert_equal 5, guest.words
  end

  def test_exceptions_that_are_no_standard_errors
    [Interrupt, SystemExit, NotImplementedError, NoMemoryError, SecurityError].each do |klass|
      assert_raises(klass) { host(add: ->(*) { raise klass, "x" }).add_twice(1, 2) }
    end
  end

  def test_throw_break_and_return_pass_through
    guest = host(on_word: ->(*) { throw :found, 7 })
    assert_equal 7, catch(:found) { guest.words }
    assert_equal 9, returning
    assert_equal 5, host.words
    assert_equal(11, [1].each { |_| break host(on_word: ->(*) {}).words + 6 })
    fiber = Fiber.new { host(on_word: ->(*) { Fiber.yield 3 }).words }
    assert_equal 3, fiber.resume
    5.times { fiber.resume if fiber.alive? }
  end

  def returning
    host(on_word: proc { |*| return 9 }).words
  end

  def test_ensure_runs_and_a_retry_works
    log = []
    guest = host(add: ->(a, b) { a == 1 ? raise(Boom) : a + b })
    begin
      guest.add_twice(1, 2)
    rescue Boom
      log << guest.add_twice(2, 3)
    ensure
      log << :ensured
    end
    assert_equal [8, :ensured], log
  end

  def test_an_exception_through_nested_guests
    boom = Boom.new
    inner = host(add: ->(*) { raise boom })
    outer = host(add: ->(a, b) { inner.add_twice(a, b) })
    assert_same boom, assert_raises(Boom) { outer.add_twice(1, 2) }
    rescuing = host(add: ->(a, b) { inner.add_twice(a, b) rescue a + b })
    assert_equal 5, rescuing.add_twice(1, 2)
  end

  def test_re_entrance_ten_deep
    depth = 0
    guest = host(add: lambda { |a, b|
      depth += 1
      depth < 10 ? guest.add_twice(a, b) : a + b
    })
    assert_kind_of Integer, guest.add_twice(1, 1)
    assert_operator depth, :>=, 10
  end

  def test_endless_re_entrance_is_a_limit
    guest = host(add: ->(a, b) { guest.add_twice(a, b) })
    error = assert_raises(Wherry::LimitError) { guest.add_twice(1, 1) }
    assert_equal :calls, error.limit
    assert_equal 5, guest.words
  end

  def test_a_host_function_may_close_its_store
    guest = host(add: ->(a, b) { guest.close || a + b })
    begin
      guest.add_twice(1, 2)
    rescue Wherry::StateError
      nil
    end
    assert_raises(Wherry::StateError) { guest.words }
  end

  def test_a_thread_that_is_killed_in_a_host_function
    guest = host(on_word: ->(*) { sleep })
    thread = Thread.new { guest.words }
    Thread.pass until thread.stop?
    assert_raises(Wherry::StateError) { guest.add_twice(1, 2) } # another thread stands inside
    thread.kill
    thread.join
    assert_equal 3, guest.add_twice(1, 1)
  end

  def test_another_fiber_cannot_go_in_between
    guest = host(on_word: ->(*) { Fiber.yield })
    fiber = Fiber.new { guest.words }
    fiber.resume
    error = assert_raises(Wherry::StateError) { guest.add_twice(1, 2) }
    assert_match(/in use by another/, error.message)
    4.times { fiber.resume }
    assert_equal 5, fiber.resume
    assert_equal 3, guest.add_twice(1, 1)
  end

  def test_a_trap_inside_a_nested_call
    guest = simple
    outer = host(add: ->(a, _) { guest.divide(a, 0) })
    assert_equal :integer_divide_by_zero, assert_raises(Wherry::Trap) { outer.add_twice(1, 2) }.code
  end
end
