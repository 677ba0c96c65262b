---@meta wherry
-- Annotations for the Lua language server (LuaLS); nothing here runs.
-- luacheck: ignore 212 241

---WebAssembly guests as Lua tables.
---@class wherry
---@field version string
local wherry = {}

---What an error object tells. `tostring(err)` gives position, message and the guest's stack.
---@class wherry.Error
---@field kind wherry.Kind
---@field message string
---@field where string position in the Lua program, "file.lua:3: " or ""
---@field traceback string message, the guest's stack and Lua's
---@field frames wherry.Frame[] the guest's stack, innermost call first; `omitted`: how many more
---@field code string|integer|nil of a trap its name, of an exit its status
---@field limit string|nil "memory", "table", "instances", "fuel", "deadline", "stack", "calls"
---@field offset integer|nil where in the module, in bytes
---@field tag wherry.Tag|nil of an exception of a guest
---@field values table|nil and what it carries; `n`: how many

---@alias wherry.Kind
---| "malformed" | "invalid" | "unlinkable" | "type" | "range" | "trap" | "exit" | "exception"
---| "limit" | "interrupted" | "host" | "oom" | "io" | "state"

---@class wherry.Frame
---@field name string|nil
---@field module string|nil
---@field index integer
---@field offset integer|nil

---A guest: its exports are fields, called with a dot.
---@class wherry.Guest
---@field exports table<string, any> the exports under their raw names; nil for those it has not
---@field instance wherry.Instance
---@field memory wherry.Memory
---@field close fun() ends the guest at once
---@field [string] any

---@alias wherry.Entity wherry.Memory|wherry.Table|wherry.Global|wherry.Tag
---@alias wherry.Import function|wherry.Host|wherry.Entity|number

---@class wherry.LoadOptions
---@field imports? table<string, table<string, wherry.Import>|wherry.Guest|wherry.Instance>
---@field memory_limit? integer|string bytes, or "64 MB"
---@field fuel? integer instructions in all
---@field timeout? number seconds for each call
---@field wit? string for a module without its WIT: the path of a file or folder, or the text itself
---@field world? string which one of it, if it has several
---@field engine? wherry.Engine

---What a module is made of: a path (of text if it ends in .wat), bytes that begin with \0asm, text.
---@alias wherry.Source string|{ wat: string }

---Loads a guest.
---@param source wherry.Source
---@param options? wherry.LoadOptions
---@return wherry.Guest
function wherry.load(source, options) end

---Is this a module? False comes with the error.
---@param source wherry.Source
---@return boolean good
---@return wherry.Error? err
function wherry.validate(source) end

---"Guest", "Memory", …, "function" for a guest's function, nil for what wherry did not make.
---@param value any
---@return string?
function wherry.type(value) end

---"func (i32, i32) -> i32"
---@param export function
---@return string
function wherry.signature(export) end

---A host function with options: wherry.host { caller = true, fn }.
---@param options { [1]: function, caller?: boolean }
---@return wherry.Host
function wherry.host(options) end

---@class wherry.Host

---The guest that calls; good until the host function returns.
---@class wherry.Caller
---@field memory wherry.Memory
---@field exports table<string, any>
---@field instance wherry.Instance|nil
---@field store wherry.Store
local Caller = {}
---@param name string
---@return any
function Caller:export(name) end

---@alias wherry.Format "u8"|"i8"|"u16"|"i16"|"u32"|"i32"|"u64"|"i64"|"f32"|"f64"

---A guest's memory. Addresses count bytes from 0; a negative i32 is taken as unsigned.
---@class wherry.Memory
---@operator len: integer
local Memory = {}
---@param address integer
---@param size integer
---@return string
function Memory:read(address, size) end
---@param address integer
---@param data string|wherry.View
function Memory:write(address, data) end
---Without a size up to the zero byte.
---@param address integer
---@param size? integer
---@return string
function Memory:read_string(address, size) end
---@return integer bytes
function Memory:size() end
---@return integer pages of 64 KiB, or as its module says
function Memory:pages() end
---@param pages integer
---@return integer pages before
function Memory:grow(pages) end
---@param format wherry.Format
---@param offset? integer in bytes, 0
---@param count? integer in elements; without it the view ends where the memory ends
---@return wherry.View
function Memory:view(format, offset, count) end
---@param offset? integer
---@param count? integer
---@return wherry.View
function Memory:int8_view(offset, count) end
Memory.uint8_view = Memory.int8_view
Memory.int16_view = Memory.int8_view
Memory.uint16_view = Memory.int8_view
Memory.int32_view = Memory.int8_view
Memory.uint32_view = Memory.int8_view
Memory.int64_view = Memory.int8_view
Memory.uint64_view = Memory.int8_view
Memory.float32_view = Memory.int8_view
Memory.float64_view = Memory.int8_view

---A typed array that lies in a memory; indices count from 0.
---@class wherry.View
---@field bytes_per_element integer
---@field format wherry.Format
---@field [integer] number
---@operator len: integer
local View = {}
---@param count? integer elements, all
---@return string bytes
function View:string(count) end
---@param first integer
---@param count? integer
---@return wherry.View
function View:slice(first, count) end
---@return number[] elements from 1
function View:table() end
---@param first integer
---@param values number[]|string|wherry.View
function View:set(first, values) end
function View:close() end

