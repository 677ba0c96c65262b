-- Times one thing in Lua; prints nanoseconds: call.lua FOLDER-OF-GUESTS WHAT
local wherry = require "wherry"
local folder, what = arg[1], arg[2]

-- Nanoseconds of one turn of run(count), the best of eight.
local function best(run)
  local count, taken = 1
  repeat
    count = count * 2
    local start = os.clock()
    run(count)
    taken = os.clock() - start
  until taken > 0.004
  local least = math.huge
  for _ = 1, 8 do
    local start = os.clock()
    run(count)
    least = math.min(least, (os.clock() - start) * 1e9 / count)
  end
  return least
end

local function guest(name, options)
  return wherry.load(folder .. "/" .. name .. ".wasm", options)
end

-- A call with one argument or two, its function looked up each time.
local function calls(object, name, a, b)
  if b == nil then
    return best(function(n) for _ = 1, n do object[name](a) end end)
  end
  return best(function(n) for _ = 1, n do object[name](a, b) end end)
end

local function numbers()
  local list = {}
  for i = 1, 10000 do list[i] = i end
  return list
end

local function points()
  local list = {}
  for i = 1, 1000 do list[i] = { x = i, y = -i } end
  return list
end

local things = {
  sum = function()
    local simple = guest "simple"
    return best(function(n) for _ = 1, n do simple.sum(5, 37) end end)
  end,
  callback = function()
    local imports = { env = { add = function(x, y) return x + y end, on_word = function() end } }
    local host = guest("host", { imports = imports })
    return best(function(n) host.add_up(n) end)
  end,
  read = function()
    local simple = guest "simple"
    local memory, address = simple.memory, simple.string()
    return best(function(n) for _ = 1, n do memory:read(address, 13) end end)
  end,
  u64 = function() return calls(guest "greet", "echo_u64", 1 << 40) end,
  string16 = function() return calls(guest "greet", "echo_string", "sixteen letters!") end,
  ascii = function() return calls(guest "greet", "echo_string", ("wherry! "):rep(8192)) end,
  other = function()
    return calls(guest "greet", "echo_string", ("Fährboot"):rep(7281) .. "boats..")
  end,
  bytes = function() return calls(guest "greet", "echo_bytes", ("\0"):rep(65536)) end,
  numbers = function() return calls(guest "greet", "echo_numbers", numbers()) end,
  points = function() return calls(guest "greet", "translate", points(), { x = 10, y = 20 }) end,
}
print(things[what]())
