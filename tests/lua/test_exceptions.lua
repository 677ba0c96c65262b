-- Exceptions of guests: as errors, out of host functions, and tags as imports and exports.
local T = require "testing"
local wherry = require "wherry"

local TEXT <const> = [[
(module
  (import "env" "call" (func $call (param i32) (result i32)))
  (tag $e (export "oops") (param i32 f64))
  (tag $refs (param externref exnref))
  (func (export "throw") (param i32) (throw $e (local.get 0) (f64.const 2.5)))
  (func (export "throw_refs") (param externref)
    (throw $refs (local.get 0) (ref.null exn)))
  (func (export "catch") (param i32) (result i32)
    (block $h (result i32 f64)
      (return (try_table (result i32) (catch $e $h) (call $call (local.get 0)))))
    (drop)
    (i32.add (i32.const 1000)))
  (func (export "catch_all") (param i32) (result i32)
    (block $h
      (return (try_table (result i32) (catch_all $h) (call $call (local.get 0)))))
    (i32.const -1)))]]
local CATCHER <const> = [[
(module
  (import "m" "oops" (tag $e (param i32 f64)))
  (import "m" "throw" (func $throw (param i32)))
  (export "same" (tag $e))
  (func (export "catch") (param i32) (result i32)
    (block $h (result i32 f64)
      (try_table (catch $e $h) (call $throw (local.get 0)))
      (return (i32.const -1)))
    (drop)))]]

local function load(call)
  call = call or function(i) return i end
  return wherry.load({ wat = TEXT }, { imports = { env = { call = call } } })
end

T.test("what nobody catches is raised", function()
  local guest <close> = load()
  local err = T.raises("exception", 'tag "oops" was not caught', guest.throw, 5)
  T.equal(err.message, 'an exception of tag "oops" was not caught: (i32 5, f64 2.5)')
  T.equal(err.values, { 5, 2.5, n = 2 })
  T.equal(err.tag, guest.exports.oops)
  T.equal(err.tag.params, { "i32", "f64" })
  T.equal(err.frames[1].name, "throw")
  local thing = {}
  err = T.raises("exception", "was not caught", guest.throw_refs, thing)
  T.equal(rawequal(err.values[1], thing), true)
  T.equal(err.values.n, 2)
end)

T.test("host functions throw", function()
  local tag
  local guest <close> = load(function(i) error(wherry.exception(tag, i, 1)) end)
  tag = guest.exports.oops
  T.equal(guest.catch(7), 1007)
  T.equal(guest.catch_all(7), -1)
end)

T.test("nobody catches what a host function threw", function()
  local store <close> = wherry.Store()
  local tag, other = wherry.Tag(store, { "i32", "f64" }), wherry.Tag(store, { "i32" })
  local thrown
  local function throw(i)
    thrown = i > 0 and wherry.exception(tag, i, 1) or wherry.exception(other, i)
    error(thrown)
  end
  local instance =
    wherry.Instance(store, wherry.Module { wat = CATCHER }, { m = { oops = tag, throw = throw } })
  T.equal(instance.exports.catch(9), 9)
  local ok, err = pcall(instance.exports.catch, -9)
  T.equal(ok, false)
  T.same(err, thrown)
  T.equal(err.tag, other)
  T.equal(err.values, { -9, n = 1 })
end)

T.test("exceptions pass through the host", function()
  local throw, seen
  local guest <close> = load(function(i)
    local ok, err = pcall(throw, i)
    seen = not ok and err
    error(err)
  end)
  throw = guest.throw
  T.equal(guest.catch(4), 1004)
  T.equal(seen.values, { 4, 2.5, n = 2 })
  local direct <close> = load(function(i) return throw(i) end)
  throw = direct.throw
  T.equal(direct.catch(4), 1004)
end)

T.test("other errors cannot be caught by guests", function()
  local guest <close> = load(function() error "mine" end)
  local ok, err = pcall(guest.catch_all, 1)
  T.equal(ok, false)
  T.equal(err:match "mine", "mine")
end)

T.test("what is wrong with an exception", function()
  local guest <close> = load()
  local tag = guest.exports.oops
  T.raises("type", "expected i32, got string", wherry.exception, tag, "x", 1)
  T.raises("type", "exception: expected 2 values, got 1", wherry.exception, tag, 1)
  T.raises("type", "expected wherry.Tag, got number", wherry.exception, 1)
end)

T.test("tags are imported", function()
  local store <close> = wherry.Store()
  local call = function(i) return i end
  local guest = wherry.Instance(store, wherry.Module { wat = TEXT }, { env = { call = call } })
  local module = wherry.Module { wat = CATCHER }
  local catcher = wherry.Instance(store, module, { m = guest })
  T.equal(catcher.exports.catch(5), 5)
  T.same(catcher.exports.same, guest.exports.oops)
  T.raises("unlinkable", "m.oops: tag %(i32, f64%) wanted, number given", wherry.Instance, store,
    module, { m = { oops = 1, throw = print } })
  T.raises("unlinkable", "m.oops: tag %(i32, f64%) wanted, tag %(i32%) given", wherry.Instance,
    store, module, { m = { oops = wherry.Tag(store, { "i32" }), throw = print } })
  local other <close> = load()
  T.raises("unlinkable", "m.oops: tag %(i32, f64%) wanted, wherry.Tag given", wherry.Instance,
    store, module, { m = { oops = other.exports.oops, throw = print } })
end)
