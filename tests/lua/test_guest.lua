-- The short level: load, exports, calls, names.
local T = require "testing"
local wherry = require "wherry"

local simple <const> = T.guest "simple"

T.test("sets no globals", function()
  require "wherry.raw"
  for name in pairs(_G) do
    assert(not name:find "swig" and not name:find "wherry", name)
  end
end)

T.test("calls every export of simple.wasm", function()
  local guest <close> = wherry.load(simple)
  T.equal(guest.sum(5, 37), 42)
  T.equal(guest.sum(2147483647, 1), -2147483648)
  T.equal(guest.answer(), 42)
  T.equal(guest.echo_i32(-1), -1)
  T.equal(guest.echo_i64(math.mininteger), math.mininteger)
  T.equal(guest.echo_f32(1.5), 1.5)
  T.equal(guest.echo_f64(0.1), 0.1)
  T.equal(guest.mixed(1, 2, 3.5, 4.25), 10.75)
  T.equal(guest.sum_bytes(guest.buffer(), 4), 0)
  T.equal(guest.count(), 1)
  T.equal(guest.count(), 2)
  T.equal(guest.divide(7, 2), 3)
  T.equal(guest.buffer_size(), 1024)
  T.equal(guest.read_at(guest.string()), ("H"):byte())
  T.equal(guest.recurse(-100), 100)
end)

T.test("a function that returns nothing returns nothing", function()
  local guest <close> = wherry.load(simple)
  T.equal(select("#", guest.nothing()), 0)
end)

T.test("functions may return several results", function()
  local guest <close> = wherry.load(T.guest "values", { imports = { env = { offset = 5 } } })
  T.equal({ guest.swap(1, 2) }, { 2, 1 })
  T.equal({ guest.divmod(17, 5) }, { 3, 2 })
  T.equal(guest.with_offset(10), 15)
end)

T.test("loads bytes as well as files", function()
  local guest <close> = wherry.load(T.bytes(simple))
  T.equal(guest.sum(5, 37), 42)
end)

T.test("two guests do not share state", function()
  local one <close> = wherry.load(simple)
  local two <close> = wherry.load(simple)
  T.equal(one.count(), 1)
  T.equal(one.count(), 2)
  T.equal(two.count(), 1)
end)

T.test("exports holds what the guest exports, and nil for what it does not", function()
  local guest <close> = wherry.load(simple)
  T.same(guest.exports.sum, guest.sum)
  T.equal(guest.exports.no_such, nil)
  T.equal(guest.exports.close, nil)
  T.equal(wherry.type(guest.exports.memory), "Memory")
  local names = {}
  for name in pairs(guest.exports) do names[name] = true end
  assert(names.sum and names.spin and not names.instance)
end)

T.test("a typo is an error that suggests near names", function()
  local guest <close> = wherry.load(simple)
  T.raises("unlinkable", "exports no 'summ'; did you mean 'sum'%?", function()
    return guest.summ(1)
  end)
  T.raises("unlinkable", "'echo_i16'; did you mean 'echo_i32', 'echo_i64' or", function()
    return guest.echo_i16
  end)
  local err = T.raises("unlinkable", "exports no 'xylophone'$", function()
    return guest.xylophone
  end)
  T.match(err, "test_guest.lua:%d+: the guest exports no 'xylophone'")
end)

T.test("a call with a colon gets a hint", function()
  local guest <close> = wherry.load(simple)
  T.raises("type", "^sum%(%): expected 2 arguments, got 3; exports are called with a dot",
    function() guest:sum(5, 37) end)
  T.raises("type", "parameter 1: expected i32, got table; exports are called with a dot", function()
    guest:echo_i32()
  end)
  T.raises("type", "called with a dot", function() guest.exports:answer() end)
end)

