# frozen_string_literal: true

require "helper"

class ExplicitTest < Minitest::Test
  include Guests

  def test_the_whole_way
    config = Wherry::Config.new
    config.stack_size = 1 << 20
    engine = Wherry::Engine.new(config)
    mod = Wherry::Module.new(engine, bytes("host.wasm"))
    store = Wherry::Store.new(engine, memory_limit: "1 MB")
    linker = Wherry::Linker.new(engine)
    linker.define("env", "add", "ii:i") { |a, b| a + b }
    linker.define(:env, :on_word, [:i32, :i32] => []) { |caller, address, size| caller.memory.read(address, size) }
    instance = linker.instantiate(store, mod)
    assert_equal 41, instance.exports.add_twice(1, 20)
    assert_equal 5, instance.exports.words
    assert_equal mod, instance.module
    assert_equal store, instance.store
    assert_equal engine, store.engine
    assert_equal 65_536, instance.memory.size
    assert_equal 65_536, store.memory_used
  end

  def test_a_linker_serves_many_stores
    linker = Wherry::Linker.new
    calls = 0
    linker.define("env", "add", "ii:i", ->(a, b) { (calls += 1) && a + b })
    linker.define("env", "on_word", "ii:", ->(*) {})
    mod = Wherry::Module.load(own("host.wasm"))
    guests = Array.new(3) { linker.instantiate(Wherry::Store.new, mod) }
    linker = nil
    GC.start
    guests.each { |guest| assert_equal 41, guest.exports.add_twice(1, 20) }
    assert_equal 6, calls
    boom = KeyError.new
    other = Wherry::Linker.new
    other.define("env", "add", "ii:i") { raise boom }
    other.define("env", "on_word", "ii:") { throw :out, 3 }
    guest = Wherry.load(own("host.wasm"), imports: other)
    assert_same boom, assert_raises(KeyError) { guest.add_twice(1, 2) }
    assert_equal 3, catch(:out) { guest.words }
  end

  def test_a_linker_knows_instances_and_entities
    store = Wherry::Store.new
    linker = Wherry::Linker.new
    linker.define("env", "offset", Wherry::Global.new(store, Wherry::Value.i32(7)))
    mod = Wherry::Module.load(own("values.wasm"))
    instance = linker.instantiate(store, mod)
    assert_equal 8, instance.exports.with_offset(1)
    linker.define("other", instance)
    error = assert_raises(Wherry::LinkError) { Wherry::Linker.new.instantiate(store, mod) }
    assert_match(/env\.offset/, error.message)
    assert_raises(TypeError) { linker.define("env", "x", 5) }
    assert_raises(TypeError) { linker.define("env", 5) }
    assert_raises(TypeError) { linker.define("env", "f", "i:", 5) }
    assert_raises(TypeError) { linker.define("env", "f", "x:") {} }
  end

  def test_imports_in_order_and_from_a_guest
    store = Wherry::Store.new
    mod = Wherry::Module.load(own("values.wasm"))
    global = Wherry::Global.new(store, Wherry::Value.i32(7))
    assert_equal 8, Wherry::Instance.new(store, mod, [global]).exports.with_offset(1)
    assert_equal 8, Wherry::Instance.new(store, mod, [7]).exports.with_offset(1)
    assert_raises(Wherry::LinkError) { Wherry::Instance.new(store, mod, []) }
    assert_raises(ArgumentError, Wherry::LinkError) { Wherry::Instance.new(store, mod, [1, 2]) }
    assert_raises(Wherry::LinkError) { Wherry::Instance.new(store, mod) }
    host = Wherry::Module.load(own("host.wasm"))
    provider = Wherry::Instance.new(store, Wherry::Module.load(own("simple.wasm")))
    imports = { env: { add: provider.exports["sum"], on_word: ->(*) {} } }
    assert_equal 41, Wherry::Instance.new(store, host, imports).exports.add_twice(1, 20)
    error = assert_raises(Wherry::LinkError) { Wherry::Instance.new(store, host, { env: provider }) }
    assert_match(/env\.add/, error.message)
  end

  def test_modules_tell_what_they_want_and_give
    mod = Wherry::Module.load(own("host.wasm"))
    assert_equal [["env", "on_word", :func, "func (i32, i32)"],
                  ["env", "add", :func, "func (i32, i32) -> i32"]], mod.imports.map(&:to_a).sort.reverse
    words = mod.exports.find { |item| item.name == "words" }
    assert_equal [:func, "func () -> i32"], [words.kind, words.type]
    assert_equal 1, Wherry::Module.load(own("greet.wasm")).custom_sections("component-type").size
    assert_match(/exports/, mod.inspect)
  end

  def test_one_module_many_instances
    mod = Wherry::Module.load(own("simple.wasm"))
    guests = Array.new(3) { Wherry.load(mod) }
    guests.each { |guest| assert_equal 1, guest.count }
    assert_equal 2, guests[0].count
    assert_equal 1, guests.map { |guest| guest.class.object_id }.uniq.size
  end

  def test_fuel_is_counted
    guest = Wherry.load(own("simple.wasm"), fuel: 100_000)
    before = guest.instance.store.fuel
    guest.sum(1, 2)
    assert_operator guest.instance.store.fuel, :<, before
    guest.instance.store.fuel = 0
    assert_equal :fuel, assert_raises(Wherry::LimitError) { guest.sum(1, 2) }.limit
  end

  def test_features_can_be_switched_off
    config = Wherry::Config.new.feature("multi-value", false)
    assert_raises(Wherry::InvalidError) { Wherry::Module.new(Wherry::Engine.new(config), bytes("values.wasm")) }
    error = assert_raises(ArgumentError) { config.feature("telepathy", true) }
    assert_match(/no feature "telepathy"; there are multi-value, /, error.message)
    error = assert_raises(ArgumentError) { config.features = "-simd,tail-cal" }
    assert_match(/did you mean "tail-call"\?/, error.message)
    assert_equal true, config.features["simd"]
  end

  def test_deterministic_nans
    config = Wherry::Config.new
    config.deterministic = true
    text = '(func (export "f") (result i32) (i32.reinterpret_f32 (f32.sqrt (f32.const -1))))'
    assert_equal 0x7FC00000, Wherry.load(wat: text, engine: Wherry::Engine.new(config)).f
  end

  def test_features_that_a_module_needs
    assert_equal %w[multi-value mutable-globals simd], Wherry::Module.load(own("vector.wasm")).features
    assert_equal [], Wherry::Module.load(own("fib.wasm")).features
  end

  def test_features_bring_what_they_need
    config = Wherry::Config.new.feature(:simd, false)
    config.features = {tail_call: false}
    assert_equal [false, false, false, true],
                 config.features.values_at("simd", "relaxed-simd", "tail-call", "multi-value")
    config.features = "none,+relaxed-simd"
    assert_equal %w[simd relaxed-simd], Wherry::Engine.new(config).features.select { |_, on| on }.keys
  end

  def test_options_that_make_no_sense
    config = Wherry::Config.new
    assert_raises(RangeError) { config.stack_size = 1 }
    assert_raises(RangeError) { config.stack_size = -1 }
    assert_raises(TypeError) { config.stack_size = "1" }
    assert_raises(TypeError) { Wherry::Engine.new(5) }
    assert_raises(TypeError) { Wherry::Module.new(5, "x") }
    assert_raises(TypeError) { Wherry::Module.new(nil) }
    assert_raises(ArgumentError) { Wherry::Engine.allocate.then { |engine| Wherry::Store.new(engine) } }
    assert_raises(ArgumentError) { Wherry::Store.allocate.fuel }
    assert_raises(ArgumentError) { Wherry::Module.allocate.exports }
    assert_raises(NoMethodError) { Wherry::Store.new.dup }
    assert_raises(NoMethodError) { Wherry::Module.load(own("fib.wasm")).clone }
  end

  def test_stores_do_not_mix
    one = Wherry::Store.new
    memory = Wherry::Memory.new(one, 1)
    func = Wherry::Func.new(one, ":") {}
    table = Wherry::Table.new(Wherry::Store.new, :funcref, 1)
    assert_raises(Wherry::StateError) { table[0] = func }
    assert_raises(Wherry::StateError) do
      Wherry.load(own("host.wasm"), imports: { env: { add: func, on_word: func } })
    end
    assert_raises(Wherry::StateError) { Wherry.load(own("values.wasm"), imports: { env: { offset: memory } }) }
  end

  def test_tables_of_objects
    store = Wherry::Store.new
    object = Object.new
    table = Wherry::Table.new(store, :externref, 2, 4, object)
    assert_same object, table[1]
    table[0] = "text"
    assert_equal "text", table[0]
    assert_equal 2, table.grow(2, [1])
    assert_equal [1], table[3]
    assert_raises(Wherry::LimitError) { table.grow(1) }
    assert_raises(ArgumentError) { Wherry::Table.new(store, :i7, 1) }
    assert_raises(TypeError) { Wherry::Table.new(store, :i32, 1, nil, 1) }
  end
