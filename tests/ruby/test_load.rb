# frozen_string_literal: true

require "helper"
require "pathname"
require "stringio"
require "tmpdir"

class LoadTest < Minitest::Test
  include Guests

  def test_a_path_bytes_an_io_and_a_module_are_loaded
    path = own("simple.wasm")
    sources = [path, Pathname(path), bytes("simple.wasm"), StringIO.new(bytes("simple.wasm")),
               Wherry::Module.load(path)]
    sources.each { |source| assert_equal 42, Wherry.load(source).sum(5, 37) }
    File.open(path) { |file| assert_equal 42, Wherry.load(file).sum(5, 37) }
  end

  SEVEN = '(module $seven (func (export "seven") (result i32) i32.const 7))'

  def test_text
    assert_equal 7, Wherry.load(wat: SEVEN).seven
    assert_equal 7, Wherry.load(wat: SEVEN, &:seven)
    assert_equal "seven", Wherry::Module.new(wat: SEVEN).name
    assert_equal "seven", Wherry::Module.new(Wherry::Engine.new, wat: SEVEN).name
    assert_equal 7, Wherry::Instance.new(wat: SEVEN).exports.seven
    assert_equal true, Wherry.validate(wat: SEVEN)
    assert_equal false, Wherry.validate(wat: "(module (func (result i32)))")
    assert_raises(Errno::ENOENT) { Wherry.load(SEVEN) }
    [-> { Wherry.load }, -> { Wherry.load(own("simple.wasm"), wat: SEVEN) },
     -> { Wherry::Module.new }, -> { Wherry::Module.new(bytes("simple.wasm"), wat: SEVEN) }].each do |wrong|
      assert_raises(ArgumentError, TypeError, &wrong)
    end
    assert_raises(TypeError) { Wherry.load(wat: 7) }
  end

  def test_a_file_of_text
    Dir.mktmpdir do |folder|
      path = File.join(folder, "seven.wat")
      File.write(path, SEVEN)
      [path, Pathname(path)].each { |source| assert_equal 7, Wherry.load(source).seven }
      assert_equal "seven", Wherry::Module.load(path).name
      File.write(path, "(module\n  (func bogus 1))")
      error = assert_raises(Wherry::MalformedError) { Wherry.load(path) }
      assert_equal "#{path}: line 2, column 9: unknown operator bogus\n" \
                   "2 |   (func bogus 1))\n  |         ^", error.message
    end
  end

  def test_what_cannot_be_loaded_is_refused
    assert_raises(Errno::ENOENT) { Wherry.load("no such file.wasm") }
    assert_raises(TypeError) { Wherry.load(42) }
    assert_raises(TypeError) { Wherry.load(nil) }
    assert_raises(ArgumentError) { Wherry.load(own("simple.wasm"), memory: 1) }
  end

  def test_a_block_closes_the_guest
    kept = nil
    sum = Wherry.load(own("simple.wasm")) do |guest|
      kept = guest
      guest.sum(5, 37)
    end
    assert_equal 42, sum
    assert_raises(Wherry::StateError) { kept.sum(5, 37) }
  end

  def test_a_block_that_raises_closes_the_guest
    kept = nil
    assert_raises(KeyError) { Wherry.load(own("simple.wasm")) { |guest| (kept = guest) && raise(KeyError) } }
    assert_raises(Wherry::StateError) { kept.answer }
  end

  def test_validate
    assert_equal true, Wherry.validate(bytes("simple.wasm"))
    assert_equal false, Wherry.validate("nonsense")
    assert_equal false, Wherry.validate(bytes("simple.wasm")[0..-2])
    assert_raises(TypeError) { Wherry.validate(nil) }
  end

  def test_limits
    assert_raises(Wherry::LimitError) { Wherry.load(own("simple.wasm"), memory_limit: 1024).sum(1, 2) }
    guest = Wherry.load(own("simple.wasm"), memory_limit: "64 MB", fuel: 1000)
    assert_equal 3, guest.sum(1, 2)
    error = assert_raises(Wherry::LimitError) { guest.spin }
    assert_equal :fuel, error.limit
    error = assert_raises(Wherry::TimeoutError) { Wherry.load(own("simple.wasm"), timeout: 0.02).spin }
    assert_kind_of Wherry::LimitError, error
    assert_raises(ArgumentError) { Wherry.load(own("simple.wasm"), memory_limit: "much") }
    assert_raises(ArgumentError) { Wherry.load(own("simple.wasm"), timeout: -1) }
  end

  def test_the_old_short_way
    instance = Wherry::Instance.new(bytes("simple.wasm"))
    assert_equal 42, instance.exports.sum(5, 37)
    assert_nil instance.exports.nothing
    assert_equal 72, instance.memory.uint8_view(instance.exports.string)[0]
  end