---A value that says its own type.
---@class wherry.Value
---@field type "i32"|"i64"|"f32"|"f64"|"v128"
---@field value number|string
wherry.Value = {}
---@param value integer
---@return wherry.Value
function wherry.Value.i32(value) end
---@param value integer
---@return wherry.Value
function wherry.Value.i64(value) end
---@param value number
---@return wherry.Value
function wherry.Value.f32(value) end
---@param value number
---@return wherry.Value
function wherry.Value.f64(value) end
---@param value string of 16 bytes
---@return wherry.Value
function wherry.Value.v128(value) end

---@class wherry.ConfigOptions
---@field features? table<string, boolean>|string {tail_call = false}, or "gc,-tail-call"
---@field memory_reservation? integer|string
---@field stack_size? integer|string
---@field call_depth? integer
---@field tick? integer
---@field deterministic? boolean floats and relaxed SIMD the same on every processor

---@class wherry.Config
---@field features table<string, boolean>
---@param options? wherry.ConfigOptions
---@return wherry.Config
function wherry.Config(options) end

---@class wherry.Engine
---@field features table<string, boolean>
---@param config? wherry.Config|wherry.ConfigOptions
---@return wherry.Engine
function wherry.Engine(config) end

---@class wherry.ExternType
---@field name string
---@field module? string of an import
---@field kind "func"|"memory"|"table"|"global"
---@field type string

---@class wherry.Module
---@field name string|nil
---@field imports wherry.ExternType[]
---@field exports wherry.ExternType[]
---@field features string[] that it needs
local Module = {}
---@param name string
---@return string?
function Module:custom_section(name) end
---Gives the WIT of a module that does not carry it, before a guest is made of it.
---@param wit string the path of a file or folder, or the text itself, which holds a ';'
---@param world? string its name, if there are several
function Module:set_wit(wit, world) end

---@overload fun(source: wherry.Source): wherry.Module
---@param engine wherry.Engine
---@param source wherry.Source
---@return wherry.Module
function wherry.Module(engine, source) end

---@class wherry.Store
---@field fuel integer
---@field timeout number can only be set
---@field memory_limit integer|string can only be set
---@field memory_used integer
---@field closed boolean
local Store = {}
function Store:close() end
function Store:interrupt() end

---@param engine? wherry.Engine
---@param options? { fuel?: integer, memory_limit?: integer|string, timeout?: number }
---@return wherry.Store
function wherry.Store(engine, options) end

---@class wherry.Instance
---@field exports table<string, any>
---@field memory wherry.Memory|nil
---@field module wherry.Module
---@field store wherry.Store

---@overload fun(source: wherry.Source, options?: wherry.LoadOptions): wherry.Instance
---@param store wherry.Store
---@param module wherry.Module
---@param imports? table<string, table<string, wherry.Import>>
---@return wherry.Instance
function wherry.Instance(store, module, imports) end

---@class wherry.Linker
local Linker = {}
---@param module string
---@param name string
---@param item function|wherry.Host|wherry.Entity
---@return wherry.Linker
function Linker:define(module, name, item) end
---@param module string
---@param instance wherry.Instance
---@return wherry.Linker
function Linker:define_instance(module, instance) end
---@param store wherry.Store
---@param module wherry.Module
---@return wherry.Instance
function Linker:instantiate(store, module) end
---@param store wherry.Store
---@param module string
---@param name string
---@return any
function Linker:get(store, module, name) end

---@param engine? wherry.Engine
---@return wherry.Linker
function wherry.Linker(engine) end

---A function with a type: parameters, ':', results; i (i32), l (i64), f (f32), d (f64),
---r (externref), c (funcref).
---@param store wherry.Store
---@param signature string "ii:i"
---@param fn function
---@return function
function wherry.Func(store, signature, fn) end

---@param store wherry.Store
---@param minimum integer pages
---@param maximum? integer pages
---@return wherry.Memory
function wherry.Memory(store, minimum, maximum) end

---Elements count from 0.
---@class wherry.Table
---@field [integer] any
---@operator len: integer
local Table = {}
---@param index integer
---@return any
function Table:get(index) end
---@param index integer
---@param value any
function Table:set(index, value) end
---@param elements integer
---@param value any
---@return integer elements before
function Table:grow(elements, value) end

---@param store wherry.Store
---@param element "funcref"|"externref"
---@param minimum integer
---@param maximum? integer
---@param value any
---@return wherry.Table
function wherry.Table(store, element, minimum, maximum, value) end

---@class wherry.Global
---@field value any
---@field type string
---@field mutable boolean

---@param store wherry.Store
---@param value wherry.Value
---@param options? { mutable?: boolean }
---@return wherry.Global
function wherry.Global(store, value, options) end

---What kind an exception of guests is.
---@class wherry.Tag
---@field params string[] the types of the values that it carries

---@param store wherry.Store
---@param params? string[]
---@return wherry.Tag
function wherry.Tag(store, params) end

---An error to raise in a host function: it is thrown into the guest that called it.
---@param tag wherry.Tag
---@param ... any
---@return wherry.Error
function wherry.exception(tag, ...) end

return wherry
