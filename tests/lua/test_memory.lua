-- Memory and views.
local T = require "testing"
local wherry = require "wherry"

local simple <const> = T.guest "simple"

T.test("the string of simple.wasm, read four ways", function()
  local guest <close> = wherry.load(simple)
  local address, letters = guest.string(), {}
  local bytes = guest.memory:view "u8"
  while bytes[address] ~= 0 do
    letters[#letters + 1] = string.char(bytes[address])
    address = address + 1
  end
  T.equal(table.concat(letters), "Hello, World!")
  T.equal(guest.memory:uint8_view(guest.string()):slice(0, 13):string(), "Hello, World!")
  T.equal(guest.memory:read(guest.string(), 13), "Hello, World!")
  T.equal(guest.memory:read_string(guest.string()), "Hello, World!")
  T.equal(guest.memory:read_string(guest.string(), 5), "Hello")
end)

T.test("the example of the manual", function()
  local guest <close> = wherry.load(simple)
  local view <close> = guest.memory:view("u8", guest.string())
  T.equal(view:string(13), "Hello, World!")
  T.equal(view[0], 72)
end)

T.test("write, then the guest reads", function()
  local guest <close> = wherry.load(simple)
  guest.memory:write(guest.buffer(), "\1\2\3\4")
  T.equal(guest.sum_bytes(guest.buffer(), 4), 10)
  local view = guest.memory:uint8_view(guest.buffer())
  view[0] = 250
  T.equal(guest.sum_bytes(guest.buffer(), 4), 259)
  guest.memory:write(guest.buffer() + 8, view:slice(0, 4))
  T.equal(guest.sum_bytes(guest.buffer() + 8, 4), 259)
end)

T.test("views of every format", function()
  local guest <close> = wherry.load(simple)
  local memory, at = guest.memory, guest.buffer()
  local formats = {
    { "int8", "i8", 1, { -128, 127 }, { -129, 128 } },
    { "uint8", "u8", 1, { 0, 255 }, { -1, 256 } },
    { "int16", "i16", 2, { -32768, 32767 }, { -32769, 32768 } },
    { "uint16", "u16", 2, { 0, 65535 }, { -1, 65536 } },
    { "int32", "i32", 4, { -2147483648, 2147483647 }, { -2147483649, 2147483648 } },
    { "uint32", "u32", 4, { 0, 4294967295 }, { -1, 4294967296 } },
    { "int64", "i64", 8, { math.mininteger, math.maxinteger }, {} },
    { "uint64", "u64", 8, { -1, math.maxinteger }, {} },
    { "float32", "f32", 4, { 1.5, -0.25 }, {} },
    { "float64", "f64", 8, { 0.1, -1e300 }, {} },
  }
  for _, format in ipairs(formats) do
    local name, short, size, good, bad = table.unpack(format)
    local view = memory[name .. "_view"](memory, at)
    T.equal(view.bytes_per_element, size)
    T.equal(view.format, short)
    T.equal(#view, (memory:size() - at) // size)
    T.equal(#memory:view(short, at, 5), 5)
    for _, value in ipairs(good) do
      view[1] = value
      T.equal(view[1], value)
      T.equal(memory:view(short, at + size)[0], value)
    end
    for _, value in ipairs(bad) do
      T.raises("range", "does not fit in " .. short, function() view[1] = value end)
    end
    T.raises("type", "expected " .. short .. ", got string", function() view[1] = "x" end)
  end
  T.raises("range", "there is no 'u24'", memory.view, memory, "u24")
  T.raises("type", "format: expected a string", memory.view, memory)
end)

T.test("slices, tables and assignments of many", function()
  local guest <close> = wherry.load(simple)
  local view = guest.memory:view("u16", guest.buffer(), 8)
  view:set(0, { 1, 2, 3, 65535 })
  T.equal(view:slice(0, 4):table(), { 1, 2, 3, 65535 })
  T.equal(view:slice(2):table(), { 3, 65535, 0, 0, 0, 0 })
  view:set(4, view:slice(0, 2))
  view:set(6, "\7\0\8\0")
  T.equal(view:table(), { 1, 2, 3, 65535, 1, 2, 7, 8 })
  T.equal(view:string(2), "\1\0\2\0")
  local sum = 0
  for index, value in pairs(view) do sum = sum + index * value end
  T.equal(sum, 2 + 6 + 3 * 65535 + 4 + 10 + 42 + 56)
  T.raises("range", "does not fit in u16", view.set, view, 0, { 1, -1 })
  T.raises("range", "past the end", view.set, view, 6, { 1, 2, 3 })
  T.raises("type", "no whole number of u16", view.set, view, 0, "abc")
  T.raises("type", "expected a view of u16, got one of u8", view.set, view, 0,
    guest.memory:view "u8")
  T.raises("type", "expected a table, a string or a view, got nil", view.set, view, 0)
end)

T.test("out of bounds is an error", function()
  local guest <close> = wherry.load(simple)
  local memory = guest.memory
  local size <const> = memory:size()
  T.equal(#memory, size)
  T.raises("range", "16 bytes at address " .. size - 6 .. " are not in the memory %(" .. size,
    memory.read, memory, size - 6, 16)
  T.equal(memory:read(size, 0), "")
  T.raises("range", "not in the memory", memory.read, memory, size + 1, 0)
  T.raises("range", "not in the memory", memory.write, memory, size - 1, "ab")
  T.raises("range", "not in the memory", memory.read_string, memory, size)
  T.raises("range", "no zero byte", function()
    memory:write(size - 1, "x")
    memory:read_string(size - 1)
  end)
  T.raises("range", "not in the memory", memory.view, memory, "u8", size + 1)
  T.raises("range", "not in the memory", memory.view, memory, "u32", 0, size)
  T.raises("range", "not in the memory", memory.view, memory, "u64", 0, math.maxinteger)
  T.raises("range", "is negative", memory.view, memory, "u8", 0, -1)
  T.raises("range", "not in the memory", memory.read, memory, -1, 1) -- as unsigned i32
  T.raises("range", "is not an address", memory.read, memory, -(1 << 40), 1)
  T.raises("type", "address: expected an integer, got string", memory.read, memory, "0", 1)
  local view = memory:view("u8", 0, 4)
  T.raises("range", "index 4 is not in the view %(4 elements", function() return view[4] end)
  T.raises("range", "index %-1 is not", function() return view[-1] end)
  T.raises("range", "index 4", function() view[4] = 0 end)
  T.raises("range", "past the end", view.slice, view, 2, 3)
  T.raises("range", "past the end", view.slice, view, 5)
  T.raises("range", "past the end", view.string, view, 5)
  T.raises("type", "a view has no field 'strin'; did you mean 'string'", function()
    view:strin()
  end)
  T.raises("type", "a memory has no field 'rea'; did you mean 'read'", function() memory:rea() end)
end)

T.test("a method called with a dot gets a hint", function()
  local guest <close> = wherry.load(simple)
  T.raises("type", "expected wherry.Memory, got number; methods are called with a colon", function()
    guest.memory.read(0, 1)
  end)
  T.raises("type", "size: expected an integer, got string", guest.memory.read,
    guest.memory, 0, "1")
  T.raises("type", "size: expected an integer, got nil", function() guest.memory:read(0) end)
  local view = guest.memory:view "u8"
  T.raises("range", "index 0.5 is not in the view", function() return view[0.5] end)
end)

T.test("views see memory that grew", function()
  local guest <close> = wherry.load(T.guest "values", { imports = { env = { offset = 0 } } })
  local memory = guest.memory
  local whole, part = memory:view "u32", memory:view("u32", 0, 10)
  T.equal(#whole, 16384)
  T.equal(memory:grow(1), 1)
  T.equal(memory:pages(), 2)
  T.equal(#whole, 32768)
  T.equal(#part, 10)
  whole[32767] = 7
  T.equal(memory:view("u32", 65536)[16383], 7)
  T.equal(guest.grow(1), 2)
  T.equal(#whole, 49152)
  T.raises("limit", "", memory.grow, memory, 100)
  T.equal(#whole, 49152)
end)

T.test("a closed view says so", function()
  local guest <close> = wherry.load(simple)
  local kept
  do
    local view <close> = guest.memory:view("u8", 0, 4)
    kept = view
  end
  T.raises("state", "the view is closed", function() return kept[0] end)
  T.raises("state", "the view is closed", kept.string, kept)
  T.raises("state", "the view is closed", guest.memory.write, guest.memory, 0, kept)
end)

T.test("the same memory is the same object", function()
  local guest <close> = wherry.load(simple)
  T.same(guest.memory, guest.exports.memory)
  T.same(guest.memory, guest.instance.memory)
end)

T.test("a view keeps its guest alive", function()
  local view = wherry.load(simple).memory:view "u8"
  collectgarbage()
  collectgarbage()
  T.equal(math.type(view[0]), "integer")
end)