end

# The breadth: what SWIG makes of the headers.
class RawTest < Minitest::Test
  include Guests

  Raw = Wherry::Raw

  def test_handles_are_the_shims_own
    config = Raw.config_new
    assert_kind_of Wherry::Config, config
    engine = Raw.engine_new(config)
    assert_kind_of Wherry::Engine, engine
    mod = Raw.module_new(engine, bytes("simple.wasm"))
    assert_kind_of Wherry::Module, mod
    store = Raw.store_new(engine)
    assert_kind_of Wherry::Store, store
    assert_kind_of Wherry::Linker, linker = Raw.linker_new(engine)
    assert_kind_of Wherry::Instance, instance = Raw.linker_instantiate(linker, store, mod)
    assert_equal 42, instance.exports.sum(5, 37)
    assert_kind_of Wherry::Engine, Raw.store_engine(store)
    assert_kind_of Wherry::Module, Raw.instance_module(instance)
    [nil, 5, "x", store].each { |wrong| assert_raises(TypeError) { Raw.module_name(wrong) } }
  end

  def test_integers_are_whole
    store = Wherry::Store.new
    Raw.store_set_fuel(store, 2**64 - 1)
    assert_equal 2**64 - 1, Raw.store_fuel(store)
    assert_raises(RangeError) { Raw.store_set_fuel(store, 2**64) }
    assert_raises(RangeError) { Raw.store_set_fuel(store, -1) }
    assert_raises(TypeError) { Raw.store_set_fuel(store, 1.0) }
    assert_raises(TypeError) { Raw.config_set_feature(Wherry::Config.new, 0, nil) }
  end

  def test_out_parameters_are_results
    store = Wherry::Store.new
    memory = Wherry::Memory.new(store, 1, 5)
    assert_equal [1, 5], Raw.memory_limits(memory)
    assert_equal 1, Raw.memory_grow(memory, 2)
    global = Wherry::Global.new(store, Wherry::Value.i64(7), mutable: true)
    assert_equal [:i64, true], Raw.global_type(global)
    assert_equal 7, Raw.global_get(global)
    assert_nil Raw.global_set(global, Wherry::Value.i64(8))
    assert_equal 8, global.value
    assert_raises(TypeError) { Raw.global_get(memory) }
    func = simple.exports["sum"]
    assert_equal [1, "sum"], Raw.func_describe(func).then { |_, name| [1, name] }
    assert_equal "func (i32, i32) -> i32", Raw.func_type(func).to_s
  end

  def test_parts_keep_the_whole
    part = Raw.module_export_type(Wherry::Module.load(own("simple.wasm")), 1)
    GC.start
    assert_equal "func (i32, i32) -> i32", Raw.externtype_print(part)
    world = Raw.module_world(Wherry::Module.load(own("greet.wasm")))
    GC.start
    names = Array.new(Raw.world_export_count(world)) { |i| Raw.witfunc_name(Raw.world_export(world, i)) }
    assert_includes names, "echo-bool"
    assert_nil Raw.module_world(Wherry::Module.load(own("fib.wasm")))
    assert_raises(TypeError) { Raw.world_name(part) }
  end

  def test_texts
    assert_match(/\A\d+\.\d+\.\d+\z/, Wherry::VERSION)
    assert_equal "unreachable", Raw.trap_code_name(Raw::TRAP_UNREACHABLE)
    assert_equal "malformed", Raw.error_kind_name(1)
    assert_equal "i64", Raw.valtype_name(:i64)
    assert_equal "func (i32) -> f64", Raw.functype_print(Raw.functype_parse("i:d"))
    assert_nil Raw.feature_name(1000)
    assert_raises(TypeError) { Raw.functype_parse("?") }
  end

  def test_externs
    instance = simple.instance
    assert_equal 42, Raw.instance_find(instance, "sum").call(5, 37)
    assert_raises(Wherry::LinkError) { Raw.instance_find(instance, "summ") }
    linker = Wherry::Linker.new
    Raw.linker_define(linker, "env", "f", instance.exports["sum"])
    assert_equal 42, Raw.linker_get(linker, instance.store, "env", "f").call(5, 37)
  end
end
