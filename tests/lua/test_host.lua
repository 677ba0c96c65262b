-- Host functions: calls from guests, Callers, errors on their way through.
local T = require "testing"
local wherry = require "wherry"

local host <const> = T.guest "host"

local function load_host(on_word, add)
  return wherry.load(host, {
    imports = { env = { on_word = on_word, add = add or function(x, y) return x + y end } },
  })
end

T.test("guests call Lua functions", function()
  local calls = {}
  local guest <close> = load_host(function(...) calls[#calls + 1] = { ... } end)
  T.equal(guest.words(), 5)
  T.equal(#calls, 5)
  T.equal(guest.memory:read_string(calls[1][1], calls[1][2]), "small")
  T.equal(guest.memory:read_string(calls[5][1], calls[5][2]), "rivers")
  T.equal(guest.add_twice(1, 20), 41)
  T.equal(guest.add_up(101), 5050)
end)

T.test("results that nobody wants are dropped", function()
  local guest <close> = load_host(function() return 1, 2, 3 end)
  T.equal(guest.words(), 5)
  local kind <close> = load_host(print, function(x, y) return x + y, "more" end)
  T.equal(kind.add_twice(1, 20), 41)
end)

T.test("a Caller for those who ask for one", function()
  local words, kept = {}, nil
  local guest <close> = load_host(wherry.host { caller = true, function(caller, address, size)
    words[#words + 1] = caller.memory:read_string(address, size)
    T.equal(caller.exports.buffer(), caller:export "buffer" ())
    T.equal(wherry.type(caller.instance), "Instance")
    T.equal(wherry.type(caller.store), "Store")
    kept = caller
  end })
  T.equal(guest.words(), 5)
  T.equal(words, { "small", "boats", "cross", "wide", "rivers" })
  guest.memory:write(guest.buffer(), "in a  boat")
  words = {}
  T.equal(guest.words_of(guest.buffer(), 10), #words)
  T.equal(words[1], "in")
  T.raises("state", "has returned", function() return kept.memory end)
  T.raises("state", "has returned", function() kept:export "buffer" end)
end)

T.test("a Caller refuses what its guest does not export", function()
  local guest <close> = load_host(wherry.host { caller = true, function(caller)
    return caller:export "word"
  end })
  T.raises("unlinkable", "word", guest.words)
end)

T.test("wherry.host without options, and with wrong ones", function()
  local count = 0
  local guest <close> = load_host(wherry.host { function() count = count + 1 end })
  guest.words()
  T.equal(count, 5)
  T.raises("type", "unknown option 'called'", wherry.host, { called = true, print })
  T.raises("type", "expected a function, got nil", wherry.host, { caller = true })
end)

T.test("anything that can be called will do", function()
  local object = setmetatable({ count = 0 }, { __call = function(self, _, size)
    self.count = self.count + size
  end })
  local guest <close> = load_host(object)
  guest.words()
  T.equal(object.count, 5 + 5 + 5 + 4 + 6)
end)

T.test("errors pass through the guest unchanged", function()
  local raised
  local guest <close> = load_host(function() error(raised, 0) end)
  for _, value in ipairs { "text", { "a table" }, 7, 1.5, true, false, print } do
    raised = value
    local ok, err = pcall(guest.words)
    T.equal(ok, false)
    T.same(err, value)
  end
  local ok, err = pcall(load_host(function() error(nil, 0) end).words)
  T.equal(ok, false)
  T.same(err, nil)
  T.equal(guest.add_twice(1, 20), 41)
end)

T.test("an error keeps its position", function()
  local guest <close> = load_host(function() error "here" end)
  local _, err = pcall(guest.words)
  T.match(err, "test_host.lua:%d+: here$")
end)

T.test("errors pass through two guests", function()
  local marker = {}
  local inner <close> = load_host(function() error(marker) end)
  local outer <close> = load_host(function() inner.words() end)
  local _, err = pcall(outer.words)
  T.same(err, marker)
  local trap <close> = wherry.load(T.guest "simple")
  local over <close> = load_host(function() trap.divide(1, 0) end)
  T.raises("trap", "integer divide by zero", over.words)
end)

T.test("an error that the host function catches goes no further", function()
  local depth = 0
  local guest
  guest = load_host(print, function(x, y)
    depth = depth + 1
    if depth == 1 then
      local ok, err = pcall(guest.add_twice, 1, "x")
      T.equal(ok, false)
      T.equal(err.kind, "type")
      ok, err = pcall(error, "inner")
      T.equal({ ok, err }, { false, "inner" })
    end
    return x + y
  end)
  T.equal(guest.add_twice(1, 20), 41)
  guest.close()
end)

T.test("results of the wrong type or range are errors", function()
  local result
  local guest <close> = load_host(print, function() return result end)
  T.raises("type", "^add%(%): result: expected i32, got nil$", guest.add_twice, 1, 2)
  result = "7"
  T.raises("type", "^add%(%): result: expected i32, got string$", guest.add_twice, 1, 2)
  result = 1 << 32
  T.raises("range", "^add%(%): result: 4294967296 does not fit in i32$", guest.add_twice, 1, 2)
  result = 7.0
  T.equal(guest.add_twice(1, 2), 7)
end)

T.test("guest and host call each other in turn, to a limit", function()
  local guest
  local depth = 0
  guest = load_host(print, function(x, y)
    if depth >= 10 then return x + y end
    depth = depth + 1
    return guest.add_twice(x, y)
  end)
  T.equal(math.type(guest.add_twice(1, 1)), "integer")
  T.equal(depth, 10)
  local endless
  endless = load_host(print, function(x, y) return endless.add_twice(x, y) end)
  local ok, err = pcall(endless.add_twice, 1, 1)
  T.equal(ok, false)
  assert(err.kind == "limit" or tostring(err):find "overflow", err)
  T.equal(guest.add_twice(1, 1) ~= nil, true)
  guest.close()
  endless.close()
end)

T.test("a host function may close the guest that calls it", function()
  local guest
  guest = load_host(function() guest.close() end)
  pcall(guest.words)
  T.raises("state", "closed", guest.words)
end)

T.test("callbacks run on the coroutine that called", function()
  local seen = {}
  local guest <close> = load_host(print, function(x, y)
    seen[#seen + 1] = coroutine.running()
    return x + y
  end)
  local co = coroutine.create(function() return guest.add_twice(1, 20) end)
  local ok, result = coroutine.resume(co)
  T.equal({ ok, result }, { true, 41 })
  T.same(seen[1], co)
  guest.add_twice(1, 20)
  T.same(seen[3], (coroutine.running()))
end)

T.test("a host function cannot yield across the guest yet: an error", function()
  local guest <close> = load_host(print, function(x, y)
    coroutine.yield()
    return x + y
  end)
  local ok, err = coroutine.resume(coroutine.create(function() return guest.add_twice(1, 20) end))
  T.equal(ok, false)
  T.match(err, "yield across a C%-call boundary")
end)

T.test("missing imports are listed all at once, with their types", function()
  local err = T.raises("unlinkable", "on_word", wherry.load, host)
  T.match(err.message, "env")
  T.match(err.message, "add")
  T.match(err.message, "func %(i32, i32%) %-> i32")
  err = T.raises("unlinkable", "", wherry.load, host, { imports = { env = { on_word = print } } })
  T.match(err.message, "add")
  T.equal(err.message:find "on_word", nil)
end)

T.test("imports of a wrong type are listed with the missing ones", function()
  local err = T.raises("unlinkable", "env.on_word: func %(i32, i32%) wanted, string given",
    wherry.load, host, { imports = { env = { on_word = "print" } } })
  T.match(err.message, "env.add: missing")
  T.raises("type", "imports.env: expected a table, got number", wherry.load, host,
    { imports = { env = 7 } })
  local simple <close> = wherry.load(T.guest "simple")
  T.raises("unlinkable", "", wherry.load, host,
    { imports = { env = { on_word = print, add = simple.memory } } })
end)

T.test("functions of one guest serve as imports of another", function()
  local simple <close> = wherry.load(T.guest "simple")
  local guest <close> = load_host(print, simple.sum)
  T.equal(guest.add_twice(1, 20), 41)
end)

T.test("a whole guest serves as imports", function()
  local simple <close> = wherry.load(T.guest "simple")
  T.raises("unlinkable", "on_word", wherry.load, host, { imports = { env = simple } })
  T.raises("unlinkable", "on_word", wherry.load, host, { imports = { env = simple.instance } })
end)

T.test("a guest held only by its own host functions is collected", function()
  local weak = setmetatable({}, { __mode = "v" })
  do
    local guest
    guest = load_host(function() return guest end)
    weak[1] = guest
    guest.words()
  end
  collectgarbage()
  collectgarbage()
  T.equal(weak[1], nil)
end)
