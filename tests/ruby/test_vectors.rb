# frozen_string_literal: true

require "helper"

# v128: Strings of 16 bytes as arguments, results, of host functions and in globals.
class VectorsTest < Minitest::Test
  include Guests

  def lanes(*numbers) = numbers.pack("l<4")

  A = [1, 2, 3, 4].pack("l<4")
  B = [10, 20, 30, 40].pack("l<4")

  def vectors(twist: :reverse.to_proc, mix: ->(i, vector, d) { [d, vector, i] })
    Wherry.load(own("vector.wasm"), imports: { env: { twist: twist, mix: mix } })
  end

  def test_calls
    guest = vectors
    assert_equal A, guest.same(A)
    assert_equal Encoding::BINARY, guest.same(A).encoding
    assert_equal "0123456789abcdef".b, guest.same("0123456789abcdef")
    assert_equal lanes(11, 22, 33, 44), guest.add(A, B)
    assert_equal [lanes(6, 7, 8, 9), 7], guest.mixed(5, A, 7.5)
    assert_equal A, guest.same(Wherry::Value.v128(A))
  end

  def test_more_than_a_small_buffer_holds
    guest = vectors
    assert_equal lanes(190, 20, 0, -190), guest.add_all(*(0...20).map { |i| lanes(i, 1, 0, -i) })
    assert_equal [A] * 20, guest.repeat(A)
  end

  def test_what_is_no_vector
    guest = vectors
    [0, 15, 17].each do |size|
      error = assert_raises(TypeError) { guest.add(A, "x" * size) }
      assert_equal "add(): parameter 2: expected 16 bytes (v128), got #{size}", error.message
    end
    error = assert_raises(TypeError) { guest.same(1) }
    assert_equal "same(): parameter 1: expected 16 bytes (v128), got Integer", error.message
    [1.0, nil, [1] * 16, Wherry::Value.i32(1)].each { |x| assert_raises(TypeError) { guest.same(x) } }
    assert_raises(TypeError) { guest.mixed(A, A, 1.0) }
    assert_raises(TypeError) { guest.mixed(Wherry::Value.v128(A), A, 1.0) }
  end

  def test_host_functions
    seen = nil
    guest = vectors(mix: lambda { |*all|
      seen = all
      [all[2] * 2, all[1], all[0] + 1]
    })
    assert_equal A.reverse, guest.call_twist(A)
    assert_equal [5.0, A, 8], guest.call_mix(7, A, 2.5)
    assert_equal [7, A, 2.5], seen
    error = assert_raises(TypeError) { vectors(twist: ->(v) { v[1..] }).call_twist(A) }
    assert_match(/twist\(\): result: expected 16 bytes \(v128\), got 15/, error.message)
  end

  def test_a_linker
    linker = Wherry::Linker.new
    linker.define("env", "twist", { [:v128] => [:v128] }, &:reverse)
    linker.define("env", "mix", { %i[i32 v128 f64] => %i[f64 v128 i32] }) { |i, vector, d| [d, vector, i] }
    exports = linker.instantiate(Wherry::Store.new, Wherry::Module.new(File.binread(own("vector.wasm")))).exports
    assert_equal A.reverse, exports.call_twist(A)
    assert_equal [2.5, A, 7], exports.call_mix(7, A, 2.5)
  end

  def test_long_host_functions
    store = Wherry::Store.new
    turn = Wherry::Func.new(store, [:v128] * 20, [:v128] * 20) { |*all| all.reverse }
    all = (0...20).map { |n| lanes(n, n, n, n) }
    assert_equal all.reverse, turn.call(*all)
    assert_equal :v128, turn.params.last
  end

  def test_globals_and_values
    guest = vectors
    kept = guest.exports["kept"]
    assert_equal :v128, kept.type
    assert_equal A, kept.value
    kept.value = B
    assert_equal B, guest.swap(A)
    assert_equal A, kept.value
    ["", "x" * 17, 5, nil].each { |x| assert_raises(TypeError) { kept.value = x } }
    value = Wherry::Value.v128(A)
    assert_equal [:v128, A], [value.type, value.value]
    assert_equal value, Wherry::Value.v128(A.dup)
    assert_equal value.hash, Wherry::Value.v128(A.dup).hash
    refute_equal value, Wherry::Value.v128(B)
    refute_equal value, Wherry::Value.v128(A[0, 8] + B[8, 8])
    assert_equal A, Wherry::Global.new(Wherry::Store.new, value).value
  end
end
