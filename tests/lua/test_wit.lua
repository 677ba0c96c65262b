-- Guests that carry WIT: strings, lists and records, without a word about memory.
local T = require "testing"
local wherry = require "wherry"

local greet <const> = T.guest "greet"

T.test("strings in and out", function()
  local guest <close> = wherry.load(greet)
  T.equal(guest.greet "Ada", "Hello, Ada!")
  T.equal(guest.greet "", "Hello, !")
  T.equal(guest.greet "Ωμέγα €𝄞", "Hello, Ωμέγα €𝄞!")
  local long = ("x"):rep(100000)
  T.equal(guest.greet(long), "Hello, " .. long .. "!")
  T.equal(guest.greet "a\0b", "Hello, a\0b!")
  T.equal(guest.starts(), 1)
  T.equal(guest.in_use(), 0)
end)

T.test("lists", function()
  local guest <close> = wherry.load(greet)
  T.equal(guest.sum { 1, 2, 4294967295 }, 4294967298)
  T.equal(guest.sum {}, 0)
  T.equal(guest.scale({ 1, 2.5 }, 2), { 2.0, 5.0 })
  T.equal(guest.reverse "\1\2\3", "\3\2\1")
  T.equal(guest.reverse { 1, 2, 3 }, "\3\2\1")
  T.equal(guest.pick({ "a", "béc", "d" }, 1), "béc")
  T.raises("trap", "", guest.pick, { "a" }, 1)
end)

T.test("views are taken as lists of numbers", function()
  local guest <close> = wherry.load(greet)
  local memory = wherry.Memory(wherry.Store(), 1)
  memory:view("u32"):set(0, { 1, 2, 3 })
  T.equal(guest.sum(memory:view("u32", 0, 3)), 6)
  T.equal(guest.sum(memory:view("u8", 0, 9)), 6) -- another format, item by item
  T.equal(guest.reverse(memory:view("u8", 0, 5)), "\2\0\0\0\1")
  local view = memory:view("u32", 0, 3)
  view:close()
  T.raises("state", "the view is closed", guest.sum, view)
end)

T.test("tables with metamethods are taken as lists and records", function()
  local guest <close> = wherry.load(greet)
  local lazy = setmetatable({}, {
    __len = function() return 3 end,
    __index = function(_, index) return index * 10 end,
  })
  T.equal(guest.sum(lazy), 60)
  local person = setmetatable({ name = "Ada" }, { __index = { age = 36 } })
  T.equal(guest.describe(person), "Ada (36)")
end)

T.test("an error of a metamethod comes out, and the guest goes on", function()
  local guest <close> = wherry.load(greet)
  local marker = {}
  local bad = setmetatable({}, {
    __len = function() return 3 end,
    __index = function() error(marker) end,
  })
  for _ = 1, 20 do
    local ok, err = pcall(guest.sum, bad)
    T.equal(ok, false)
    T.same(err, marker)
  end
  T.equal(guest.sum { 1 }, 1)
  T.equal(guest.greet "Ada", "Hello, Ada!")
end)

T.test("records", function()
  local guest <close> = wherry.load(greet)
  T.equal(guest.middle({ x = 0, y = 0 }, { x = 10, y = -4 }), { x = 5, y = -2 })
  T.equal(guest.translate({ { x = 1, y = 2 }, { x = 3, y = 4 } }, { x = 10, y = 20 }),
    { { x = 11, y = 22 }, { x = 13, y = 24 } })
  T.equal(guest.describe { name = "Ada", age = 36 }, "Ada (36)")
  T.equal(guest.birthday { name = "Ada", age = 36 }, { name = "Ada", age = 37 })
  T.equal(guest.birthday { name = "Ada", age = 255 }.age, 0)
  T.equal(guest.in_use(), 0)
end)

