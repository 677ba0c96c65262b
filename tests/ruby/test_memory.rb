# frozen_string_literal: true

require "helper"

class MemoryTest < Minitest::Test
  include Guests

  def setup
    @guest = simple
    @memory = @guest.memory
  end

  def test_hello_four_ways
    address = @guest.string
    pointer = address
    walked = +""
    until (byte = @memory[pointer]).zero?
      walked << byte
      pointer += 1
    end
    assert_equal "Hello, World!", walked
    assert_equal "Hello, World!", @memory.uint8_view(address)[0...13].to_a.pack("C*")
    assert_equal "Hello, World!", @memory.read_string(address, 13)
    assert_equal "Hello, World!", @memory.read_string(address)
    assert_equal "Hello, World!", @memory[address, 13]
  end

  def test_hello_by_the_memory_view_protocol
    require "fiddle"
    skip "this Fiddle has no MemoryView" unless defined?(Fiddle::MemoryView)
    address = @guest.string
    view = Fiddle::MemoryView.new(@memory)
    assert_equal @memory.size, view.byte_size
    assert_equal "Hello, World!", Array.new(13) { |i| view[address + i] }.pack("C*")
    numbers = Fiddle::MemoryView.new(@memory.view(:u32, offset: @guest.buffer, length: 4))
    @memory.uint32_view(@guest.buffer)[2] = 4_000_000_000
    assert_equal 4_000_000_000, numbers[2]
    @guest.close
    assert_equal "Hello".bytes, Array.new(5) { |i| view[address + i] } # the bytes outlive the store
  end

  def test_read_and_write
    address = @guest.buffer
    assert_equal 3, @memory.write(address, "abc")
    assert_equal "abc\0", @memory.read(address, 4)
    assert_equal Encoding::BINARY, @memory.read(address, 4).encoding
    @memory.write(address, "gr\u00FC\u00DFe")
    assert_equal "gr\u00FC\u00DFe", @memory.read_string(address)
    assert_equal Encoding::UTF_8, @memory.read_string(address).encoding
    @memory[address] = 65
    @memory[address + 1, 2] = "BC"
    assert_equal "ABC", @memory[address..address + 2]
    @memory.write(address, "\1\2\3\4".b)
    assert_equal 10, @guest.sum_bytes(address, 4)
    assert_equal "", @memory.read(@memory.size, 0)
  end

  def test_bounds
    size = @memory.size
    [-> { @memory.read(size - 1, 2) }, -> { @memory.read(size + 1, 0) }, -> { @memory.read(0, size + 1) },
     -> { @memory.read(-1, 1) }, -> { @memory.read(2**63, 1) }, -> { @memory.read(0, 2**64 - 1) },
     -> { @memory.write(size - 1, "ab") }, -> { @memory[size] }, -> { @memory[size] = 1 },
     -> { @memory.read_string(size + 1) }, -> { @memory.read(0, -1) },
     -> { @memory[0] = 256 }, -> { @memory[0] = -129 }].each { |use| assert_raises(RangeError, &use) }
    error = assert_raises(RangeError) { @memory.read(65_530, 16) }
    assert_equal "16 bytes at address 65530 are not in the memory (65536 bytes)", error.message
    [-> { @memory.read("0", 1) }, -> { @memory.read(0, nil) }, -> { @memory.write(0, 5) },
     -> { @memory[nil] }, -> { @memory[0] = "a" }].each { |use| assert_raises(TypeError, &use) }
  end

  def test_growing_keeps_old_views
    memory = Wherry::Memory.new(Wherry::Store.new, 1, 3)
    view = memory.uint8_view
    fixed = memory.view(:u8, length: 8)
    view[0] = 7
    assert_equal 1, memory.grow(1)
    assert_equal 2, memory.pages
    assert_equal 131_072, memory.size
    assert_equal 131_072, view.size
    assert_equal 8, fixed.size
    assert_equal 7, view[0]
    view[131_071] = 9
    assert_raises(Wherry::LimitError) { memory.grow(2) }
    assert_raises(RangeError) { Wherry::Memory.new(Wherry::Store.new, 3, 1) }
  end
end