T.test("wrong counts, types and ranges of arguments are errors that name them", function()
  local guest <close> = wherry.load(simple)
  T.raises("type", "^sum%(%): expected 2 arguments, got 1$", guest.sum, 1)
  T.raises("type", "^sum%(%): expected 2 arguments, got 3$", guest.sum, 1, 2, 3)
  T.raises("type", "^sum%(%): parameter 2: expected i32, got string$", guest.sum, 1, "2")
  T.raises("type", "^sum%(%): parameter 1: expected i32, got nil$", guest.sum, nil, 2)
  T.raises("type", "^sum%(%): parameter 2: expected i32, got 1.5$", guest.sum, 1, 1.5)
  T.raises("range", "^sum%(%): parameter 2: 1099511627776 does not fit in i32$", guest.sum, 1,
    1 << 40)
  T.raises("range", "%-2147483649 does not fit in i32", guest.sum, 1, -2147483649)
  T.raises("range", "4294967296 does not fit in i32", guest.sum, 4294967296, 0)
  T.raises("type", "expected f32, got string", guest.echo_f32, "1")
  T.raises("type", "expected i64, got 1e%+20", guest.echo_i64, 1e20)
end)

T.test("numbers are taken as Lua takes them", function()
  local guest <close> = wherry.load(simple)
  T.equal(guest.sum(5.0, 37), 42)
  T.equal(guest.echo_i32(4294967295), -1)
  T.equal(guest.echo_i32(2147483648), -2147483648)
  T.equal(guest.echo_i64(-1), -1)
  T.equal(guest.echo_f64(7), 7.0)
  T.equal(guest.echo_f64(0 / 0), 0 / 0)
  T.equal(guest.echo_f32(math.huge), math.huge)
  T.equal(guest.echo_f32(0.1), string.unpack("f", string.pack("f", 0.1)))
end)

T.test("wherry.Value says its own type", function()
  T.equal(tostring(wherry.Value.i32(7)), "I32(7)")
  T.equal(tostring(wherry.Value.i64(-7)), "I64(-7)")
  T.equal(tostring(wherry.Value.f32(1.5)), "F32(1.5)")
  T.equal(tostring(wherry.Value.f64(7)), "F64(7.0)")
  T.equal(wherry.Value.i32(4294967295).value, -1)
  T.equal(wherry.Value.f32(7).type, "f32")
  T.equal(wherry.Value.i32(7) == wherry.Value.i32(7), true)
  T.equal(wherry.Value.i32(7) == wherry.Value.i64(7), false)
  T.raises("range", "^i32%(%): parameter 1: 4294967296 does not fit in i32",
    wherry.Value.i32, 1 << 32)
  local guest <close> = wherry.load(simple)
  T.equal(guest.sum(wherry.Value.i32(5), wherry.Value.i32(37)), 42)
  T.raises("type", "parameter 2: expected i32, got wherry.Value", guest.sum, 5,
    wherry.Value.i64(37))
end)

T.test("validate tells true, or false and the error", function()
  T.equal(wherry.validate(T.bytes(simple)), true)
  T.equal(wherry.validate(simple), true)
  local good, err = wherry.validate "\0asm\1\0\0\0\1"
  T.equal(good, false)
  T.equal(err.kind, "malformed")
  T.equal(math.type(err.offset), "integer")
  T.raises("io", "no_such.wasm: ", wherry.validate, "no_such.wasm")
end)

T.test("what cannot be loaded is an error of the right kind", function()
  T.raises("io", "no_such.wasm: No such file", wherry.load, "no_such.wasm")
  T.raises("type", "expected a path, the bytes of a module or {wat = text}, got nil", wherry.load)
  T.raises("type", "got number", wherry.load, 7)
  T.raises("malformed", "do not begin with", wherry.load, "MZ\0\0")
  T.raises("type", "no option 'memory_limits'; did you mean 'memory_limit'%?", wherry.load, simple,
    { memory_limits = 1 })
  T.raises("type", "imports: expected a table, got boolean", wherry.load, simple,
    { imports = true })
  T.raises("range", "'much' is not a size", wherry.load, simple, { memory_limit = "much" })
end)

local seven = '(module $seven (func (export "seven") (result i32) i32.const 7))'

T.test("text is given as wat, or is in a file that ends in .wat", function()
  T.equal(wherry.load({ wat = seven }).seven(), 7)
  T.equal(wherry.Module({ wat = seven }).name, "seven")
  T.equal(wherry.Module(wherry.Engine(), { wat = seven }).name, "seven")
  T.equal(wherry.Instance({ wat = seven }).exports.seven(), 7)
  T.equal(wherry.validate { wat = seven }, true)
  T.equal(wherry.validate { wat = "(module (func (result i32)))" }, false)
  T.raises("io", "%(module%): No such file", wherry.load, "(module)")
  T.raises("type", "{wat = \"%(module …%)\"}: imports is not known", wherry.load,
    { wat = seven, imports = {} })
  T.raises("type", "wat: expected a string, got number", wherry.load, { wat = 7 })
  T.raises("type", "wat: expected a string, got nil", wherry.load, {})

  local path = os.tmpname() .. ".wat"
  local file <close> = assert(io.open(path, "w"))
  file:write(seven)
  file:flush()
  T.equal(wherry.load(path).seven(), 7)
  os.remove(path)
end)

