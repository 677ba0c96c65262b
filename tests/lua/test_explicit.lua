-- The explicit level: Engine, Config, Module, Store, Linker, Instance, Func, Memory, Table, Global.
local T = require "testing"
local wherry = require "wherry"

T.test("Instance(bytes) is the short way", function()
  local instance = wherry.Instance(T.bytes(T.guest "simple"))
  T.equal(instance.exports.sum(5, 37), 42)
  T.equal(instance.memory:read_string(instance.exports.string()), "Hello, World!")
  T.equal(wherry.Instance(T.guest "fib").exports.fib(20), 6765)
end)

T.test("Engine, Module, Store, Instance", function()
  local engine = wherry.Engine()
  local module = wherry.Module(engine, T.guest "simple")
  local store <close> = wherry.Store(engine)
  local one = wherry.Instance(store, module)
  local two = wherry.Instance(store, module)
  T.equal(one.exports.count(), 1)
  T.equal(one.exports.count(), 2)
  T.equal(two.exports.count(), 1)
  T.same(one.store, store)
  T.equal(wherry.type(one.module), "Module")
  T.equal(one.module.exports, module.exports)
end)

T.test("a module tells its imports, exports and sections", function()
  local module = wherry.Module(T.guest "host")
  local names = {}
  for _, import in ipairs(module.imports) do names[import.name] = import end
  T.equal(names.add,
    { module = "env", name = "add", kind = "func", type = "func (i32, i32) -> i32" })
  names = {}
  for _, export in ipairs(module.exports) do names[export.name] = export.kind end
  T.equal(names.add_twice, "func")
  T.equal(names.memory, "memory")
  T.equal(type(module:custom_section "name"), "string")
  T.equal(module:custom_section "no such", nil)
end)

T.test("imports by name", function()
  local engine = wherry.Engine()
  local store <close> = wherry.Store(engine)
  local module = wherry.Module(engine, T.guest "values")
  local global = wherry.Global(store, wherry.Value.i32(7))
  local instance = wherry.Instance(store, module, { env = { offset = global } })
  T.equal(instance.exports.with_offset(3), 10)
  T.raises("unlinkable", "offset", wherry.Instance, store, module)
  T.raises("unlinkable", "offset", wherry.Instance, store, module,
    { env = { offset = wherry.Global(store, wherry.Value.i64(7)) } })
  T.raises("unlinkable", "env.offset: global i32 wanted, string given", wherry.Instance, store,
    module, { env = { offset = "seven" } })
end)

T.test("Linker", function()
  local engine = wherry.Engine()
  local linker = wherry.Linker(engine)
  local store <close> = wherry.Store(engine)
  linker:define("env", "add", function(x, y) return x + y end):define("env", "on_word", print)
  local module = wherry.Module(engine, T.guest "host")
  T.equal(linker:instantiate(store, module).exports.add_twice(1, 20), 41)
  local other <close> = wherry.Store(engine)
  T.equal(linker:instantiate(other, module).exports.add_twice(1, 20), 41)
  T.same(linker:get(store, "env", "on_word"), print)

  local simple = wherry.Instance(store, wherry.Module(engine, T.guest "simple"))
  linker:define("env", "add", simple.exports.sum)
  T.equal(linker:instantiate(store, module).exports.add_twice(1, 20), 41)
  linker:define_instance("simple", simple)
  T.equal(linker:get(store, "simple", "sum")(5, 37), 42)
  T.raises("unlinkable", "", linker.get, linker, store, "simple", "no_such")
  T.raises("type", "expected a function, memory, table, global or tag, got string", linker.define,
    linker, "env", "add", "text")
  T.raises("unlinkable", "add", function()
    wherry.Linker(engine):instantiate(store, module)
  end)
end)

T.test("Func has the type it is given", function()
  local store <close> = wherry.Store()
  local add = wherry.Func(store, "il:l", function(x, y) return x + y end)
  T.equal(add(1, 2), 3)
  T.equal(wherry.signature(add), "func (i32, i64) -> i64")
  T.raises("range", "does not fit in i32", add, 1 << 40, 1)
  T.raises("type", "", wherry.Func, store, "ix:i", print)
  T.raises("type", "expected a function, got nil", wherry.Func, store, "i:i")
  local swap = wherry.Func(store, "ld:dl", function(x, y) return y, x end)
  T.equal({ swap(1, 2) }, { 2.0, 1 })
end)

