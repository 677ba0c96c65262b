-- A tour of wherry in Lua: numbers, memory, functions of the host, strings and lists, a trap.
--
--   lua5.4 tour.lua [FOLDER OF THE GUESTS]
local wherry = require "wherry"

local folder = arg[1] or "examples/guests"

-- Numbers and memory. Exports are fields of the guest, called with a dot.
do
  local guest <close> = wherry.load(folder .. "/simple.wasm")
  print("sum(5, 37) = " .. guest.sum(5, 37))
  print("string() = \"" .. guest.memory:read_string(guest.string()) .. "\"")

  local letters <close> = guest.memory:view("u8", guest.string(), 13)
  print("its first letter is " .. letters[0] .. ", as a string \"" .. letters:string(1) .. "\"")

  local _, trap = pcall(guest.divide, 1, 0)
  print("divide(1, 0): " .. trap.code .. ", in " .. trap.frames[1].name)
end

-- Functions of the host: a guest calls them with numbers; a Caller tells what its pointers mean.
do
  local words = {}
  local guest <close> = wherry.load(folder .. "/host.wasm", {
    imports = {
      env = {
        add = function(x, y) return x + y end,
        on_word = wherry.host { caller = true, function(caller, address, size)
          words[#words + 1] = caller.memory:read_string(address, size)
        end },
      },
    },
  })
  local count = guest.words()
  print("words: " .. table.concat(words, " ") .. " (" .. count .. ")")
  print("add_up(101) = " .. guest.add_up(101))
end

-- An error of a host function comes out of the guest as it is.
do
  local guest <close> = wherry.load(folder .. "/host.wasm", {
    imports = { env = { add = math.max, on_word = function() error({ reason = "enough" }) end } },
  })
  local _, err = pcall(guest.words)
  print("words() raised " .. err.reason)
end

-- Strings, lists and records, without a word about memory.
do
  local guest <close> = wherry.load(folder .. "/greet.wasm")
  print("greet(\"Ada\") = \"" .. guest.greet "Ada" .. "\"")
  print("reverse(\"desserts\") = \"" .. guest.reverse "desserts" .. "\"")
  print("sum({1, 2, 4294967295}) = " .. guest.sum { 1, 2, 4294967295 })
  local middle = guest.middle({ x = 0, y = 0 }, { x = 10, y = -4 })
  print(("middle({x = 0, y = 0}, {x = 10, y = -4}) = {x = %d, y = %d}"):format(middle.x, middle.y))
end
