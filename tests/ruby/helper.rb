# frozen_string_literal: true

# What all tests share: the project's guests, and the bigger ones beside the project, if they are there.
require "minitest/autorun"
require "wherry"

module Guests
  OWN = File.expand_path("../../examples/guests", __dir__)
  SHARED = File.expand_path(ENV.fetch("WHERRY_GUESTS", "../../../shared/guests"), __dir__)

  def own(name)
    File.join(OWN, name)
  end

  def bytes(name)
    File.binread(own(name))
  end

  def simple
    Wherry.load(own("simple.wasm"))
  end

  def greet
    Wherry.load(own("greet.wasm"))
  end

  def host(on_word: ->(address, size) {}, add: ->(a, b) { a + b })
    Wherry.load(own("host.wasm"), imports: { env: { on_word: on_word, add: add } })
  end

  def values(offset: 100)
    Wherry.load(own("values.wasm"), imports: { env: { offset: offset } })
  end

  # A module of one function that takes nothing, in bytes: for what the guests do not have.
  def wasm(*sections)
    "\0asm\1\0\0\0".b + sections.join.b
  end

  def self.skip_without_shared
    return if File.directory?(SHARED)

    puts "skipped: the shared guests are not there (#{SHARED})"
    exit! 77
  end

  # Bytes that this process has in memory.
  def resident
    File.read("/proc/self/statm").split[1].to_i * 4096
  end
end