T.test("Memory", function()
  local store <close> = wherry.Store()
  local memory = wherry.Memory(store, 1, 2)
  memory:write(65530, "abcdef")
  T.equal(memory:read(65530, 6), "abcdef")
  T.equal(memory:grow(1), 1)
  T.raises("limit", "", memory.grow, memory, 1)
  T.raises("range", "", wherry.Memory, store, 2, 1)
  T.raises("range", "minimum: %-1 is negative", wherry.Memory, store, -1)
  T.raises("type", "minimum: expected an integer, got nil", wherry.Memory, store)
  T.raises("type", "expected wherry.Store, got number", wherry.Memory, 1)
  T.match(memory, "131072 bytes")
end)

T.test("Global", function()
  local store <close> = wherry.Store()
  local global = wherry.Global(store, wherry.Value.i64(7), { mutable = true })
  T.equal({ global.value, global.type, global.mutable }, { 7, "i64", true })
  global.value = -1
  T.equal(global.value, -1)
  T.raises("type", "expected i64, got string", function() global.value = "x" end)
  T.raises("type", "expected i64, got 1.5", function() global.value = 1.5 end)
  local fixed = wherry.Global(store, wherry.Value.f32(1.5))
  T.equal(fixed.value, 1.5)
  T.raises("type", "", function() fixed.value = 2 end)
  T.raises("type", "expected a wherry.Value, got number", wherry.Global, store, 7)
  local guest <close> = wherry.load(T.guest "values", { imports = { env = { offset = 0 } } })
  T.equal(guest.answer.value, 42)
  guest.count()
  T.equal(guest.counter.value, 1)
  guest.counter.value = 41
  T.equal(guest.count(), 42)
end)

