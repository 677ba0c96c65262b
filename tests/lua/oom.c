/* The Lua shim under an allocator that fails: at the n-th allocation, for every n, once and for good.
   Whatever fails, the error is Lua's own or one of kind oom, the state and the guests made before go
   on, and nothing is left when the state closes. oom GUESTS */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int luaopen_wherry(lua_State *L);
int luaopen_wherry_raw(lua_State *L);

typedef struct memory {
  size_t used;  /* bytes */
  long until;   /* allocations that still succeed; -1: all */
  bool forever; /* when it fails, it goes on failing; else twice, as Lua tries again */
  long failed;
} memory_t;

static void *allocate(void *data, void *block, size_t old_size, size_t new_size) {
  memory_t *memory = data;
  if (!block) old_size = 0;
  if (new_size == 0) {
    memory->used -= old_size;
    free(block);
    return NULL;
  }
  if (new_size > old_size && memory->until >= 0) {
    if (memory->until > 0) {
      memory->until--;
    } else {
      memory->failed++;
      if (!memory->forever && memory->failed == 2) memory->until = -1;
      return NULL;
    }
  }
  void *moved = malloc(new_size); /* always moves */
  if (!moved) abort();
  if (block) memcpy(moved, block, old_size < new_size ? old_size : new_size);
  free(block);
  memory->used += new_size - old_size;
  return moved;
}

static void arm(memory_t *memory, long until, bool forever) {
  memory->until = until;
  memory->forever = forever;
  memory->failed = 0;
}

/* What is run again and again; `guests` is the folder, made before: wherry, engine, simple, host,
   greet, values. */
static const char *const work[] = {
    "local guest = wherry.load(guests .. '/simple.wasm', { engine = engine })\n"
    "assert(guest.sum(5, 37) == 42)\n"
    "assert(guest.memory:view('u8', guest.string(), 13):slice(0, 5):string() == 'Hello')\n"
    "guest.close()",

    "local guest = wherry.load(guests .. '/host.wasm', { engine = engine, imports = { env = {\n"
    "  add = function(x, y) return #tostring({ x }) * 0 + x + y end,\n"
    "  on_word = wherry.host { caller = true, function(caller, at, n)\n"
    "    words[#words + 1] = caller.memory:read(at, n)\n"
    "  end } } } })\n"
    "words = {}\n"
    "guest.words()\n"
    "assert(words[5] == 'rivers' and guest.add_twice(1, 20) == 41)",

    "assert(greet.greet(('é'):rep(100)) == 'Hello, ' .. ('é'):rep(100) .. '!')\n"
    "local moved = greet.translate({ { x = 1, y = 2 }, { x = 3, y = 4 } }, { x = 1, y = 1 })\n"
    "assert(moved[2].y == 5 and greet.sum({ 1, 2, 3 }) == 6)\n"
    "assert(greet.pick({ 'a', 'b' }, 1) == 'b')\n"
    "assert(greet.birthday({ name = 'Ada', age = 36 }).age == 37)",

    "local ok, err = pcall(simple.divide, 1, 0)\n"
    "assert(not ok)\n"
    "if type(err) == 'userdata' and err.kind == 'trap' then\n"
    "  assert(tostring(err):find('divide') and #err.traceback > 0 and err.frames[1])\n"
    "else error(err, 0) end\n"
    "ok, err = pcall(simple.sum, 1, 'x')\n"
    "if type(err) ~= 'userdata' or err.kind ~= 'type' then error(err, 0) end",

    "local store <close> = wherry.Store(engine)\n"
    "local module = wherry.Module(engine, guests .. '/values.wasm')\n"
    "local linker = wherry.Linker(engine)\n"
    "linker:define('env', 'offset', wherry.Global(store, wherry.Value.i32(7)))\n"
    "local instance = linker:instantiate(store, module)\n"
    "assert(instance.exports.with_offset(1) == 8)\n"
    "local key = {}\n"
    "assert(instance.exports.same(key) == key and #module.exports > 0)\n"
    "assert(instance.exports.pick(0)(21) == 42)\n"
    "instance.exports.table[2] = wherry.Func(store, 'i:i', function(x) return -x end)\n"
    "assert(instance.exports.apply(2, 5) == -5)",

    "local marker = {}\n"
    "thrown = marker\n"
    "local ok, err = pcall(thrower.words)\n"
    "if err ~= marker then error(err, 0) end",
};