T.test("every kind of value comes back as it was", function()
  local guest <close> = wherry.load(greet)
  T.equal(guest.echo_bool(true), true)
  T.equal(guest.echo_bool(false), false)
  for name, range in pairs {
    s8 = { -128, 127 }, u8 = { 0, 255 }, s16 = { -32768, 32767 }, u16 = { 0, 65535 },
    s32 = { -2147483648, 2147483647 }, u32 = { 0, 4294967295 },
    s64 = { math.mininteger, math.maxinteger }, u64 = { 0, math.maxinteger },
  } do
    local echo = guest["echo_" .. name]
    T.equal(echo(range[1]), range[1])
    T.equal(echo(range[2]), range[2])
    if not name:find "64" then
      T.raises("range", "%-?%d+ does not fit in " .. name, echo, range[1] - 1)
      T.raises("range", "%d+ does not fit in " .. name, echo, range[2] + 1)
    end
    T.raises("type", "expected " .. name .. ", got string", echo, "1")
    T.raises("type", "expected " .. name .. ", got 1.5", echo, 1.5)
  end
  T.equal(guest.echo_u64(-1), -1) -- as a bit pattern
  T.equal(guest.echo_f32(1.5), 1.5)
  T.equal(guest.echo_f64(0.1), 0.1)
  T.equal(guest.echo_f64(0 / 0), 0 / 0)
  for _, char in ipairs { "a", "é", "€", "𝄞", "\0", utf8.char(0x10FFFF) } do
    T.equal(guest.echo_char(char), char)
  end
  for _, bad in ipairs { "", "ab", "\xED\xA0\x80", "\xff", "é€" } do
    T.raises("range", "one character", guest.echo_char, bad)
  end
  T.raises("type", "expected char, got table", function() guest.echo_char({}) end)
  T.equal(guest.echo_string "a€b", "a€b")
  T.equal(guest.echo_bytes "\0\255", "\0\255")
end)

T.test("wrong values are errors with their path", function()
  local guest <close> = wherry.load(greet)
  T.raises("type", "greet%(%): parameter 1 %(name%): expected string, got table", function()
    guest.greet({})
  end)
  T.raises("range", "not well%-formed UTF%-8", guest.greet, "\xff")
  T.raises("range", "not well%-formed UTF%-8", guest.greet, "ab\xED\xA0\x80")
  T.raises("type", "greet%(%): expected 1 argument, got 0", guest.greet)
  T.raises("type", "greet%(%): expected 1 argument, got 2; exports are called with a dot",
    function() guest:greet "Ada" end)
  T.raises("type", "numbers%[3%]%): expected u32, got string", guest.sum, { 1, 2, "3" })
  T.raises("range", "numbers%[2%]%): %-1 does not fit in u32", guest.sum, { 1, -1 })
  T.raises("type", "expected list<u32>, got string", guest.sum, "123")
  T.raises("type", "%(b.y%): expected s32, got nil", guest.middle, { x = 1, y = 1 }, { x = 1 })
  T.raises("type", "%(path%[2%].x%): expected", guest.translate,
    { { x = 1, y = 1 }, { x = {}, y = 1 } }, { x = 1, y = 1 })
  T.raises("type", "expected person, got string", guest.describe, "Ada")
  T.raises("type", "expected bool, got nil", guest.echo_bool, nil)
  T.equal(guest.sum { 1, 2 }, 3)
end)

