# frozen_string_literal: true

require "helper"

class CollectorTest < Minitest::Test
  include Guests

  # A day in the life of every kind of object.
  def everything
    object = Object.new
    guest = greet
    guest.greet("Ada")
    guest.translate([{ x: 1, y: 2 }], guest.middle({ x: 0, y: 0 }, { x: 2, y: 2 }))
    guest.birthday({ name: "Ada", age: 36 })
    guest.scale([1.0, 2.0], 3)
    core = values
    assert_same object, core.same(object)
    core.table[2] = core.pick(0)
    assert_equal 42, core.apply(2, 21)
    words = []
    caller = host(on_word: ->(caller, address, size) { words << caller.memory.read_string(address, size) },
                  add: ->(a, b) { core.divmod(a + b, 1)[0] })
    caller.words
    assert_equal 41, caller.add_twice(1, 20)
    assert_equal %w[small boats cross wide rivers], words
    view = caller.memory.view(:u16, length: 4)
    view[0, 4] = [1, 2, 3, 4]
    assert_equal [2, 3], view[1..2].to_a
    assert_raises(Wherry::Trap) { core.apply(9, 1) }
    assert_raises(KeyError) { host(add: ->(*) { raise KeyError }).add_twice(1, 2) }
    linker = Wherry::Linker.new
    linker.define("env", "offset", Wherry::Global.new(core.instance.store, Wherry::Value.i32(1)))
    linker.instantiate(core.instance.store, core.instance.module)
  end

  def test_under_stress
    everything # classes and constants first
    GC.stress = true
    everything
  ensure
    GC.stress = false
  end

  def test_objects_keep_alive_what_they_need
    memory = simple.memory
    view = simple.memory.uint8_view(1024)
    func = simple.exports["sum"]
    reverse = greet.exports["reverse"]
    pick = values.pick(0)
    table = values.table
    adder = host.exports["add_twice"]
    10.times { GC.start && Array.new(1000) { "x" * 100 } }
    assert_equal 65_536, memory.size
    assert_equal 65_536 - 1024, view.size
    assert_equal 42, func.call(5, 37)
    assert_equal "ba", reverse.call("ab")
    assert_equal 4, pick.call(2)
    assert_equal(-2, table[1].call(2))
    assert_equal 41, adder.call(1, 20)
  end

  def test_objects_move
    skip "this Ruby cannot compact" unless GC.respond_to?(:compact)
    guest = values
    object = Object.new
    guest.same(object)
    wit = greet
    point = wit.middle({ x: 1, y: 1 }, { x: 1, y: 1 })
    moved = []
    caller = host(on_word: ->(caller, address, size) { moved << caller.memory.read_string(address, size) },
                  add: ->(a, b) { GC.compact && a + b })
    view = caller.memory.uint8_view(caller.buffer)
    linker = Wherry::Linker.new
    linker.define("env", "add", "ii:i") { |a, b| GC.compact && a + b }
    linker.define("env", "on_word", "ii:") { GC.compact }
    linked = Wherry.load(own("host.wasm"), imports: linker)
    3.times do
      compact
      assert_same object, guest.same(object)
      assert_equal 42, guest.apply(0, 21)
      assert_equal point, wit.middle(point, { x: 1, y: 1 })
      assert_equal 41, caller.add_twice(1, 20)
      assert_equal 41, linked.add_twice(1, 20)
      linked.words
      caller.words
      assert_equal 0, view[0]
      assert_equal caller.memory.object_id, caller.memory.object_id
    end
    assert_equal 15, moved.size
  end

  def test_everything_while_the_heap_is_compacted
    skip "this Ruby cannot compact" unless GC.respond_to?(:auto_compact=)
    GC.auto_compact = true
    3.times do
      everything
      GC.start
    end
  ensure
    GC.auto_compact = false if GC.respond_to?(:auto_compact=)
  end

  def test_cycles_are_collected
    collected = []
    finalizer = collected.method(:push) # holds nothing of what it is told of
    50.times { make_cycle(finalizer) }
    3.times { GC.start }
    assert_operator collected.size, :>=, 40
  end

  def make_cycle(finalizer)
    guest = nil
    object = Object.new
    ObjectSpace.define_finalizer(object, finalizer)
    guest = host(on_word: ->(*) { [guest, object] })
    guest.words
    nil
  end

  def test_fibers_that_are_given_up_inside_a_host_function
    20.times do
      guest = host(on_word: ->(*) { Fiber.yield })
      Fiber.new { guest.words }.resume
    end
    3.times { GC.start && Array.new(1000) { "x" * 100 } }
    assert_equal 5, host.words
  end

  def test_a_process_that_ends_with_live_objects
    script = 'require "wherry"; $g = Wherry.load(ARGV[0]); $v = $g.memory.uint8_view; $g.sum(1, 2); ' \
             'Thread.new { $g.spin }; sleep 0.05; $stdout.sync = true; puts $v[0]'
    output = IO.popen([RbConfig.ruby, *$LOAD_PATH.flat_map { |path| ["-I", path] }, "-e", script,
                       own("simple.wasm")], &:read)
    assert_equal "0\n", output
    assert_predicate $?, :success?
  end

  def test_a_fork
    guest = simple
    pid = fork { exit!(guest.sum(5, 37) == 42 ? 0 : 1) }
    Process.wait(pid)
    assert_predicate $?, :success?
    assert_equal 42, guest.sum(5, 37)
  end

  private

  def compact
    if GC.respond_to?(:verify_compaction_references)
      GC.verify_compaction_references(toward: :empty, double_heap: true)
    else
      GC.compact
    end
  rescue NotImplementedError
    GC.compact
  end
end
