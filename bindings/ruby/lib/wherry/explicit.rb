# frozen_string_literal: true

# The explicit level: what stands behind Wherry.load, for those who embed. What is not defined here is
# in C; Wherry::Raw holds every other function of the C library, under its own name.
module Wherry
  # Options of an engine.
  class Config
    # bytes of address space that one memory reserves
    def memory_reservation=(bytes)
      Raw.config_set_memory_reservation(self, bytes)
    end

    # bytes of the guest's own stack
    def stack_size=(bytes)
      Raw.config_set_stack_size(self, bytes)
    end

    # how often guest and host may call each other in turn
    def call_depth=(calls)
      Raw.config_set_call_depth(self, calls)
    end

    # wasm instructions between two looks at fuel, timeout and Ruby's interrupts
    def tick=(instructions)
      Raw.config_set_tick(self, instructions)
    end

    # whether floats and relaxed SIMD give the same bits on every processor
    def deterministic=(on)
      Raw.config_set_deterministic(self, on ? true : false)
    end

    # feature("bulk-memory", false) makes modules that use it invalid. What a feature needs comes with
    # it, and what needs it goes with it.
    def feature(name, enabled)
      Raw.config_set_feature(self, Raw.feature_find(name.to_s), enabled)
      self
    rescue RangeError => e
      raise ArgumentError, e.message
    end

    # {"tail-call" => false}, or a list as text, "gc,-tail-call"; "all" and "none" are all there are.
    def features=(wanted)
      return Raw.config_set_features(self, wanted) if wanted.is_a?(String)

      wanted.each { |name, enabled| feature(name, enabled) }
    rescue RangeError => e
      raise ArgumentError, e.message
    end

    # Every feature, and whether modules may use it.
    def features
      Native.features { |id| Raw.config_feature(self, id) }
    end
  end

  # What modules share.
  class Engine
    # Every feature, and whether modules may use it.
    def features
      Native.features { |id| Raw.engine_feature(self, id) }
    end
  end

  # What the classes of this library share, and nobody else needs.
  module Native
    def self.features
      (0...Raw::FEATURE_COUNT).to_h { |id| [Raw.feature_name(id), yield(id)] }
    end
  end

  # WebAssembly that was read and checked.
  class Module
    # Module.new(bytes), Module.new(engine, bytes); Module.new(wat: "(module …)"), Module.new(engine,
    # wat: "(module …)"), where file is what messages about the text begin with.
    def initialize(*given, wat: nil, file: nil)
      unless (wat ? 0..1 : 1..2).cover?(given.size)
        raise ArgumentError, "expected an engine, if any, and bytes or wat:"
      end

      engine = (wat || given.size == 2) ? given.shift : nil
      engine ||= Engine.default
      wat ? open_text(engine, wat, file) : open(engine, given.first)
    end

    # Reads a file, of the text format if its name ends in .wat.
    def self.load(path, engine: Engine.default)
      source = File.binread(path)
      path = File.path(path)
      path.end_with?(".wat") ? new(engine, wat: source, file: path) : new(engine, source)
    end

    # Gives the WIT of a module that does not carry it, before a guest is made of it. wit: the path of the
    # file or folder, or the text itself, which holds a ';'; world: its name, if there are several.
    def set_wit(wit, world: nil)
      Raw.module_set_wit(self, wit.respond_to?(:to_path) ? wit.to_path : wit, world)
      self
    end

    # The features that it needs, by name.
    def features
      needed = Raw.module_features(self)
      Native.features { |id| needed[id] == 1 }.select { |_, on| on }.keys
    end

    def inspect
      "#<Wherry::Module #{name || "without a name"}, #{exports.size} exports>"
    end
  end

  # Where instances live, one thread at a time.
  class Store
    def initialize(engine = nil, memory_limit: nil, fuel: nil, timeout: nil)
      open(engine)
      self.memory_limit = memory_limit if memory_limit
      self.fuel = fuel if fuel
      self.timeout = timeout if timeout
    end

    # bytes over all its memories: an Integer, or a String as "64 MB"
    def memory_limit=(size)
      Raw.store_set_memory_limit(self, Native.size(size))
    end

    # how many wasm instructions may still run
    def fuel=(instructions)
      Raw.store_set_fuel(self, instructions)
    end

    def fuel
      Raw.store_fuel(self)
    end

    # seconds that one outermost call may last; nil: no limit
    def timeout=(seconds)
      if seconds && !(seconds.is_a?(Numeric) && seconds.positive?)
        raise ArgumentError, "timeout: expected seconds above 0, got #{seconds.inspect}"
      end

      Raw.store_set_timeout(self, seconds ? (seconds * 1_000_000_000).ceil : (2**64) - 1)
    end

    # bytes of its memories, now
    def memory_used
      Raw.store_memory_used(self)
    end
  end

  # A module that runs in a store.
  class Instance
    # Instance.new(store, module, imports = nil), or the short old way: Instance.new(bytes, imports = nil),
    # Instance.new(imports = nil, wat: "(module …)")
    def self.new(*given, wat: nil, **imports)
      given << imports unless imports.empty?
      first, *rest = given
      if first.is_a?(Store) && !wat
        return Native.instantiate(first, *rest, *([nil] if rest.size == 1))
      end

      source = wat ? Module.new(wat: wat) : given.shift
      raise ArgumentError, "expected bytes and imports" if given.size > 1

      mod = source.is_a?(Module) ? source : Module.new(source)
      Native.instantiate(Store.new, mod, given.first).initialize_reactor
    end

    def inspect
      "#<Wherry::Instance of #{self.module.inspect}>"
    end
  end

  # A function of a guest or of the host, in a store.
  class Func
    def ===(other)
      call(other)
    end

    def to_proc
      method(:call).to_proc
    end

    def inspect
      given = results.size == 1 ? results.first : "(#{results.join(", ")})"
      "#<Wherry::Func #{name} (#{params.join(", ")}) -> #{given}>"
    end
  end

  # A function that takes and returns component-level values.
  class WitFunc
    def to_proc
      method(:call).to_proc
    end

    def inspect
      list = params.map { |name, type| "#{name}: #{type}" }.join(", ")
      "#<Wherry::WitFunc #{name}: func(#{list})#{" -> #{result}" if result}>"
    end
  end

  # Names, and what stands behind them.
  class Linker
    def instantiate(store, mod)
      Native.instantiate(store, mod, self)
    end
  end
end