T.test("Table", function()
  local guest <close> = wherry.load(T.guest "values", { imports = { env = { offset = 0 } } })
  local functions = guest.table
  T.equal(#functions, 4)
  T.equal(functions[0](21), 42)
  T.equal(functions:get(1)(21), -21)
  T.equal(functions[2], nil)
  functions[2] = guest.double
  T.equal(guest.apply(2, 4), 8)
  functions:set(2, nil)
  T.raises("trap", "uninitialized element", guest.apply, 2, 1)
  T.equal(functions:grow(2, guest.negate), 4)
  T.equal(functions[5](3), -3)
  T.raises("range", "", functions.get, functions, 6)
  T.raises("range", "", functions.get, functions, -1)
  T.raises("limit", "", functions.grow, functions, 100)
  T.raises("type", "a Lua function, whose type is not known", functions.set, functions, 2, print)
  functions[3] = wherry.Func(guest.instance.store, "i:i", function(x) return x + 100 end)
  T.equal(guest.apply(3, 5), 105)

  local store <close> = wherry.Store()
  local any = wherry.Table(store, "externref", 2, 10, "initial")
  T.equal(any[1], "initial")
  any[0] = any
  T.same(any[0], any)
  T.raises("type", "funcref or externref, not i32", wherry.Table, store, "i32", 1)
end)

T.test("references: any value comes back as itself", function()
  local guest <close> = wherry.load(T.guest "values", { imports = { env = { offset = 0 } } })
  local thread = coroutine.create(print)
  for _, value in ipairs { {}, "text", 7, 1.5, true, false, print, guest, thread } do
    T.same(guest.same(value), value)
  end
  T.equal(guest.same(nil), nil)
  T.equal(guest.is_null(nil), 1)
  T.equal(guest.is_null(false), 0)
  T.equal(guest.pick(0)(21), 42)
  T.same(guest.pick(0), guest.double)
  T.equal(guest.pick(2), nil)
  guest.put(2, guest.negate)
  T.equal(guest.apply(2, 3), -3)
  guest.put(2, nil)
  T.equal(guest.pick(2), nil)
  T.raises("type", "expected funcref, got string", guest.put, 2, "f")
  local other <close> = wherry.load(T.guest "simple")
  T.raises("state", "", guest.put, 2, other.sum)
end)

T.test("host functions take and give references", function()
  local store <close> = wherry.Store()
  local log = {}
  local first = wherry.Func(store, "rc:rc", function(ref, f)
    log[#log + 1] = ref
    return f, f
  end)
  local double = wherry.Func(store, "i:i", function(x) return 2 * x end)
  local marker = {}
  local ref, f = first(marker, double)
  T.same(log[1], marker)
  T.same(ref, double)
  T.equal(f(4), 8)
  T.equal({ first(nil, nil) }, {})
end)

T.test("values of different stores do not mix", function()
  local one <close> = wherry.Store()
  local two <close> = wherry.Store()
  local linker = wherry.Linker()
  local global = wherry.Global(one, wherry.Value.i32(7))
  local module = wherry.Module(T.guest "values")
  linker:define("env", "offset", global)
  local ok, err = pcall(linker.instantiate, linker, two, module)
  T.equal(ok, false)
  assert(err.kind == "state" or err.kind == "unlinkable", err.kind)
end)

T.test("Config", function()
  local engine = wherry.Engine { features = { tail_call = false, ["bulk-memory"] = true } }
  T.equal(wherry.load(T.guest "fib", { engine = engine }).fib(10), 55)
  local small = wherry.Engine(wherry.Config { stack_size = "64 KB", call_depth = 5, tick = 1000 })
  local guest <close> = wherry.load(T.guest "simple", { engine = small })
  T.raises("trap", "stack", guest.recurse, 1)
  T.raises("type", "unknown option 'stack'", wherry.Config, { stack = 1 })
  T.raises("range", 'no feature "warp"; there are multi%-value, ', wherry.Config,
    { features = { warp = true } })
  T.raises("range", 'did you mean "tail%-call"', wherry.Config, { features = "-simd,tail-cal" })
  T.raises("type", "got a key of type number", wherry.Config, { features = { "simd" } })
  T.raises("range", "", wherry.Config, { stack_size = 1 })
end)

T.test("deterministic NaNs", function()
  local text = '(func (export "f") (result i32) (i32.reinterpret_f32 (f32.sqrt (f32.const -1))))'
  local engine = wherry.Engine { deterministic = true }
  T.equal(wherry.load({ wat = text }, { engine = engine }).f(), 0x7FC00000)
end)

T.test("features that a module needs", function()
  local features = wherry.Module(T.guest "vector").features
  T.equal(table.concat(features, " "), "multi-value mutable-globals simd")
  T.equal(#wherry.Module(T.guest "fib").features, 0)
end)

T.test("features bring what they need", function()
  local config = wherry.Config { features = { simd = false, tail_call = false } }
  T.equal(config.features["relaxed-simd"], false)
  T.equal(config.features["tail-call"], false)
  T.equal(config.features["multi-value"], true)
  local engine = wherry.Engine { features = "none,+relaxed-simd" }
  local on = {}
  for name, is in pairs(engine.features) do
    if is then on[#on + 1] = name end
  end
  table.sort(on)
  T.equal(table.concat(on, " "), "relaxed-simd simd")
  T.raises("type", "an engine has no field 'feature'", function() return engine.feature end)
end)

T.test("Store: fuel, limits, interrupt", function()
  local store = wherry.Store(nil, { fuel = 1000000 })
  local instance = wherry.Instance(store, wherry.Module(T.guest "simple"))
  instance.exports.sum(1, 2)
  assert(store.fuel < 1000000)
  store.fuel = 1000
  T.equal(T.raises("limit", "", instance.exports.spin).limit, "fuel")
  store.fuel = 1000000000
  store:interrupt()
  T.raises("interrupted", "", instance.exports.spin)
  assert(store.memory_used >= 65536)
  T.equal(store.closed, false)
  store:close()
  T.equal(store.closed, true)
  T.raises("state", "closed", instance.exports.sum, 1, 2)
  T.raises("state", "closed", wherry.Memory, store, 1)
  T.raises("type", "a store has no field 'fule'", function() return store.fule end)
end)

T.test("wherry.raw has the rest of the C ABI", function()
  local raw = require "wherry.raw"
  local module = wherry.Module(T.guest "host")
  T.equal(raw.version(), wherry.version)
  T.equal(raw.module_import_count(module), #module.imports)
  T.equal(raw.module_import_name(module, 0), module.imports[1].name)
  T.equal(raw.extern_kind_name(raw.externtype_kind(raw.module_import_type(module, 0))), "func")
  T.equal(raw.externtype_print(raw.module_import_type(module, 0)), module.imports[1].type)
  local engine = raw.engine_new(nil)
  T.equal(wherry.type(engine), "Engine")
  local store = raw.store_new(engine)
  raw.store_set_fuel(store, 1000)
  T.equal(raw.store_fuel(store), 1000)
  local global = raw.global_new(store, wherry.Value.i32(7), true)
  T.equal(global.value, 7)
  local kind, mutable = raw.global_type(global)
  T.equal({ kind, mutable }, { "i32", true })
  local memory = raw.memory_new(store, 1, 2)
  T.equal({ raw.memory_limits(memory) }, { 1, 2 })
  raw.store_set_fuel(store, -1) -- 2^64 - 1: none
  local instance = wherry.Instance(store, raw.module_new(engine, T.bytes(T.guest "simple")))
  T.equal(raw.module_find_export(raw.instance_module(instance), "no such"), -1)
  T.equal(raw.instance_find(instance, "sum")(5, 37), 42)
  T.raises("unlinkable", "summ", raw.instance_find, instance, "summ")
  T.raises("type", "expected wherry.Module, got wherry.Store", raw.module_import_count, store)
  T.raises("range", "does not fit in u32", raw.config_set_call_depth, raw.config_new(), -1)
  T.equal(rawget(_G, "wherry_raw"), nil)
end)
