-- lua5.4 run.lua [--stress] [--only PATTERN] FILE…: runs files of tests. --stress: the collector
-- runs every few instructions. Exit status 77: all were skipped.
local folder = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = folder .. "/?.lua;" .. package.path
local T = require "testing"

local stress, only, i = false, nil, 1
while arg[i] do
  if arg[i] == "--stress" then
    stress = true
  elseif arg[i] == "--only" then
    i = i + 1
    only = arg[i]
  else
    dofile(arg[i])
  end
  i = i + 1
end

T.stress = stress
if stress then
  collectgarbage "generational"
  local turn = 0
  debug.sethook(function()
    turn = turn + 1
    collectgarbage(turn % 20 == 0 and "collect" or "step")
  end, "", 30)
end

local good, ran = T.run(only)
os.exit(not good and 1 or ran > 0 and 0 or 77, true)
