# frozen_string_literal: true

require "helper"

# Exceptions of guests: as errors, out of host functions, and tags as imports and exports.
class ExceptionsTest < Minitest::Test
  include Guests

  TEXT = <<~WAT
    (module
      (import "env" "call" (func $call (param i32) (result i32)))
      (tag $e (export "oops") (param i32 f64))
      (tag $refs (param externref exnref))
      (func (export "throw_it") (param i32) (throw $e (local.get 0) (f64.const 2.5)))
      (func (export "throw_refs") (param externref)
        (throw $refs (local.get 0) (ref.null exn)))
      (func (export "catch_it") (param i32) (result i32)
        (block $h (result i32 f64)
          (return (try_table (result i32) (catch $e $h) (call $call (local.get 0)))))
        (drop)
        (i32.add (i32.const 1000)))
      (func (export "catch_all") (param i32) (result i32)
        (block $h
          (return (try_table (result i32) (catch_all $h) (call $call (local.get 0)))))
        (i32.const -1)))
  WAT
  CATCHER = <<~WAT
    (module
      (import "m" "oops" (tag $e (param i32 f64)))
      (import "m" "throw_it" (func $throw (param i32)))
      (export "same" (tag $e))
      (func (export "catch_it") (param i32) (result i32)
        (block $h (result i32 f64)
          (try_table (catch $e $h) (call $throw (local.get 0)))
          (return (i32.const -1)))
        (drop)))
  WAT

  def guest(&call)
    call ||= ->(i) { i }
    Wherry.load(wat: TEXT, imports: { env: { call: call } })
  end

  def test_what_nobody_catches_is_raised
    g = guest
    error = assert_raises(Wherry::WasmException) { g.throw_it(5) }
    assert_match(/an exception of tag "oops" was not caught: \(i32 5, f64 2.5\)/, error.message)
    assert_equal :exception, error.kind
    assert_equal [5, 2.5], error.values
    assert_equal g.exports["oops"], error.tag
    assert_equal %i[i32 f64], error.tag.params
    assert_equal ["throw_it"], error.frames.map(&:function_name)
    thing = Object.new
    error = assert_raises(Wherry::WasmException) { g.throw_refs(thing) }
    assert_same thing, error.values[0]
    assert_nil error.values[1]
  end

  def test_host_functions_throw
    g = guest { |i| raise Wherry::WasmException.new(g.exports["oops"], i, 1) }
    assert_equal 1007, g.catch_it(7)
    assert_equal(-1, g.catch_all(7))
  end

  def test_nobody_catches_what_a_host_function_threw
    thrown = nil
    g = guest do |i|
      thrown = Wherry::WasmException.new(Wherry::Tag.new(g.exports["oops"].store, [:i64]), i)
      raise thrown
    end
    error = assert_raises(Wherry::WasmException) { g.catch_it(3) }
    assert_same thrown, error
  end

  def test_exceptions_pass_through_the_host
    seen = nil
    g = guest do |i|
      g.throw_it(i)
    rescue Wherry::WasmException => e
      seen = e
      raise
    end
    assert_equal 1004, g.catch_it(4)
    assert_equal [4, 2.5], seen.values
  end

  def test_other_exceptions_cannot_be_caught_by_guests
    assert_raises(KeyError) { guest { raise KeyError }.catch_all(1) }
    assert_equal 5, catch(:out) { guest { throw :out, 5 }.catch_all(1) }
  end

  def test_what_is_wrong_with_an_exception
    values = ["x", 1]
    g = guest { raise Wherry::WasmException.new(g.exports["oops"], *values) }
    assert_raises(TypeError) { g.catch_all(1) }
    values = [1]
    error = assert_raises(TypeError) { g.catch_all(1) }
    assert_equal "WasmException: expected 2 values, got 1", error.message
    other = guest
    g = guest { raise Wherry::WasmException.new(other.exports["oops"], 1, 1) }
    error = assert_raises(Wherry::StateError) { g.catch_all(1) }
    assert_equal "the tag belongs to another store", error.message
  end

  def test_tags_are_imported
    store = Wherry::Store.new
    g = Wherry::Instance.new(store, Wherry::Module.new(wat: TEXT), { env: { call: :itself.to_proc } })
    catcher = Wherry::Instance.new(store, Wherry::Module.new(wat: CATCHER), { m: g })
    assert_equal 5, catcher.exports["catch_it"].call(5)
    assert_equal g.exports["oops"], catcher.exports["same"]
    assert_equal g.exports["oops"].hash, catcher.exports["same"].hash
    assert_raises(Wherry::StateError) { Wherry.load(wat: CATCHER, imports: { m: guest }) }
  end

  def test_tags_of_the_host
    store = Wherry::Store.new
    tag = Wherry::Tag.new(store, %i[i32 f64])
    throws = ->(i) { raise Wherry::WasmException.new(tag, i, 0.5) }
    linker = Wherry::Linker.new
    linker.define("m", "oops", tag)
    wasm = Wherry::Module.new(wat: CATCHER)
    instance = Wherry::Instance.new(store, wasm, { m: { oops: tag, throw_it: throws } })
    assert_equal 9, instance.exports["catch_it"].call(9)
    refute_equal tag, Wherry::Tag.new(store, %i[i32 f64])
    short = Wherry::Tag.new(store, [:i32])
    error = assert_raises(Wherry::LinkError) do
      Wherry::Instance.new(store, wasm, { m: { oops: short, throw_it: throws } })
    end
    assert_match(/tag \(i32, f64\) wanted, tag \(i32\) given/, error.message)
  end
end