end

class FaceTest < Minitest::Test
  include Guests

  def test_the_reserved_names
    guest = simple
    assert_kind_of Wherry::Instance, guest.instance
    assert_equal 42, guest.exports.sum(5, 37)
    assert_equal 42, guest.exports["sum"].call(5, 37)
    assert_same guest.memory, guest.memory
    guest.close
    assert_raises(Wherry::StateError) { guest.sum(1, 2) }
    guest.close
  end

  def test_it_is_an_object_enough
    guest = simple
    assert_match(/\A#<Wherry::Guest: .*sum/, guest.inspect)
    assert_equal guest.inspect, "#{guest}"
    assert guest.is_a?(Wherry::Guest)
    assert_operator Wherry::Guest, :===, guest
    refute guest.nil?
    assert guest.respond_to?(:sum)
    refute guest.respond_to?(:summ)
    assert_equal guest, guest
    refute_equal guest, simple
    assert_equal 1, { guest => 1 }[guest]
    assert guest.instance_of?(guest.class)
    assert_equal 42, guest.public_send(:sum, 5, 37)
    assert_equal [42], [[5, 37]].map { |pair| guest.method(:sum).call(*pair) }
    assert_includes guest.methods, :sum
  end

  def test_a_typo_names_what_was_meant
    error = assert_raises(NoMethodError) { simple.summ(1, 2) }
    assert_match(/exports no summ; did you mean sum\?/, error.message)
    assert_equal :summ, error.name
    assert_match(/test_load/, error.backtrace.first)
    error = assert_raises(KeyError) { simple.exports["anwser"] }
    assert_match(/did you mean answer/, error.message)
    assert_raises(NoMethodError) { simple.exports.anwser }
  end

  def test_faces_are_made_by_the_library_only
    guest = simple
    assert_raises(TypeError, NoMethodError) { guest.class.new }
    assert_raises(TypeError, NoMethodError) { Class.new(guest.class).new }
    assert_raises(TypeError) { Kernel.instance_method(:dup).bind_call(guest) }
    assert_raises(TypeError) { Kernel.instance_method(:clone).bind_call(guest) }
    assert_raises(TypeError) { guest.class.instance_method(:sum).bind_call(Object.new, 1, 2) }
  end

  def test_exports_that_clash_with_ruby
    # (func (export …) (result i32) i32.const n): print, hash, close, class, initialize, a b, __id__, get-x
    names = ["print", "hash", "close", "class", "initialize", "a b", "__send__", "get-x", "end", "ok?"]
    guest = Wherry.load(constants(names))
    assert_equal 0, guest.print
    assert_equal 1, guest.hash
    assert_equal 3, guest.class
    assert_equal 8, guest.end
    assert_equal 9, guest.ok?
    names.each_with_index { |name, index| assert_equal index, guest.exports[name].call, name }
    assert_nil guest.close
    assert_raises(Wherry::StateError) { guest.print }
  end

  def test_more_exports_than_there_are_numbered_functions
    guest = Wherry.load(constants(Array.new(700) { |i| "f#{i}" }))
    [0, 1, 511, 512, 699].each { |i| assert_equal i, guest.__send__("f#{i}") }
    assert_equal 699, guest.exports.f699
  end

  def test_exports_can_be_walked
    exports = simple.exports
    assert_includes exports.keys, "sum"
    assert_kind_of Wherry::Func, exports.each.to_h["sum"]
    assert_kind_of Wherry::Memory, exports.each.to_h["memory"]
  end

  private

  def leb(number)
    bytes = []
    loop do
      byte = number & 0x7F
      number >>= 7
      bytes << (number.zero? ? byte : byte | 0x80)
      return bytes.pack("C*") if number.zero?
    end
  end

  def signed_leb(number)
    bytes = []
    loop do
      byte = number & 0x7F
      number >>= 7
      last = number.zero? && (byte & 0x40).zero?
      bytes << (last ? byte : byte | 0x80)
      return bytes.pack("C*") if last
    end
  end

  def section(id, items)
    body = leb(items.size) + items.join
    id.chr.b + leb(body.bytesize) + body
  end

  # A module with one function for each name, which returns its number.
  def constants(names)
    bodies = names.each_index.map { |i| "\0\x41".b + signed_leb(i) + "\x0B".b }
    wasm(section(1, ["\x60\0\1\x7F".b]), section(3, names.map { "\0".b }),
         section(7, names.each_with_index.map { |name, i| leb(name.bytesize) + name.b + "\0".b + leb(i) }),
         section(10, bodies.map { |body| leb(body.bytesize) + body }))
  end
end
