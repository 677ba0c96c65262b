-- What must not grow, leak or dangle.
local T = require "testing"
local wherry = require "wherry"

local simple <const> = T.guest "simple"
local many <const> = T.stress and 200 or 100000

-- Runs f(n) twice after a warm-up; the process may be no bigger than some slack after the second.
local function stays_small(count, f)
  f(count // 10 + 1)
  f(count // 10 + 1)
  collectgarbage()
  local before = T.resident() or 0
  f(count)
  collectgarbage()
  local grown = (T.resident() or 0) - before
  if grown > 2048 then error("grew by " .. grown .. " KB", 2) end
end

T.test("100,000 calls", function()
  local guest <close> = wherry.load(simple)
  stays_small(many, function(n)
    for _ = 1, n do guest.sum(5, 37) end
  end)
end)

T.test("100,000 callbacks", function()
  local imports = { env = { add = function(x, y) return x + y end, on_word = print } }
  local guest <close> = wherry.load(T.guest "host", { imports = imports })
  stays_small(many, function(n) guest.add_up(n) end)
  imports.env.add = wherry.host { caller = true, function(caller, x, y)
    return caller.memory and x + y
  end }
  local with_caller <close> = wherry.load(T.guest "host", { imports = imports })
  stays_small(many, function(n) with_caller.add_up(n) end)
end)

T.test("100,000 instantiations, closed and not", function()
  local engine = wherry.Engine()
  local module = wherry.Module(engine, simple)
  stays_small(many // 2, function(n)
    for _ = 1, n do
      local store <close> = wherry.Store(engine)
      wherry.Instance(store, module)
    end
  end)
  stays_small(many // 2, function(n)
    for i = 1, n do
      wherry.Instance(wherry.Store(engine), module)
      if i % 500 == 0 then collectgarbage() end
    end
  end)
end)

T.test("errors, views, strings, references, loads", function()
  local guest <close> = wherry.load(simple)
  local memory = guest.memory
  local function raise() error "again" end
  local host <close> = wherry.load(T.guest "host", {
    imports = { env = { add = raise, on_word = raise } },
  })
  local greet <close> = wherry.load(T.guest "greet")
  local values <close> = wherry.load(T.guest "values", { imports = { env = { offset = 0 } } })
  local text, kept = ("é"):rep(1000), {}
  stays_small(many // 10, function(n)
    for _ = 1, n do
      pcall(guest.divide, 1, 0)
      pcall(guest.sum, 1)
      pcall(host.words)
      pcall(greet.greet, "\xff")
      memory:view("u8", 0, 4):slice(1):string()
      greet.echo_string(text)
      greet.birthday { name = "Ada", age = 1 }
      values.same(kept)
      values.pick(0)
    end
  end)
  stays_small(many // 100, function(n)
    for _ = 1, n do wherry.load(simple).close() end
  end)
end)

T.test("parts keep alive what they need, and nothing else", function()
  local sum = wherry.load(simple).sum
  local read = wherry.load(simple).memory
  local slice = wherry.load(simple).memory:view("u8", 0, 100):slice(10, 10)
  local instance = wherry.load(simple).instance
  local caller_memory
  wherry.load(T.guest "host", { imports = { env = {
    add = math.max,
    on_word = wherry.host { caller = true, function(caller) caller_memory = caller.memory end },
  } } }).words()
  for _ = 1, 3 do collectgarbage() end
  T.equal(sum(5, 37), 42)
  T.equal(#read:read(0, 10), 10)
  T.equal(#slice:string(), 10)
  T.equal(instance.exports.sum(1, 2), 3)
  T.equal(math.type(caller_memory:size()), "integer")
end)

T.test("a guest that runs is not collected, whatever its host function forgets", function()
  local guest
  guest = wherry.load(T.guest "host", { imports = { env = {
    add = function(x, y)
      guest = nil
      for _ = 1, 3 do collectgarbage() end
      return x + y
    end,
    on_word = print,
  } } })
  T.equal(guest.add_up(10), 45)
end)

T.test("finalizers may call guests, also while the state closes", function()
  local guest = wherry.load(simple)
  local calls = 0
  do
    local _ = setmetatable({}, { __gc = function() calls = guest.sum(calls, 1) end })
  end
  collectgarbage()
  collectgarbage()
  T.equal(calls, 1)
  -- These run when run.lua closes the state, some after the guest's store has ended.
  for _ = 1, 10 do
    local keep = setmetatable({}, { __gc = function()
      pcall(guest.sum, 1, 2)
      pcall(guest.memory.read, guest.memory, 0, 1)
    end })
    T[#T + 1] = keep
    guest = wherry.load(simple)
  end
end)

T.test("a store closed by its host function ends when the call returns", function()
  local store = wherry.Store()
  local seen
  local f = wherry.Func(store, "i:i", function(x)
    store:close()
    seen = store.closed
    return x
  end)
  local guest <close> = wherry.load(simple)
  pcall(f, 1)
  T.equal(seen, true)
  T.raises("state", "closed", f, 1)
  T.equal(guest.sum(1, 2), 3)
end)

T.test("a guest closed while its arguments are read", function()
  local function closing(fields)
    local guest = wherry.load(T.guest "greet")
    fields.__index = function(_, key)
      guest.close()
      collectgarbage()
      if fields.error then error(fields.error) end
      return key == "name" and "Ada" or 1
    end
    return guest, setmetatable({}, fields)
  end
  local marker = {}
  for _, err in ipairs { false, marker } do
    local guest, list = closing { __len = function() return 3 end, error = err }
    T.equal(pcall(guest.sum, list), false)
    local people, person = closing { error = err }
    T.equal(pcall(people.describe, person), false)
    local geometry, point = closing { error = err }
    T.equal(pcall(geometry.middle, point, { x = 1, y = 2 }), false)
    for _, used in ipairs { guest, people, geometry } do
      T.raises("state", "closed", used.sum, { 1 })
    end
  end
end)

T.test("a store closed by a host function that gives references", function()
  for _, signature in ipairs { "r:r", "c:c" } do
    local store = wherry.Store()
    local f
    f = wherry.Func(store, signature, function(x)
      store:close()
      return x
    end)
    pcall(f, f)
    T.raises("state", "closed", f, f)
  end
end)

T.test("the interpreter may exit in a host function", function()
  local program = [[
    local wherry = require "wherry"
    local function leave() os.exit(3, true) end
    wherry.load(arg[1], { imports = { env = { add = leave, on_word = leave } } }).words()
  ]]
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(program)
  file:flush()
  local lua = arg[-1]:find "lua" and arg[-1] or "lua5.4"
  local _, how, status = os.execute(lua .. " " .. path .. " " .. T.guest "host")
  os.remove(path)
  T.equal({ how, status }, { "exit", 3 })
end)

T.test("a debug hook may not call the guest it interrupts", function()
  if T.stress then T.skip "the collector has the hook" end
  local guest <close> = wherry.load(simple, { fuel = 50000000 })
  local err
  debug.sethook(function()
    local ok, why = pcall(guest.sum, 1, 2)
    err = err or not ok and why
  end, "c")
  pcall(guest.spin)
  debug.sethook()
  T.equal(err.kind, "state")
  T.equal(T.raises("limit", "", guest.sum, 1, 2).limit, "fuel")
end)

T.test("a debug hook ends a guest that loops: so does Ctrl-C in lua5.4", function()
  if T.stress then T.skip "the collector has the hook" end
  local guest <close> = wherry.load(simple)
  local marker = {}
  local function spin()
    debug.sethook(function()
      debug.sethook()
      error(marker)
    end, "c")
    guest.spin()
  end
  local ok, err = pcall(spin)
  T.equal(ok, false)
  T.same(err, marker)
  T.equal(guest.sum(5, 37), 42)
end)
