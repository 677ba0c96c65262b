-- What error objects tell.
local T = require "testing"
local wherry = require "wherry"

local simple <const> = T.guest "simple"

T.test("a trap tells its code and the guest's stack", function()
  local guest <close> = wherry.load(simple)
  local err = T.raises("trap", "integer divide by zero", guest.divide, 1, 0)
  T.equal(err.code, "integer divide by zero")
  assert(#err.frames >= 1)
  T.equal(err.frames[1].name, "divide")
  T.equal(math.type(err.frames[1].offset), "integer")
  T.equal(math.type(err.frames[1].index), "integer")
  T.match(err, "integer divide by zero\n  in divide")
  T.match(err.traceback, "in divide.*stack traceback:\n")
  T.raises("trap", "integer overflow", guest.divide, -2147483648, -1)
  T.raises("trap", "unreachable", guest.fail)
  T.raises("trap", "out of bounds memory access", guest.read_at, -1)
  T.equal(guest.divide(7, 2), 3)
end)

T.test("endless recursion is a trap, and the guest goes on", function()
  local guest <close> = wherry.load(simple)
  local err = T.raises("trap", "stack", guest.recurse, 1)
  T.equal(err.code, "call stack exhausted")
  assert(#err.frames < 200)
  assert(err.frames.omitted > 0)
  T.match(err, "more%)")
  T.equal(guest.recurse(-100), 100)
end)

T.test("an error has the place in the Lua program", function()
  local guest <close> = wherry.load(simple)
  local ok, err = pcall(function() guest.sum(1) end)
  T.equal(ok, false)
  T.match(err.where, "test_errors.lua:%d+:")
  T.match(err, "^.*test_errors.lua:%d+: sum%(%): expected 2")
  T.equal(err.code, nil)
  T.equal(err.limit, nil)
  T.equal(err.no_such_field, nil)
  T.equal(err.frames, { omitted = 0 })
end)

T.test("errors outlive their guest", function()
  local err
  do
    local guest <close> = wherry.load(simple)
    err = T.raises("trap", "unreachable", guest.fail)
  end
  collectgarbage()
  T.equal(err.kind, "trap")
  T.equal(err.frames[1].name, "fail")
end)

T.test("errors carry the offset of what is malformed", function()
  local err = T.raises("malformed", "", function() wherry.load "\0asm\1\0\0\0\xff" end)
  T.equal(math.type(err.offset), "integer")
  T.match(err, "test_errors.lua:%d+: ")
end)

T.test("error(err) raises the same object again", function()
  local guest <close> = wherry.load(simple)
  local _, first = pcall(guest.fail)
  local _, again = pcall(error, first)
  T.same(first, again)
end)

T.test("calls go on after many errors", function()
  local guest <close> = wherry.load(simple)
  for _ = 1, T.stress and 20 or 2000 do pcall(guest.divide, 1, 0) end
  T.equal(guest.divide(6, 3), 2)
end)
