# Times calls in Ruby; prints nanoseconds as JSON: call.rb FOLDER-OF-GUESTS
require "json"
require "wherry"

folder = ARGV.fetch(0)

# Nanoseconds of one turn of the block, the best of three.
def best(count)
  Array.new(3) do
    start = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :nanosecond)
    yield count
    (Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID, :nanosecond) - start).fdiv(count)
  end.min
end

simple = Wherry.load("#{folder}/simple.wasm")
host = Wherry.load("#{folder}/host.wasm",
                   imports: { env: { add: ->(x, y) { x + y }, on_word: ->(_, _) {} } })
greet = Wherry.load("#{folder}/greet.wasm")
text = "wherry! " * 8192

puts JSON.generate(
  "sum" => best(500_000) { |n| i = 0; while i < n; simple.sum(5, 37); i += 1; end },
  "callback" => best(200_000) { |n| host.add_up(n) },
  "string" => best(2_000) { |n| i = 0; while i < n; greet.echo_string(text); i += 1; end }
)
