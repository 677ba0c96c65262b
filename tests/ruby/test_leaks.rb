# frozen_string_literal: true

# The process gets no bigger by what it does often.
require "helper"

if ENV.fetch("ASAN_OPTIONS", nil)
  puts "skipped: a sanitizer keeps freed memory, so the size of the process tells nothing"
  exit! 77
end

class LeakTest < Minitest::Test
  include Guests

  # Runs a block often, looks at the process, runs it often again: it must not have grown by more than
  # a few megabytes.
  def refute_growth(times, slack: 6 << 20)
    times.times { yield }
    GC.start
    before = resident
    times.times { yield }
    GC.start
    assert_operator resident - before, :<, slack
  end

  def test_calls
    guest = simple
    refute_growth(100_000) { guest.sum(5, 37) }
    refute_growth(100_000) { guest.echo_i64(2**62) }
  end

  def test_callbacks
    guest = host
    refute_growth(100) { guest.add_up(1001) }
    guest = host(on_word: ->(caller, address, size) { caller.memory.read(address, size) })
    refute_growth(20_000) { guest.words }
  end

  def test_instantiations
    mod = Wherry::Module.load(own("simple.wasm"))
    refute_growth(50_000) { Wherry.load(mod).sum(5, 37) }
    refute_growth(5_000) { Wherry.load(mod, &:memory) }
  end

  def test_modules
    data = bytes("simple.wasm")
    refute_growth(5_000) { Wherry.load(data).sum(5, 37) }
  end

  def test_instances_with_host_functions
    mod = Wherry::Module.load(own("host.wasm"))
    refute_growth(10_000) do
      Wherry.load(mod, imports: { env: { add: ->(a, b) { a + b }, on_word: ->(*) {} } }).add_twice(1, 2)
    end
  end

  def test_exceptions_and_traps
    guest = host(add: ->(*) { raise KeyError })
    refute_growth(10_000) { guest.add_twice(1, 2) rescue nil }
    guest = simple
    refute_growth(10_000) { guest.divide(1, 0) rescue nil }
    refute_growth(10_000) { guest.sum(1, nil) rescue nil }
    thrower = host(on_word: ->(*) { throw :out })
    refute_growth(10_000) { catch(:out) { thrower.words } }
  end

  def test_component_values
    guest = greet
    refute_growth(20_000) { guest.greet("Ada") }
    refute_growth(5_000) { guest.translate([{ x: 1, y: 2 }] * 10, { x: 1, y: 1 }) }
    text = "\u00E4" * 30_000
    refute_growth(1_000) { guest.echo_string(text) }
  end

  def test_views
    memory = simple.memory
    refute_growth(50_000) { memory.uint8_view(16)[0, 4].to_a }
  end
end
