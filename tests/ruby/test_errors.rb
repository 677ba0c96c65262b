# frozen_string_literal: true

require "helper"
require "timeout"

class ErrorsTest < Minitest::Test
  include Guests

  def test_traps_have_a_code_and_frames
    error = assert_raises(Wherry::Trap) { simple.divide(1, 0) }
    assert_equal :integer_divide_by_zero, error.code
    assert_equal :trap, error.kind
    assert_equal "divide", error.frames.first.function_name
    assert_kind_of Integer, error.frames.first.offset
    assert error.frames.frozen?
    assert_match(/\Awasm:.*divide\+0x/, error.backtrace.first)
    assert(error.backtrace.any? { |line| line.include?("test_errors.rb") })
    assert_match(/divide/, error.full_message)
    { divide: [-2**31, -1], fail: [], read_at: [2**20] }.zip(
      %i[integer_overflow unreachable out_of_bounds_memory_access]
    ).each do |(name, args), code|
      assert_equal code, assert_raises(Wherry::Trap) { simple.public_send(name, *args) }.code
    end
  end

  def test_endless_recursion_is_an_error_and_the_guest_works_on
    guest = simple
    error = assert_raises(Wherry::Error) { guest.recurse(1) }
    assert_includes [Wherry::Trap, Wherry::LimitError], error.class
    assert_operator error.frames_omitted, :>, 0
    assert_equal "recurse", error.frames.last.function_name
    assert_equal 100, guest.recurse(-100)
  end

  def test_malformed_and_invalid_modules
    error = assert_raises(Wherry::MalformedError) { Wherry.load("\0asm\2\0\0\0".b) }
    assert_equal :malformed, error.kind
    assert_equal 4, error.offset
    # (func (result i32)) with an empty body
    error = assert_raises(Wherry::InvalidError) do
      Wherry.load("\0asm\1\0\0\0\1\5\1\x60\0\1\x7F\3\2\1\0\x0A\4\1\2\0\x0B".b)
    end
    assert_kind_of Integer, error.offset
  end

  def test_every_truncation_is_refused_or_valid
    whole = bytes("simple.wasm")
    (0...whole.bytesize).each do |size|
      Wherry::Module.new(whole.byteslice(0, size))
    rescue Wherry::MalformedError, Wherry::InvalidError => e
      refute_empty e.message
    end
  end

  def test_mutated_modules_do_not_crash
    whole = bytes("simple.wasm")
    random = Random.new(7)
    300.times do
      mutant = whole.dup
      3.times { mutant.setbyte(8 + random.rand(mutant.bytesize - 8), random.rand(256)) }
      guest = Wherry.load(mutant, fuel: 10_000)
      guest.exports.keys.each do |name|
        func = guest.exports[name]
        func.call(*Array.new(func.arity, 1)) if func.is_a?(Wherry::Func)
      rescue Wherry::Error
        next
      end
    rescue Wherry::Error
      next
    end
  end

  def test_missing_imports_are_all_named
    error = assert_raises(Wherry::LinkError) { Wherry.load(own("host.wasm")) }
    assert_match(/env\.on_word/, error.message)
    assert_match(/env\.add/, error.message)
    assert_match(/func \(i32, i32\) -> i32/, error.message)
    error = assert_raises(Wherry::LinkError) do
      Wherry.load(own("host.wasm"), imports: { env: { add: ->(a, b) { a + b } } })
    end
    assert_match(/on_word/, error.message)
    refute_match(/env\.add: missing/, error.message)
  end

  def test_mistyped_imports
    assert_raises(TypeError) { host(add: 5) }
    assert_raises(TypeError) { host(add: nil) }
    assert_raises(TypeError) { Wherry.load(own("host.wasm"), imports: { env: 5 }) }
    assert_raises(TypeError) { Wherry.load(own("host.wasm"), imports: 5) }
    store = Wherry::Store.new
    wrong = Wherry::Func.new(store, "i:i") { |x| x }
    error = assert_raises(Wherry::LinkError) do
      Wherry.load(own("host.wasm"), store: store, imports: { env: { add: wrong, on_word: wrong } })
    end
    assert_match(/env\.add/, error.message)
    assert_match(/env\.on_word/, error.message)
    assert_raises(Wherry::StateError) { host(add: wrong) }
  end

  def test_use_after_close
    guest = simple
    memory = guest.memory
    view = memory.uint8_view
    func = guest.exports["sum"]
    guest.close
    [-> { guest.sum(1, 2) }, -> { memory.read(0, 1) }, -> { memory.size }, -> { view[0] }, -> { view.to_a },
     -> { func.call(1, 2) }, -> { guest.exports["sum"] }, -> { memory.grow(1) }].each do |use|
      error = assert_raises(Wherry::StateError, &use)
      assert_match(/closed/, error.message)
      assert_equal :state, error.kind
    end
    wit = greet
    wit.close
    assert_raises(Wherry::StateError) { wit.greet("x") }
    assert_match(/closed/, memory.inspect)
  end

  def test_all_errors_are_wherry_errors
    %i[MalformedError InvalidError LinkError Trap Exit LimitError Interrupted TimeoutError ComponentError
       StateError].each { |name| assert_operator Wherry.const_get(name), :<, Wherry::Error }
  end

  def test_a_timeout_of_ruby_stops_a_guest
    guest = simple
    assert_raises(Timeout::Error) { Timeout.timeout(0.1) { guest.spin } }
    assert_equal 42, guest.answer
  end

  def test_other_threads_have_their_turn
    counter = 0
    thread = Thread.new { loop { (counter += 1) && Thread.pass } }
    assert_raises(Timeout::Error) { Timeout.timeout(0.5) { simple.spin } }
    assert_operator counter, :>, 0
  ensure
    thread.kill.join
  end

  def test_interrupt_from_another_thread
    guest = simple
    store = guest.instance.store
    thread = Thread.new { sleep(0.05) && store.interrupt }
    assert_raises(Wherry::Interrupted) { guest.spin }
    thread.join
    assert_equal 42, guest.answer
  end

  def test_a_signal_stops_a_guest
    guest = simple
    thread = Thread.new { sleep(0.05) && Process.kill(:INT, Process.pid) }
    assert_raises(Interrupt) { guest.spin }
    thread.join
    assert_equal 42, guest.answer
  end
end