class ViewTest < Minitest::Test
  include Guests

  KINDS = { int8: [1, -2**7, 2**7 - 1], uint8: [1, 0, 2**8 - 1], int16: [2, -2**15, 2**15 - 1],
            uint16: [2, 0, 2**16 - 1], int32: [4, -2**31, 2**31 - 1], uint32: [4, 0, 2**32 - 1],
            int64: [8, -2**63, 2**63 - 1], uint64: [8, 0, 2**64 - 1] }.freeze

  def setup
    @guest = simple
    @memory = @guest.memory
    @at = @guest.buffer
  end

  def test_every_kind_keeps_its_numbers
    KINDS.each do |kind, (width, lowest, highest)|
      view = @memory.public_send("#{kind}_view", @at)
      assert_equal width, view.bytes_per_element
      [lowest, highest, 0, 1].each_with_index { |n, i| view[i] = n }
      assert_equal [lowest, highest, 0, 1], view[0, 4].to_a
      assert_raises(RangeError) { view[0] = lowest - 1 }
      assert_raises(RangeError) { view[0] = highest + 1 }
      assert_raises(TypeError) { view[0] = 1.5 }
      assert_raises(TypeError) { view[0] = nil }
      assert_equal lowest, view[0]
    end
    floats = @memory.float64_view(@at)
    floats[1] = 0.1
    assert_equal 0.1, floats[1]
    @memory.float32_view(@at)[0] = 1.5
    assert_equal 1.5, @memory.float32_view(@at)[0]
  end

  def test_indexes
    view = @memory.view(:u8, offset: @at, length: 4)
    view[0..3] = [1, 2, 3, 4]
    assert_equal 4, view[-1]
    assert_equal 4, view.length
    [4, -5, 2**70, 1000].each { |i| assert_raises(IndexError) { view[i] } }
    assert_raises(IndexError) { view[4] = 1 }
    assert_raises(TypeError) { view["0"] }
    assert_raises(TypeError) { view[1.0] }
    assert_raises(IndexError) { view[1, 4] }
    assert_raises(IndexError) { view[9..10] }
    assert_raises(IndexError) { view[0, -1] }
    assert_equal [], view[4, 0].to_a
  end

  def test_slices_are_views
    view = @memory.uint16_view(@at)
    view[0, 4] = [1, 2, 3, 4]
    slice = view[1..2]
    assert_kind_of Wherry::View, slice
    assert_equal [2, 3], slice.to_a
    slice[0] = 99
    assert_equal 99, view[1]
    view[0, 2] = "\1\0\2\0"
    assert_equal [1, 2], view[0, 2].to_a
    view[2, 2] = view[0, 2]
    assert_equal "\1\0\2\0\1\0\2\0".b, view.string(4)
    assert_raises(ArgumentError) { view[0, 2] = [1] }
    assert_raises(ArgumentError) { view[0, 2] = "abc" }
    assert_raises(TypeError) { view[0, 2] = 5 }
  end

  def test_enumerable
    view = @memory.view(:s32, offset: @at, length: 3)
    view[0..2] = [3, 1, 2]
    assert_equal [1, 2, 3], view.sort
    assert_equal 6, view.sum
    assert_equal [[3, 0], [1, 1], [2, 2]], view.each_with_index.to_a
    assert_equal 3, view.each.size
    assert_includes view, 2
    assert_equal 3, view.first
  end

  def test_a_view_that_is_written_is_seen_by_the_guest
    @memory.view(:u8, offset: @at)[0, 4] = [1, 2, 3, 4]
    assert_equal 10, @guest.sum_bytes(@at, 4)
  end

  def test_bad_views
    assert_raises(ArgumentError) { @memory.view(:u7) }
    assert_raises(RangeError) { @memory.view(:u8, offset: 65_537) }
    assert_raises(RangeError) { @memory.view(:u32, offset: 65_530, length: 2) }
    assert_raises(RangeError) { @memory.view(:u64, length: 2**62) }
    assert_raises(TypeError) { @memory.view(:u8, offset: "0") }
    assert_equal 0, @memory.view(:u32, offset: 65_534).size
    assert_equal 7, (@memory.view(:u32, offset: 16)[3] = 7)
    assert_equal 7, @memory.view(:u32, offset: 28)[0]
  end

  def test_closing_while_it_is_walked
    assert_raises(Wherry::StateError) { @memory.uint8_view.each { @guest.close } }
  end
end
