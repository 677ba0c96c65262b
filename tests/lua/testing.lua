-- A small library for tests. A file of tests calls T.test(name, function) for each; run.lua runs
-- them.
--
--   T.equal(got, expected)         deep; numbers by value and kind, NaN equals NaN
--   T.same(a, b)                   the very same object
--   T.match(text, pattern)
--   T.raises(kind, pattern, f, …)  f(…) raises an error object of that kind; returns it
--   T.guest "simple"               path of a guest of examples/guests
--   T.shared "core/simple.wasm"    path of a file of the shared guests; skips the test without them
--   T.skip "why"
local T = { tests = {}, skipped = {} }

local folder = arg[0]:match "^(.*)/[^/]*$" or "."
local root = folder .. "/../.."
local Skip = {}

local function readable(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

function T.test(name, f) T.tests[#T.tests + 1] = { name = name, f = f } end

function T.skip(why) error(setmetatable({ why = why }, Skip), 0) end

function T.guest(name) return root .. "/examples/guests/" .. name .. ".wasm" end

function T.shared(name)
  local path = (os.getenv "WHERRY_GUESTS" or root .. "/../shared/guests") .. "/" .. name
  if not readable(path) then T.skip("no " .. name .. " (set WHERRY_GUESTS)") end
  return path
end

function T.bytes(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function show(value)
  if type(value) == "string" then return string.format("%q", value) end
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for key, item in pairs(value) do parts[#parts + 1] = "[" .. show(key) .. "] = " .. show(item) end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end

local function equal(a, b)
  if a ~= a and b ~= b then return true end
  if math.type(a) ~= math.type(b) then return false end
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, item in pairs(a) do
    if not equal(item, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

function T.equal(got, expected)
  if not equal(got, expected) then
    error("expected " .. show(expected) .. "\n     got " .. show(got), 2)
  end
end

function T.same(a, b)
  if not rawequal(a, b) then error(show(a) .. " and " .. show(b) .. " are not the same", 2) end
end

function T.match(text, pattern)
  if not tostring(text):find(pattern) then
    error("no " .. show(pattern) .. " in " .. show(tostring(text)), 2)
  end
end

function T.raises(kind, pattern, f, ...)
  local ok, err = pcall(f, ...)
  if ok then error("raised nothing, expected " .. kind, 2) end
  if type(err) ~= "userdata" then error("raised " .. show(err) .. ", expected " .. kind, 2) end
  if err.kind ~= kind then
    error("raised " .. tostring(err.kind) .. " (" .. err.message .. "), expected " .. kind, 2)
  end
  if not err.message:find(pattern) then
    error("no " .. show(pattern) .. " in " .. show(err.message), 2)
  end
  return err
end

-- Kilobytes of memory that the process has now; nil where that is not known or, as under a
-- sanitizer, says nothing.
function T.resident()
  if os.getenv "ASAN_OPTIONS" then return nil end
  local file <close> = io.open "/proc/self/status"
  return file and tonumber(file:read("a"):match "VmRSS:%s*(%d+)")
end

local function describe(err)
  return debug.traceback(type(err) == "userdata" and err.traceback or tostring(err), 2)
end

-- Runs all tests; true if none failed.
function T.run(pattern)
  local failed, ran = 0, 0
  for _, test in ipairs(T.tests) do
    if not pattern or test.name:find(pattern) then
      local ok, err = xpcall(test.f, function(err)
        return getmetatable(err) == Skip and err or describe(err)
      end)
      collectgarbage()
      if ok then
        ran = ran + 1
      elseif type(err) == "table" then
        print("skipped: " .. test.name .. ": " .. err.why)
      else
        failed = failed + 1
        print("failed: " .. test.name .. "\n" .. err)
      end
    end
  end
  print(ran .. " passed, " .. failed .. " failed")
  return failed == 0, ran
end

return T
