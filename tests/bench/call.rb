# Times one thing in Ruby; prints nanoseconds: call.rb FOLDER-OF-GUESTS WHAT
require "wherry"

FOLDER, WHAT = ARGV

def cpu = Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID, :nanosecond)

# Nanoseconds of one turn of the block, which it does as often as it is told: the best of eight.
def best
  count = 1
  loop do
    start = cpu
    yield count
    break if cpu - start > 4_000_000

    count *= 2
  end
  Array.new(8) do
    start = cpu
    yield count
    (cpu - start).fdiv(count)
  end.min
end

# The same of a call with arguments; the loop is Ruby's fastest.
def calls(guest, name, *args)
  eval("->(guest, args) { a, b = args; best { |n| i = 0; while i < n; #{name}; i += 1; end } }")
    .call(guest, args)
end

def guest(name, **options) = Wherry.load("#{FOLDER}/#{name}.wasm", **options)

points = Array.new(1000) { |i| { x: i, y: -i } }
things = {
  "sum" => -> { calls(guest("simple"), "guest.sum(5, 37)") },
  "callback" => lambda {
    host = guest("host", imports: { env: { add: ->(x, y) { x + y }, on_word: ->(_, _) {} } })
    best { |n| host.add_up(n) }
  },
  "read" => lambda {
    simple = guest("simple")
    calls(simple.memory, "guest.read(a, 13)", simple.string)
  },
  "u64" => -> { calls(guest("greet"), "guest.echo_u64(a)", 1 << 40) },
  "string16" => -> { calls(guest("greet"), "guest.echo_string(a)", "sixteen letters!") },
  "ascii" => -> { calls(guest("greet"), "guest.echo_string(a)", "wherry! " * 8192) },
  "other" => -> { calls(guest("greet"), "guest.echo_string(a)", "#{"Fährboot" * 7281}boats..") },
  "bytes" => -> { calls(guest("greet"), "guest.echo_bytes(a)", "\0".b * 65_536) },
  "numbers" => -> { calls(guest("greet"), "guest.echo_numbers(a)", Array.new(10_000) { |i| i }) },
  "points" => -> { calls(guest("greet"), "guest.translate(a, b)", points, { x: 10, y: 20 }) }
}
puts things.fetch(WHAT).call
