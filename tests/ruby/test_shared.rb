# frozen_string_literal: true

# Guests from beside the project, where they are there: what other compilers make of other languages.
require "helper"

Guests.skip_without_shared

class SharedGuestsTest < Minitest::Test
  include Guests

  def core(name)
    File.join(SHARED, "core", name)
  end

  def test_every_export_of_simple
    guest = Wherry.load(core("simple.wasm"))
    assert_equal 42, guest.sum(5, 37)
    assert_equal 42, guest.arity_0
    assert_equal(-7, guest.i32_i32(-7))
    assert_equal 2**40, guest.i64_i64(2**40)
    assert_equal 1.5, guest.f32_f32(1.5)
    assert_equal 0.1, guest.f64_f64(0.1)
    assert_equal 10.0, guest.i32_i64_f32_f64_f64(1, 2, 3, 4)
    assert_equal 1, guest.bool_casted_to_i32
    address = guest.string
    assert_equal "Hello, World!", guest.memory.read_string(address)
    assert_equal "Hello, World!", guest.memory.uint8_view(address)[0, 13].map(&:chr).join
    assert_equal "Hello, World!", guest.memory.read(address, 13)
    guest.memory.write(guest.buffer, "\1\2\3\4")
    assert_equal 10, guest.sum_bytes(guest.buffer, 4)
    assert_equal 3, guest.divide(7, 2)
    assert_raises(Wherry::Trap) { guest.divide(1, 0) }
    assert_raises(Wherry::Error) { guest.recurse(1) }
    assert_raises(Wherry::TimeoutError) { Wherry.load(core("simple.wasm"), timeout: 0.01).spin }
  end

  def test_machine
    machine = Wherry.load(core("machine.core.wasm"))
    assert_equal 123, machine.get_u32
    assert_equal "simple string to return", machine.get_str
    assert_equal "\5\4\3\2\1\n".b, machine.get_vec
    result = machine.run(7, { x: 1, y: 2 }, { x: 3, y: 4 })
    assert_equal 1, result.machine_id
    assert_equal "machine 7 run from Point { x: 1, y: 2 } to Point { x: 3, y: 4 }", result.message
    machine_id = (result in { machine_id: }) && machine_id
    assert_equal 1, machine_id
    assert_equal result, machine.run(7, start: { x: 1, y: 2 }, destination: machine.class::Point.new(x: 3, y: 4))
    assert_equal 25, machine.count_symbols("string with symbols (~25)")
    assert_equal "simple string to return", machine["xyz:machine/machine-interface"].get_str
    assert_equal "simple string to return", machine.exports["get-str"].call
    assert_raises(RangeError) { machine.run(-1, { x: 1, y: 2 }, { x: 3, y: 4 }) }
    assert_raises(RangeError) { machine.run(7, { x: 1, y: 2**32 }, { x: 3, y: 4 }) }
  end

  def kitchen(emit)
    mod = Wherry::Module.load(core("kitchen.core.wasm"))
    imports = mod.imports.group_by(&:module).transform_values do |list|
      list.to_h { |import| [import.name, import.type.include?("->") ? ->(*) { 0 } : ->(*) {}] }
    end
    imports["local:kitchen/log"]["emit"] = emit
    Wherry.load(mod, imports: imports)
  end

  def test_kitchen
    said = []
    guest = kitchen(lambda { |caller, color, address, size|
      said << [color, caller.memory.read_string(address, size)]
      20
    })
    assert_equal true, guest.echo_bool(true)
    assert_equal "\u{1F6F6}", guest.echo_char("\u{1F6F6}")
    assert_equal(-128, guest.echo_s8(-128))
    assert_equal (2**64) - 1, guest.echo_u64((2**64) - 1)
    assert_equal "gr\u00FCn", guest.echo_string("gr\u00FCn")
    assert_equal 10, guest.sum_bytes("\1\2\3\4")
    assert_equal "r:#{(1..17).to_a.join(",")}", guest.many(*1..17, "r")
    assert_equal [[11, 22]], guest.translate([{ x: 1, y: 2 }], { x: 10, y: 20 }).map { |point| point.to_h.values }
    assert_equal 40, guest.log_twice("hi")
    assert_equal(["hi 1", "hi 2"], said.map(&:last))
    assert_raises(Wherry::Trap) { guest.trap_now }
    error = assert_raises(Wherry::LinkError) { guest.divide(7, 2) }
    assert_match(/result<s32, err>/, error.message)
    boom = KeyError.new
    assert_same boom, assert_raises(KeyError) { kitchen(->(*) { raise boom }).log_twice("hi") }
  end

  def test_a_go_plugin_wants_what_it_wants
    error = assert_raises(Wherry::LinkError) { Wherry.load(core("go-plugin.wasm")) }
    assert_match(/host\.log/, error.message)
    assert_match(/wasi_snapshot_preview1\.\w+/, error.message)
  end

  def test_assemblyscript
    words = []
    env = { onWord: ->(caller, pointer) { words << caller.memory.view(:u16, offset: pointer, length: 2).to_a },
            abort: ->(*) { raise "aborted" } }
    guest = Wherry.load(core("as-text.wasm"), imports: { env: env })
    assert guest.respond_to?(:__new) || guest.exports.keys.include?("__new")
    assert_kind_of Wherry::Func, guest.exports["__new"]
  end
end
