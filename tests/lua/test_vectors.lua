-- v128: strings of 16 bytes as arguments, results, of host functions and in globals.
local T = require "testing"
local wherry = require "wherry"

local function lanes(...) return string.pack("<i4i4i4i4", ...) end

local A <const>, B <const> = lanes(1, 2, 3, 4), lanes(10, 20, 30, 40)

local function imports(env)
  env = env or {}
  return { env = {
    twist = env.twist or string.reverse,
    mix = env.mix or function(i, vector, d) return d, vector, i end,
  } }
end

local function load(env) return wherry.load(T.guest "vector", { imports = imports(env) }) end

T.test("calls", function()
  local guest <close> = load()
  T.equal(guest.same(A), A)
  T.equal(guest.add(A, B), lanes(11, 22, 33, 44))
  T.equal({ guest.mixed(5, A, 7.5) }, { lanes(6, 7, 8, 9), 7 })
  T.equal(guest.same(wherry.Value.v128(A)), A)
end)

T.test("more than a small buffer holds", function()
  local guest <close> = load()
  local all, same = {}, {}
  for i = 0, 19 do
    all[i + 1] = lanes(i, 1, 0, -i)
    same[i + 1] = A
  end
  T.equal(guest.add_all(table.unpack(all)), lanes(190, 20, 0, -190))
  T.equal({ guest.repeat_(A) }, same)
end)

T.test("what is no vector", function()
  local guest <close> = load()
  for _, size in ipairs { 0, 15, 17 } do
    local err = T.raises("type", "v128", guest.add, A, ("x"):rep(size))
    T.equal(err.message, "add(): parameter 2: expected 16 bytes (v128), got " .. size)
  end
  local err = T.raises("type", "v128", guest.same, 5)
  T.equal(err.message, "same(): parameter 1: expected 16 bytes (v128), got number")
  T.raises("type", "v128", guest.same, nil)
  T.raises("type", "v128", guest.same, wherry.Value.i32(1))
  T.raises("type", "i32", guest.mixed, A, A, 1)
  T.raises("type", "i32", guest.mixed, wherry.Value.v128(A), A, 1)
end)

T.test("host functions", function()
  local seen
  local guest <close> = load {
    mix = function(i, vector, d)
      seen = { i, vector, d }
      return d * 2, vector, i + 1
    end,
  }
  T.equal(guest.call_twist(A), A:reverse())
  T.equal({ guest.call_mix(7, A, 2.5) }, { 5.0, A, 8 })
  T.equal(seen, { 7, A, 2.5 })
  local wrong <close> = load { twist = function(vector) return vector:sub(2) end }
  T.raises("type", "twist%(%): result: expected 16 bytes %(v128%), got 15", wrong.call_twist, A)
  local number <close> = load { mix = function(i, _, d) return d, i, i end }
  T.raises("type", "mix%(%): result: expected 16 bytes %(v128%), got number", number.call_mix, 7, A,
    2.5)
end)

T.test("a Linker, and a Caller before vectors", function()
  local engine = wherry.Engine()
  local linker = wherry.Linker(engine)
  local store <close> = wherry.Store(engine)
  local env = imports().env
  linker:define("env", "mix", env.mix)
  linker:define("env", "twist", wherry.host { caller = true, function(caller, vector)
    T.equal(caller.exports.same(B), B)
    return vector:reverse()
  end })
  local exports = linker:instantiate(store, wherry.Module(engine, T.guest "vector")).exports
  T.equal(exports.call_twist(A), A:reverse())
end)

T.test("globals and values", function()
  local guest <close> = load()
  local kept = guest.exports.kept
  T.equal({ kept.type, kept.mutable, kept.value }, { "v128", true, A })
  kept.value = B
  T.equal(guest.swap(A), B)
  T.equal(kept.value, A)
  for _, wrong in ipairs { "", ("x"):rep(17), 5, wherry.Value.i32(5) } do
    T.raises("type", "v128", function() kept.value = wrong end)
  end
  local value = wherry.Value.v128(A)
  T.equal({ value.type, value.value }, { "v128", A })
  T.equal(value == wherry.Value.v128(A), true)
  T.equal(value == wherry.Value.v128(A:sub(1, 8) .. B:sub(9)), false)
  T.equal(tostring(value), "V128(01000000020000000300000004000000)")
  local store <close> = wherry.Store()
  T.equal(wherry.Global(store, value).value, A)
end)
