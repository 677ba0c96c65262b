-- Times calls in Lua; prints nanoseconds as JSON: call.lua FOLDER-OF-GUESTS
local wherry = require "wherry"
local folder = arg[1]

-- Nanoseconds of one turn of run(count), the best of three.
local function best(count, run)
  local least = math.huge
  for _ = 1, 3 do
    local start = os.clock()
    run(count)
    least = math.min(least, (os.clock() - start) * 1e9 / count)
  end
  return least
end

local simple = wherry.load(folder .. "/simple.wasm")
local host = wherry.load(folder .. "/host.wasm", {
  imports = { env = { add = function(x, y) return x + y end, on_word = function() end } },
})
local greet = wherry.load(folder .. "/greet.wasm")
local text = ("wherry! "):rep(8192)

print(('{"sum": %.3f, "callback": %.3f, "string": %.3f}'):format(
  best(1000000, function(n) for _ = 1, n do simple.sum(5, 37) end end),
  best(300000, function(n) host.add_up(n) end),
  best(3000, function(n) for _ = 1, n do greet.echo_string(text) end end)))