T.test("what is wrong in a text is told with its line", function()
  local wrong = "(module\n  (func bogus 1))"
  local shown = "line 2, column 9: unknown operator bogus\n" ..
    "2 |   (func bogus 1))\n  |         ^"
  local _, err = pcall(wherry.load, { wat = wrong })
  T.equal(err.kind, "malformed")
  T.equal(err.message, shown)
  local path = os.tmpname() .. ".wat"
  local file <close> = assert(io.open(path, "w"))
  file:write(wrong)
  file:flush()
  _, err = pcall(wherry.load, path)
  os.remove(path)
  T.equal(err.message, path .. ": " .. shown)
end)

T.test("truncated and changed modules are refused, never worse", function()
  local bytes = T.bytes(simple)
  local step = T.stress and 41 or 1
  for size = 8, #bytes - 1, step do
    local good, err = wherry.validate(bytes:sub(1, size))
    assert(good or err.kind == "malformed" or err.kind == "invalid")
  end
  for place = 9, #bytes, step do
    for _, change in ipairs { "\0", "\127", "\255" } do
      local changed = bytes:sub(1, place - 1) .. change .. bytes:sub(place + 1)
      local good, err = wherry.validate(changed)
      assert(good or err.kind == "malformed" or err.kind == "invalid" or err.kind == "limit", err)
    end
  end
end)

T.test("limits: memory, fuel, timeout", function()
  T.raises("limit", "", wherry.load, simple, { memory_limit = 1000 })
  local guest <close> = wherry.load(simple, { fuel = 100000, memory_limit = "64 MB" })
  local err = T.raises("limit", "", guest.spin)
  T.equal(err.limit, "fuel")
  local slow <close> = wherry.load(simple, { timeout = 0.02 })
  T.equal(T.raises("limit", "", slow.spin).limit, "deadline")
  T.equal(slow.sum(5, 37), 42)
end)

T.test("use after close is an error", function()
  local guest = wherry.load(simple)
  local sum, memory, view = guest.sum, guest.memory, guest.memory:uint8_view(0)
  guest.close()
  guest:close()
  T.raises("state", "closed", sum, 1, 2)
  T.raises("state", "closed", function() return guest.sum(1, 2) end)
  T.raises("state", "closed", memory.read, memory, 0, 1)
  T.raises("state", "closed", function() return view[0] end)
  T.raises("state", "closed", function() return #view end)
  T.raises("state", "closed", wherry.signature, sum)
  T.match(guest, "closed")
  T.match(memory, "closed")
  T.match(view, "closed")
end)

T.test("<close> closes", function()
  local kept
  do
    local guest <close> = wherry.load(simple)
    kept = guest
  end
  T.raises("state", "closed", kept.sum, 1, 2)
end)

T.test("exports may be called from coroutines", function()
  local guest <close> = wherry.load(simple)
  local co = coroutine.wrap(function(x)
    while true do x = coroutine.yield(guest.sum(x, 1)) end
  end)
  T.equal(co(1), 2)
  T.equal(co(5), 6)
end)

T.test("type and signature tell what a thing is", function()
  local guest <close> = wherry.load(simple)
  T.equal(wherry.type(guest), "Guest")
  T.equal(wherry.type(guest.memory), "Memory")
  T.equal(wherry.type(guest.sum), "function")
  T.equal(wherry.type(guest.instance), "Instance")
  T.equal(wherry.type(print), nil)
  T.equal(wherry.type "text", nil)
  T.equal(wherry.signature(guest.sum), "func (i32, i32) -> i32")
  T.raises("type", "expected a guest's function, got function", wherry.signature, print)
  T.match(wherry.version, "^%d+%.%d+%.%d+$")
end)

T.test("metatables are kept from scripts", function()
  local guest <close> = wherry.load(simple)
  T.equal(getmetatable(guest), "wherry.Guest")
  T.equal(getmetatable(guest.memory), "wherry.Memory")
end)
