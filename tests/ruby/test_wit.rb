# frozen_string_literal: true

require "helper"

class WitTest < Minitest::Test
  include Guests

  def setup
    @guest = greet
  end

  def test_strings
    assert_equal "Hello, Ada!", @guest.greet("Ada")
    assert_equal "Hello, Z\u00FCrich \u{1F6F6}!", @guest.greet("Z\u00FCrich \u{1F6F6}")
    result = @guest.echo_string("gr\u00FCn")
    assert_equal Encoding::UTF_8, result.encoding
    assert result.valid_encoding?
    assert @guest.echo_string("abc").ascii_only?
    assert_equal "", @guest.echo_string("")
    assert_equal "a\0b", @guest.echo_string("a\0b")
    assert_equal "gr\u00FCn", @guest.echo_string("gr\u00FCn".encode("ISO-8859-1"))
    assert_equal "gr\u00FCn", @guest.echo_string("gr\u00FCn".encode("UTF-16LE"))
    assert_equal "abc", @guest.echo_string("abc".b)
    long = "\u00E4" * 100_000
    assert_equal long, @guest.echo_string(long)
  end

  def test_strings_that_are_none
    ["\xFF", "gr\u00FCn".b, "\xED\xA0\x80"].each do |bad|
      error = assert_raises(TypeError) { @guest.greet(bad) }
      assert_match(/greet\(\): parameter 1 \(name\): expected string/, error.message)
    end
    error = assert_raises(TypeError) { @guest.greet(5) }
    assert_equal "greet(): parameter 1 (name): expected string, got Integer", error.message
    assert_raises(TypeError) { @guest.greet(nil) }
    assert_raises(TypeError) { @guest.greet(:symbol) }
  end

  def test_bytes
    assert_equal "\3\2\1".b, @guest.reverse("\1\2\3")
    assert_equal Encoding::BINARY, @guest.reverse("abc").encoding
    assert_equal "\3\2\1".b, @guest.reverse([1, 2, 3])
    assert_equal "".b, @guest.reverse("")
    assert_equal "\xFF\xFE".b, @guest.echo_bytes("\xFF\xFE".b)
    other = simple
    assert_equal "olleH".b, @guest.reverse(other.memory.view(:u8, offset: other.string, length: 5))
    assert_raises(TypeError) { @guest.reverse(5) }
    assert_raises(RangeError) { @guest.reverse([256]) }
  end

  def test_lists_of_numbers
    assert_equal 4_294_967_298, @guest.sum([1, 2, 4_294_967_295])
    assert_equal 3, @guest.sum([1, 2].pack("L*"))
    assert_equal 0, @guest.sum([])
    assert_equal [2.0, 5.0], @guest.scale([1, 2.5], 2)
    assert_equal [2.0], @guest.scale([1.0].pack("d"), 2)
    many = (0...10_000).to_a
    assert_equal many.sum, @guest.sum(many)
    error = assert_raises(TypeError) { @guest.sum([1, "2"]) }
    assert_match(/\(numbers\[1\]\): expected u32, got String/, error.message)
    assert_raises(RangeError) { @guest.sum([1, -1]) }
    assert_raises(TypeError) { @guest.sum("abc") }
    assert_raises(TypeError) { @guest.sum({}) }
  end

  def test_long_lists_are_checked_as_short_ones
    [[1] * 20, [2**32 - 1] * 20].each { |list| assert_equal list, @guest.echo_numbers(list) }
    [-1, 2**32, 2**70, 1.0, nil, "1"].each do |bad|
      error = assert_raises(RangeError, TypeError) { @guest.sum([1] * 15 + [bad]) }
      assert_match(/numbers\[15\]/, error.message)
    end
    assert_equal [2.0] * 20, @guest.scale([1, 1.0] * 10, 2)
    assert_raises(TypeError) { @guest.scale([1.0] * 20 + [nil], 2) }
    assert_equal ("\1".b * 20), @guest.reverse([1] * 20)
    assert_raises(RangeError) { @guest.reverse([1] * 20 + [256]) }
  end

  def test_a_list_of_strings
    assert_equal "b\u00E9c", @guest.pick(["a", "b\u00E9c", "d"], 1)
    assert_raises(TypeError) { @guest.pick(["a", nil], 1) }
  end

  def test_records_are_made_and_taken
    middle = @guest.middle({ x: 0, y: 0 }, { x: 10, y: -4 })
    assert_equal 5, middle.x
    assert_equal(-2, middle.y)
    assert_equal "#<Point x=5, y=-2>", middle.inspect
    assert middle.frozen?
    assert_equal({ x: 5, y: -2 }, middle.to_h)
    assert_equal middle, @guest.middle(middle, middle)
    assert_equal middle, @guest.class::Point.new(x: 5, y: -2)
    assert_equal 5, (middle in { x: }) && x
    assert_equal middle, @guest.middle({ "x" => 5, "y" => -2 }, { x: 5, y: -2 })
    assert_equal middle, @guest.middle(Struct.new(:x, :y).new(5, -2), middle)
    path = @guest.translate([{ x: 1, y: 2 }, { x: 3, y: 4 }], middle)
    assert_equal [[6, 0], [8, 2]], path.map { |point| [point.x, point.y] }
    assert_equal [], @guest.translate([], middle)
    assert_equal "Ada (36)", @guest.describe({ name: "Ada", age: 36 })
    assert_equal "Ada (36)", @guest.describe(name: "Ada", age: 36)
    assert_equal 0, @guest.birthday({ name: "Ada", age: 255 }).age
    assert_raises(FrozenError, NoMethodError) { middle.x = 1 }
    assert_raises(ArgumentError) { @guest.class::Point.new(x: 1) }
    assert_raises(NameError) { @guest.class::Line }
  end

  def test_wrong_records_name_the_path
    error = assert_raises(RangeError) { @guest.middle({ x: 0, y: 0 }, { x: 2**40, y: 0 }) }
    assert_match(/middle\(\): parameter 2 \(b\.x\): 1099511627776 does not fit in s32/, error.message)
    error = assert_raises(TypeError) { @guest.translate([{ x: 1, y: 2 }, { x: 1, y: "2" }], { x: 0, y: 0 }) }
    assert_match(/\(path\[1\]\.y\): expected s32, got String/, error.message)
    error = assert_raises(TypeError) { @guest.describe({ name: "Ada" }) }
    assert_match(/age/, error.message)
    error = assert_raises(TypeError) { @guest.describe({ name: "Ada", age: 1, size: 2 }) }
    assert_match(/size/, error.message)
    assert_raises(TypeError) { @guest.describe(5) }
    assert_raises(TypeError) { @guest.describe(nil) }
  end

  def test_keywords_by_the_names_of_the_wit
    assert_equal "Hello, Ada!", @guest.greet(name: "Ada")
    assert_equal "b", @guest.pick(from: %w[a b], end_: 1)
    assert_equal "b", @guest.pick(%w[a b], end_: 1)
    assert_raises(ArgumentError) { @guest.greet(nam: "Ada") }
    assert_raises(ArgumentError) { @guest.pick(from: ["a"]) }
    assert_raises(ArgumentError) { @guest.pick(["a"], from: ["b"], end_: 0) }
  end

  def test_numbers_keep_their_range
    { s8: 8, s16: 16, s32: 32, s64: 64 }.each do |name, bits|
      highest = (2**(bits - 1)) - 1
      [0, -1, highest, -highest - 1].each { |n| assert_equal n, @guest.__send__("echo_#{name}", n) }
      [highest + 1, -highest - 2, 2**70, -2**70].each do |n|
        assert_raises(RangeError) { @guest.__send__("echo_#{name}", n) }
      end
    end
    { u8: 8, u16: 16, u32: 32, u64: 64 }.each do |name, bits|
      [0, 1, (2**bits) - 1].each { |n| assert_equal n, @guest.__send__("echo_#{name}", n) }
      [-1, 2**bits, 2**70].each { |n| assert_raises(RangeError) { @guest.__send__("echo_#{name}", n) } }
    end
    assert_raises(TypeError) { @guest.echo_u8(1.0) }
    assert_raises(TypeError) { @guest.echo_u8("1") }
  end

  def test_the_other_plain_types
    assert_equal true, @guest.echo_bool(true)
    assert_equal false, @guest.echo_bool(false)
    [nil, 1, "true"].each { |x| assert_raises(TypeError) { @guest.echo_bool(x) } }
    ["a", "\u00E9", "\u{1F6F6}", "\0"].each { |c| assert_equal c, @guest.echo_char(c) }
    ["", "ab", 97, nil].each { |c| assert_raises(TypeError) { @guest.echo_char(c) } }
    assert_equal 1.5, @guest.echo_f32(1.5)
    assert_equal 0.1, @guest.echo_f64(0.1)
    assert @guest.echo_f64(Float::NAN).nan?
    assert_equal [1, 2], @guest.echo_numbers([1, 2]).to_a
  end

  def test_the_number_of_arguments
    error = assert_raises(ArgumentError) { @guest.greet }
    assert_equal "greet(): expected 1 argument, got 0", error.message
    assert_raises(ArgumentError) { @guest.pick(["a"], 0, 1) }
  end

  def test_traps
    assert_equal :unreachable, assert_raises(Wherry::Trap) { @guest.fail }.code
    assert_raises(Wherry::Trap) { @guest.pick(["a"], 1) }
    error = assert_raises(Wherry::Trap) { greet.broken }
    assert_match(/UTF-8/, error.message)
  end

  def test_nothing_stays_in_the_guest
    @guest.greet("Ada")
    @guest.translate([{ x: 1, y: 2 }], { x: 0, y: 0 })
    @guest.birthday({ name: "Ada", age: 36 })
    @guest.pick(%w[a b], 1)
    @guest.scale([1.0, 2.0], 3)
    assert_equal 0, @guest.in_use
  end

  def test_names_and_interfaces
    assert_equal 1, @guest.starts
    func = @guest.exports["in-use"]
    assert_equal 0, func.call
    assert_equal "in-use", func.name
    assert_nil func.interface
    geometry = @guest.exports["middle"].interface
    assert_equal 5, @guest[geometry].middle({ x: 0, y: 0 }, { x: 10, y: 0 }).x
    assert_raises(NoMethodError) { @guest[geometry].greet("x") }
    assert_equal 5, @guest.exports["#{geometry}#middle"].call({ x: 0, y: 0 }, { x: 10, y: 0 }).x
    assert_equal "#<Wherry::WitFunc greet: func(name: string) -> string>", @guest.exports["greet"].inspect
    assert_equal [["from", "list<string>"], %w[end u32]], @guest.exports["pick"].params
    assert_kind_of Wherry::Func, @guest.exports["cabi_realloc"]
    assert_equal [["Hello, x!"]], [["x"]].map { |args| args.map(&@guest.exports["greet"]) }
    error = assert_raises(NoMethodError) { @guest.gret("x") }
    assert_match(/did you mean greet/, error.message)
    error = assert_raises(KeyError) { @guest.exports["in_us"] }
    assert_match(/in-use/, error.message)
    assert_includes @guest.exports.keys, "echo-bool"
  end

  def test_wit_of_its_own
    text = "package a:b; world v {} world w { export greet: func(name: string) -> string; }"
    path = File.join(__dir__, "../../examples/guests/greet")
    guest = Wherry.load("#{path}.wasm", wit: text, world: "w")
    assert_equal "Hello, Ada!", guest.greet("Ada")
    refute_respond_to guest, :starts
    assert_equal 3, Wherry.load("#{path}.wasm", wit: "#{path}.wit").sum([1, 2])
    error = assert_raises(Wherry::LinkError) { Wherry.load("#{path}.wasm", wit: text) }
    assert_match(/several worlds: which one\?; it has v, w/, error.message)
    error = assert_raises(Wherry::MalformedError) { Wherry.load("#{path}.wasm", wit: "package a;") }
    assert_match(/column 10: expected ':'/, error.message)
  end
end
