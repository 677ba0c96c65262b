# frozen_string_literal: true

# A tour of wherry in Ruby: numbers, memory, functions of the host, strings and lists, a trap.
#
#   ./dev ruby examples/ruby/tour.rb [FOLDER OF THE GUESTS]
require "wherry"

FOLDER = ARGV.fetch(0, File.expand_path("../guests", __dir__))

# Numbers and memory. A guest's methods are its exports.
guest = Wherry.load(File.join(FOLDER, "simple.wasm"))
puts "sum(5, 37) = #{guest.sum(5, 37)}"

# "Hello, World!" four ways.
address = guest.string
pointer = address
walked = +""
until (byte = guest.memory[pointer]).zero?
  walked << byte
  pointer += 1
end
puts "a pointer walked:  #{walked}"
puts "a slice of a view: #{guest.memory.uint8_view(address)[0...13].map(&:chr).join}"
puts "bytes:             #{guest.memory[address, 13]}"
puts "a helper:          #{guest.memory.read_string(address)}"

begin
  guest.divide(1, 0)
rescue Wherry::Trap => e
  puts "divide(1, 0): #{e.message}, in #{e.frames.first.function_name}"
end

begin
  guest.sum(1, 2**40)
rescue RangeError => e
  puts e.message
end

# Functions of the host. One whose first parameter is named caller gets the guest that calls it.
words = []
on_word = ->(caller, address, size) { words << caller.memory.read_string(address, size) }
add = ->(a, b) { a + b }
Wherry.load(File.join(FOLDER, "host.wasm"), imports: { env: { on_word: on_word, add: add } }) do |host|
  count = host.words
  puts "words: #{words.join(" ")} (#{count})"
  puts "add_up(101) = #{host.add_up(101)}"
end

# Strings, lists and records, without a word about memory.
greet = Wherry.load(File.join(FOLDER, "greet.wasm"))
puts greet.greet("Ada")
puts "reverse(\"desserts\") = #{greet.reverse("desserts")}"
puts "sum([1, 2, 4294967295]) = #{greet.sum([1, 2, 4_294_967_295])}"
puts "middle = #{greet.middle({ x: 0, y: 0 }, { x: 10, y: -4 })}"
puts "birthday = #{greet.birthday(who: { name: "Ada", age: 36 })}"