T.test("strings are UTF-8 exactly where Lua says so", function()
  local guest <close> = wherry.load(greet)
  local good = { "a", "é", "€", "𝄞", ("x"):rep(33),
    "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF" }
  local bad = { "\xff", "\xC3", "\xE2\x82", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC0\x80",
    "\xE0\x80\x80", "\xF0\x80\x80\x80", "\x80" }
  math.randomseed(7)
  for _ = 1, T.stress and 100 or 5000 do
    local parts = {}
    for i = 1, math.random(0, 6) do
      local pool = math.random(8) == 1 and bad or good
      parts[i] = pool[math.random(#pool)]
    end
    local text = table.concat(parts)
    T.equal(pcall(guest.echo_string, text), utf8.len(text) ~= nil)
  end
end)

T.test("a guest that breaks the Canonical ABI is found out", function()
  local guest <close> = wherry.load(greet)
  local err = T.raises("trap", "", guest.broken)
  T.equal(err.code, "rule of the Canonical ABI broken")
  T.raises("trap", "unreachable", guest.fail)
end)

T.test("names: snake case in fields, raw in exports, interfaces as tables", function()
  local guest <close> = wherry.load(greet)
  T.equal(guest.exports["in-use"](), 0)
  T.equal(guest.exports.in_use, nil)
  local module, geometry = guest.instance.module, nil
  for name, value in pairs(guest.exports) do
    if name:find "/geometry" then geometry = { name, value } end
  end
  T.same(guest[geometry[1]].middle, guest.middle)
  T.same(geometry[2].middle, guest.middle)
  T.raises("unlinkable", "did you mean 'greet'", function() return guest.great end)
  T.match(wherry.signature(guest.greet), "^func%(name: string%) %-> string$")
  T.match(wherry.signature(guest.translate),
    "^func%(path: list<point>, by: point%) %-> list<point>$")
  T.equal(wherry.type(guest.greet), "function")
  T.equal(wherry.type(module), "Module")
  assert(guest.instance.exports.cabi_realloc)
end)

T.test("machine.core.wasm: all five functions", function()
  local machine <close> = wherry.load(T.shared "core/machine.core.wasm")
  T.equal(machine.get_u32(), 123)
  T.equal(machine.get_str(), "simple string to return")
  T.equal(machine.get_vec(), "\5\4\3\2\1\10")
  local result = machine.run(7, { x = 1, y = 2 }, { x = 3, y = 4 })
  T.equal(result, {
    machine_id = 1,
    message = "machine 7 run from Point { x: 1, y: 2 } to Point { x: 3, y: 4 }",
  })
  T.equal(machine.count_symbols "string with symbols (~25)", 25)
  T.equal(machine["xyz:machine/machine-interface"].get_str(), "simple string to return")
  T.equal(machine.exports["get-str"](), "simple string to return")
end)

T.test("the shared simple.wasm: every export", function()
  local guest <close> = wherry.load(T.shared "core/simple.wasm")
  T.equal(guest.sum(5, 37), 42)
  T.equal(guest.arity_0(), 42)
  T.equal(guest.i32_i32(-7), -7)
  T.equal(guest.i64_i64(1 << 40), 1 << 40)
  T.equal(guest.f32_f32(0.5), 0.5)
  T.equal(guest.f64_f64(0.1), 0.1)
  T.equal(guest.i32_i64_f32_f64_f64(1, 2, 3.5, 4.25), 10.75)
  T.equal(guest.bool_casted_to_i32(), 1)
  T.equal(guest.memory:read_string(guest.string()), "Hello, World!")
  guest.memory:write(guest.buffer(), "\1\2\3")
  T.equal(guest.sum_bytes(guest.buffer(), 3), 6)
  T.raises("trap", "integer divide by zero", guest.divide, 1, 0)
  T.raises("trap", "", guest.recurse, 1) -- its own stack in memory ends first
end)

T.test("types that come later stop the functions that use them, and no other", function()
  local function zero() return 0 end
  local guest <close> = wherry.load(T.shared "core/kitchen.core.wasm", {
    imports = {
      ["[export]local:kitchen/api"] = {
        ["[resource-drop]counter"] = function() end,
        ["[resource-new]counter"] = zero,
        ["[resource-rep]counter"] = zero,
      },
      ["local:kitchen/log"] = { emit = zero },
    },
  })
  T.equal(guest.sum_bytes("\1\2\3\4"), 10)
  T.raises("unlinkable", "does not take yet", guest.divide, 1, 0)
end)

T.test("WIT of its own", function()
  local text <const> =
    "package a:b; world v {} world w { export greet: func(name: string) -> string; }"
  local guest <close> = wherry.load(greet, { wit = text, world = "w" })
  T.equal(guest.greet "Ada", "Hello, Ada!")
  T.equal(guest.exports.starts, nil)
  T.raises("unlinkable", "has several worlds", wherry.load, greet, { wit = text })
  T.raises("malformed", "expected ':'", wherry.load, greet, { wit = "package a;" })
  T.raises("type", "wit: expected a string, got number", wherry.load, greet, { wit = 1 })
  local module = wherry.Module(greet)
  module:set_wit(text, "w")
  T.raises("state", "asked for already", module.set_wit, module, text, "w")
end)