static const char setup[] = "wherry = require 'wherry'; require 'wherry.raw'\n"
                            "engine = wherry.Engine { memory_reservation = '1 MB' }\n"
                            "local function load(name, env)\n"
                            "  return wherry.load(guests .. '/' .. name .. '.wasm',\n"
                            "    { engine = engine, imports = { env = env } })\n"
                            "end\n"
                            "simple = load('simple'); greet = load('greet')\n"
                            "local function throw() error(thrown, 0) end\n"
                            "thrower = load('host', { add = throw, on_word = throw })\n";

static const char health[] = "assert(simple.sum(5, 37) == 42)\n"
                             "assert(greet.greet('Ada') == 'Hello, Ada!')\n"
                             "thrown = 'x'; assert(select(2, pcall(thrower.words)) == 'x')";

static void die(lua_State *L, const char *what, long n) {
  fprintf(stderr, "%s, at allocation %ld: %s\n", what, n, luaL_tolstring(L, -1, NULL));
  exit(1);
}

static void run(lua_State *L, const char *code, const char *what, long n) {
  if (luaL_dostring(L, code) != LUA_OK) die(L, what, n);
  lua_settop(L, 0);
}

/* Lua's own memory error, or an error object of kind oom. */
static bool is_memory_error(lua_State *L, int status) {
  if (status == LUA_ERRMEM) return true;
  if (lua_type(L, -1) == LUA_TSTRING) return strstr(lua_tostring(L, -1), "not enough memory");
  bool oom = false;
  if (luaL_getmetafield(L, -1, "__index") == LUA_TFUNCTION) {
    lua_pop(L, 1);
    lua_getfield(L, -1, "kind");
    const char *kind = lua_tostring(L, -1);
    oom = kind && (strcmp(kind, "oom") == 0 || strcmp(kind, "host") == 0);
    lua_pop(L, 1);
  }
  return oom;
}

static lua_State *open(memory_t *memory, const char *guests) {
  lua_State *L = lua_newstate(allocate, memory);
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_wherry);
  lua_setfield(L, -2, "wherry");
  lua_pushcfunction(L, luaopen_wherry_raw);
  lua_setfield(L, -2, "wherry.raw");
  lua_pushstring(L, guests);
  lua_setglobal(L, "guests");
  lua_settop(L, 0);
  return L;
}

static void close(lua_State *L, const memory_t *memory) {
  lua_close(L);
  if (memory->used == 0) return;
  fprintf(stderr, "%zu bytes of Lua's are left\n", memory->used);
  exit(1);
}

/* Fails at every allocation of a piece of work in turn; how many there were. */
static long try_all(lua_State *L, memory_t *memory, const char *code, bool forever) {
  for (long n = 0;; n++) {
    if (luaL_loadstring(L, code) != LUA_OK) die(L, "load", n);
    arm(memory, n, forever);
    int status = lua_pcall(L, 0, 0, 0);
    long failed = memory->failed;
    arm(memory, -1, false);
    if (status == LUA_OK && failed == 0) return n;
    if (status != LUA_OK && !is_memory_error(L, status)) die(L, code, n);
    lua_settop(L, 0);
    if (n % 16 == 0) lua_gc(L, LUA_GCCOLLECT);
    run(L, health, "afterwards", n);
  }
}

/* The same for opening the module, in a fresh state each time. */
static long try_open(const char *guests, bool forever) {
  for (long n = 0;; n += 3) {
    memory_t memory = {.until = -1};
    lua_State *L = open(&memory, guests);
    if (luaL_loadstring(L, "return require 'wherry', require 'wherry.raw'") != LUA_OK)
      die(L, "load", n);
    arm(&memory, n, forever);
    int status = lua_pcall(L, 0, 2, 0);
    long failed = memory.failed;
    arm(&memory, -1, false);
    if (status != LUA_OK && !is_memory_error(L, status)) die(L, "open", n);
    close(L, &memory);
    if (failed == 0) return n;
  }
}

int main(int argc, char **argv) {
  const char *guests = argc > 1 ? argv[1] : "examples/guests";
  long total = 0;
  for (int forever = 0; forever < 2; forever++) {
    total += try_open(guests, forever);
    memory_t memory = {.until = -1};
    lua_State *L = open(&memory, guests);
    run(L, setup, "setup", 0);
    for (size_t i = 0; i < sizeof work / sizeof *work; i++)
      total += try_all(L, &memory, work[i], forever);
    close(L, &memory);
  }
  printf("%ld failed allocations survived\n", total);
  return 0;
}
