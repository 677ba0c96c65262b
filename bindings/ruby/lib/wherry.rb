# frozen_string_literal: true

# wherry: calls WebAssembly as if it were one of Ruby's own libraries.
#
#   guest = Wherry.load("simple.wasm")
#   guest.sum(5, 37)   # => 42
#
# The C shim (bindings/ruby/*.c) does the work; the files here name things.

require "wherry/wherry_native"
require "wherry/errors"
require "wherry/records"
require "wherry/explicit"
require "wherry/guest"

module Wherry
  VERSION = Raw.version
  MAGIC = "\0asm".b.freeze
  private_constant :MAGIC

  class << self
    # Loads a guest: an object whose methods are what the module exports.
    #
    # source: a path (String or Pathname), of the text format if it ends in .wat; the bytes of a module
    # (a String that begins with "\0asm"), anything that reads them (an IO), or a Module.
    # wat: the text itself, "(module …)", and no source.
    # imports: {module: {name: callable, Func, Memory, Table, Global or, for a global, a number}}, the
    # keys being Symbols or Strings; {module: guest}; or a Linker. Entities live in a store:
    # hand it in as store.
    # wit: for a module that was made by wit-bindgen and does not carry its WIT: the path of the file or
    # folder, or the text itself ("package …;"); world: which one of it, if it has several.
    # memory_limit: bytes, or "64 MB"; fuel: wasm instructions in all; timeout: seconds for each call.
    #
    # With a block, the guest is closed when the block ends, and the block's value is returned.
    def load(source = nil, wat: nil, imports: nil, engine: nil, store: nil, wit: nil, world: nil,
             **limits)
      raise ArgumentError, "expected either a source or wat:" if source && wat

      mod = wat ? Module.new(*engine, wat: wat) : read(source, engine || Engine.default)
      mod.set_wit(wit, world: world) if wit
      store ||= limits.empty? ? Store.new(engine) : Store.new(engine, **limits)
      guest = Native.guest(Native.instantiate(store, mod, imports).initialize_reactor)
      return guest unless block_given?

      begin
        yield guest
      ensure
        Native.close(guest)
      end
    end

    # Is this a module that wherry would take? bytes: a String; wat: its text instead.
    def validate(bytes = nil, wat: nil, engine: Engine.default)
      wat ? Module.new(engine, wat: wat) : Native.validate(engine, bytes)
      true
    rescue MalformedError, InvalidError
      false
    end

    # Ends a guest, and everything in its store.
    def close(guest)
      Native.close(guest)
    end

    private

    def read(source, engine)
      return source if source.is_a?(Module)
      return Module.new(engine, source) if source.is_a?(String) && source.byteslice(0, 4) == MAGIC
      return Module.new(engine, source.binmode.read) if source.is_a?(IO)
      if source.respond_to?(:read) && !source.respond_to?(:to_path)
        return Module.new(engine, source.read)
      end
      unless source.is_a?(String) || source.respond_to?(:to_path)
        raise TypeError, "source: expected a path, bytes, IO or Wherry::Module, got #{source.class}"
      end

      Module.load(source, engine: engine)
    end
  end
end
