/* Atomic accesses, shared memories, waiting and notifying: one store alone, and several on threads of
   their own. */
#include "world.h"

#include "runtime/runtime.h"

#include <pthread.h>
#include <stdatomic.h>

static wherry_module_t *module_of(wherry_engine_t *engine, const char *text) {
  wherry_module_t *module;
  assert_ok(wherry_module_new_text(engine, text, strlen(text), NULL, &module));
  return module;
}

/* ---- what each instruction does ---- */

typedef struct access_case {
  const char *type, *name; /* "i32", "rmw8.add_u" */
  unsigned operands;
  uint64_t before, operand, replacement, result, after;
} access_case_t;

#define FULL UINT64_C(0x8182838485868788)
#define NEW UINT64_C(0x1122334455667788)
/* Low parts of both, and what stays of FULL above them. */
#define HIGH(bits) (FULL >> (bits) << (bits))

#define NARROW(type, rmw, suffix, bits)                                           \
  {type,                                                                          \
   rmw "add" suffix,                                                              \
   1,                                                                             \
   FULL,                                                                          \
   NEW,                                                                           \
   0,                                                                             \
   (uint##bits##_t)FULL,                                                          \
   HIGH(bits) | (uint##bits##_t)(FULL + NEW)},                                    \
      {type,                                                                      \
       rmw "sub" suffix,                                                          \
       1,                                                                         \
       FULL,                                                                      \
       NEW,                                                                       \
       0,                                                                         \
       (uint##bits##_t)FULL,                                                      \
       HIGH(bits) | (uint##bits##_t)(FULL - NEW)},                                \
      {type,                                                                      \
       rmw "and" suffix,                                                          \
       1,                                                                         \
       FULL,                                                                      \
       NEW,                                                                       \
       0,                                                                         \
       (uint##bits##_t)FULL,                                                      \
       HIGH(bits) | (uint##bits##_t)(FULL & NEW)},                                \
      {type,                                                                      \
       rmw "or" suffix,                                                           \
       1,                                                                         \
       FULL,                                                                      \
       NEW,                                                                       \
       0,                                                                         \
       (uint##bits##_t)FULL,                                                      \
       HIGH(bits) | (uint##bits##_t)(FULL | NEW)},                                \
      {type,                                                                      \
       rmw "xor" suffix,                                                          \
       1,                                                                         \
       FULL,                                                                      \
       NEW,                                                                       \
       0,                                                                         \
       (uint##bits##_t)FULL,                                                      \
       HIGH(bits) | (uint##bits##_t)(FULL ^ NEW)},                                \
      {type,                                                                      \
       rmw "xchg" suffix,                                                         \
       1,                                                                         \
       FULL,                                                                      \
       NEW,                                                                       \
       0,                                                                         \
       (uint##bits##_t)FULL,                                                      \
       HIGH(bits) | (uint##bits##_t)NEW},                                         \
      {type,                                                                      \
       rmw "cmpxchg" suffix,                                                      \
       2,                                                                         \
       FULL,                                                                      \
       FULL,                                                                      \
       NEW,                                                                       \
       (uint##bits##_t)FULL,                                                      \
       HIGH(bits) | (uint##bits##_t)NEW},                                         \
  {                                                                               \
    type, rmw "cmpxchg" suffix, 2, FULL, NEW - 1, NEW, (uint##bits##_t)FULL, FULL \
  }
#define ACCESSES(type, load, store, bits)                             \
  {type, load, 0, FULL, 0, 0, (uint##bits##_t)FULL, FULL}, {          \
    type, store, 1, FULL, NEW, 0, 0, HIGH(bits) | (uint##bits##_t)NEW \
  }

static const access_case_t accesses[] = {
    ACCESSES("i32", "load", "store", 32),
    ACCESSES("i32", "load8_u", "store8", 8),
    ACCESSES("i32", "load16_u", "store16", 16),
    ACCESSES("i64", "load8_u", "store8", 8),
    ACCESSES("i64", "load16_u", "store16", 16),
    ACCESSES("i64", "load32_u", "store32", 32),
    {"i64", "load", 0, FULL, 0, 0, FULL, FULL},
    {"i64", "store", 1, FULL, NEW, 0, 0, NEW},
    NARROW("i32", "rmw.", "", 32),
    NARROW("i32", "rmw8.", "_u", 8),
    NARROW("i32", "rmw16.", "_u", 16),
    NARROW("i64", "rmw8.", "_u", 8),
    NARROW("i64", "rmw16.", "_u", 16),
    NARROW("i64", "rmw32.", "_u", 32),
    {"i64", "rmw.add", 1, FULL, NEW, 0, FULL, FULL + NEW},
    {"i64", "rmw.sub", 1, FULL, NEW, 0, FULL, FULL - NEW},
    {"i64", "rmw.and", 1, FULL, NEW, 0, FULL, FULL &NEW},
    {"i64", "rmw.or", 1, FULL, NEW, 0, FULL, FULL | NEW},
    {"i64", "rmw.xor", 1, FULL, NEW, 0, FULL, FULL ^ NEW},
    {"i64", "rmw.xchg", 1, FULL, NEW, 0, FULL, NEW},
    {"i64", "rmw.cmpxchg", 2, FULL, FULL, NEW, FULL, NEW},
    {"i64", "rmw.cmpxchg", 2, FULL, NEW, NEW, FULL, FULL},
};

static const struct {
  const char *memories, *index, *address; /* address: type of the memory's */
} places[] = {
    {"(memory $m 1 2 shared)", "", "i32"},
    {"(memory $m 1)", "", "i32"},
    {"(memory $m i64 1 2 shared)", "", "i64"},
    {"(memory $other 1) (memory $m i64 1)", "$m", "i64"},
    {"(memory $other 1) (memory $m 1 2 shared)", "$m", "i32"},
};

/* (func (param i64 i64) (result i64)): the access at 16 + 48. */
static void put_access(char *out, size_t size, const access_case_t *access, size_t place) {
  bool narrow = strcmp(access->type, "i32") == 0, stores = strncmp(access->name, "store", 5) == 0;
  char operands[200] = "";
  for (unsigned i = 0; i < access->operands; i++)
    snprintf(operands + strlen(operands), sizeof operands - strlen(operands), " (%slocal.get %u)%s",
             narrow ? "i32.wrap_i64 (" : "", i, narrow ? ")" : "");
  snprintf(out, size,
           "(module %s (export \"m\" (memory $m)) (func (export \"f\") (param i64 i64) (result i64)"
           " %s(%s.atomic.%s %s offset=48 (%s.const 16)%s)%s))",
           places[place].memories,
           stores   ? ""
           : narrow ? "(i64.extend_i32_u "
                    : "(i64.or (i64.const 0)",
           access->type, access->name, places[place].index, places[place].address, operands,
           stores ? " (i64.const 0)" : ")");
}

static void accesses_do_what_they_are_named_for(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  for (size_t place = 0; place < WH_COUNT(places); place++)
    for (size_t i = 0; i < WH_COUNT(accesses); i++) {
      const access_case_t *access = &accesses[i];
      char text[700];
      put_access(text, sizeof text, access, place);
      wherry_module_t *module = module_of(world.engine, text);
      wherry_instance_t instance;
      assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
      wherry_memory_t memory = find_export(world.store, instance, "m").of.memory;
      uint64_t cell = access->before;
      assert_ok(wherry_memory_write(world.store, memory, 64, &cell, sizeof cell));
      wherry_slot_t slots[2] = {{.u64 = access->operand}, {.u64 = access->replacement}};
      assert_ok(wherry_func_call_slots(world.store, find_func(world.store, instance, "f"), slots));
      assert_ok(wherry_memory_read(world.store, memory, 64, &cell, sizeof cell));
      if (slots[0].u64 != access->result || cell != access->after)
        print_error("%s.atomic.%s, place %zu\n", access->type, access->name, place);
      assert_int_equal(slots[0].u64, access->result);
      assert_int_equal(cell, access->after);
      wherry_module_release(module);
    }
  world_end(&world);
}

static const struct {
  const char *body;
  wherry_trap_code_t trap;
} traps[] = {
    {"(drop (i32.atomic.load (i32.const 65536)))", WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS},
    {"(drop (i32.atomic.load offset=65535 (i32.const 1)))", WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS},
    {"(drop (i32.atomic.load offset=4294967295 (i32.const -3)))", WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS},
    {"(drop (i32.atomic.load (i32.const 2)))", WHERRY_TRAP_UNALIGNED_ATOMIC},
    {"(drop (i32.atomic.load offset=1 (i32.const 0)))", WHERRY_TRAP_UNALIGNED_ATOMIC},
    {"(drop (i32.atomic.load (i32.const 65537)))", WHERRY_TRAP_UNALIGNED_ATOMIC},
    {"(drop (i64.atomic.rmw.xor (i32.const 4) (i64.const 0)))", WHERRY_TRAP_UNALIGNED_ATOMIC},
    {"(i32.atomic.store16 (i32.const 3) (i32.const 0))", WHERRY_TRAP_UNALIGNED_ATOMIC},
    {"(drop (memory.atomic.notify (i32.const 65536) (i32.const 1)))",
     WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS},
    {"(drop (memory.atomic.notify (i32.const 2) (i32.const 1)))", WHERRY_TRAP_UNALIGNED_ATOMIC},
    {"(drop (memory.atomic.wait64 (i32.const 4) (i64.const 0) (i64.const 0)))",
     WHERRY_TRAP_UNALIGNED_ATOMIC},
    {"(drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const 0)))",
     WHERRY_TRAP_EXPECTED_SHARED_MEMORY},
    {"(drop (i64.atomic.load $big offset=0xffffffffffffffff (i64.const 9)))",
     WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS},
    {"(drop (i64.atomic.load $big (i64.const -8)))", WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS},
    {"(drop (i64.atomic.load $big offset=16 (i64.const -12)))", WHERRY_TRAP_UNALIGNED_ATOMIC},
    {"(drop (memory.atomic.wait32 $big (i64.const 65536) (i32.const 0) (i64.const 0)))",
     WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS},
};

static void what_cannot_be_done_traps(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  for (size_t i = 0; i < WH_COUNT(traps); i++) {
    char text[300];
    snprintf(text, sizeof text,
             "(module (memory 1) (memory $big i64 1 1 shared) (func (export \"f\") %s))",
             traps[i].body);
    wherry_module_t *module = module_of(world.engine, text);
    wherry_instance_t instance;
    assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
    wherry_slot_t slots[1];
    wherry_error_t *error =
        wherry_func_call_slots(world.store, find_func(world.store, instance, "f"), slots);
    if (!error || wherry_error_trap_code(error) != traps[i].trap)
      print_error("%s\n", traps[i].body);
    assert_int_equal(wherry_error_trap_code(error), traps[i].trap);
    assert_int_equal(wherry_error_frame_count(error), 1);
    wherry_error_release(error);
    wherry_module_release(module);
  }
  world_end(&world);
}

/* ---- a guest in a store of its own ---- */

static const char guest_text[] =
    "(module (import \"\" \"memory\" (memory 1 16 shared)) (export \"memory\" (memory 0))"
    " (func (export \"count\") (param $address i32) (param $times i32) (result i32) (loop $again"
    "   (drop (i32.atomic.rmw.add (local.get $address) (i32.const 1)))"
    "   (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))"
    "   (i32.atomic.load (local.get $address)))"
    /* A mutex as in the proposal's overview: 0 free, 1 taken, 2 taken and somebody waits. */
    " (func $lock (param $mutex i32) (local $was i32)"
    "   (if (i32.eqz (i32.atomic.rmw.cmpxchg (local.get $mutex) (i32.const 0) (i32.const 1)))"
    "     (then (return)))"
    "   (loop $again"
    "     (if (i32.eqz (i32.atomic.rmw.xchg (local.get $mutex) (i32.const 2))) (then (return)))"
    "     (drop (memory.atomic.wait32 (local.get $mutex) (i32.const 2) (i64.const -1)))"
    "     (br $again)))"
    " (func $unlock (param $mutex i32)"
    "   (if (i32.ne (i32.atomic.rmw.xchg (local.get $mutex) (i32.const 0)) (i32.const 1))"
    "     (then (drop (memory.atomic.notify (local.get $mutex) (i32.const 1))))))"
    " (func (export \"count_locked\") (param $address i32) (param $times i32) (result i32)"
    "   (local $value i32) (loop $again"
    "   (call $lock (i32.const 1024))"
    "   (local.set $value (i32.add (i32.load (local.get $address)) (i32.const 1)))"
    "   (i32.store (local.get $address) (local.get $value))"
    "   (call $unlock (i32.const 1024))"
    "   (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))"
    "   (local.get $value))"
    " (func (export \"wait\") (param $address i32) (param $expected i32) (result i32)"
    "   (memory.atomic.wait32 (local.get $address) (local.get $expected) (i64.const -1)))"
    " (func (export \"wait64\") (param $address i32) (param $timeout i64) (result i32)"
    "   (memory.atomic.wait64 (local.get $address) (i64.const 0) (local.get $timeout)))"
    " (func (export \"notify\") (param $address i32) (param $most i32) (result i32)"
    "   (memory.atomic.notify (local.get $address) (local.get $most)))"
    " (func (export \"store\") (param $address i32) (param $value i32)"
    "   (atomic.fence) (i32.atomic.store (local.get $address) (local.get $value)))"
    " (func (export \"grow\") (param $pages i32) (param i32) (result i32)"
    "   (memory.grow (local.get $pages)))"
    " (func (export \"size\") (param i32 i32) (result i32) (memory.size))"
    " (func (export \"load\") (param $address i32) (param i32) (result i32)"
    "   (i32.load (local.get $address)))"
    " (func (export \"fill\") (param $address i32) (param $size i32)"
    "   (memory.fill (local.get $address) (i32.const 7) (local.get $size)))"
    " (func (export \"copy\") (param $to i32) (param $size i32)"
    "   (memory.copy (local.get $to) (i32.const 0) (local.get $size))))";

typedef struct guest {
  wherry_store_t *store;
  wherry_instance_t instance;
  /* What a thread does with it. */
  const char *function;
  int32_t a, b, result;
  wherry_error_t *error;
  pthread_t thread;
} guest_t;

static guest_t guest_open(wherry_module_t *module, wherry_engine_t *engine,
                          wherry_sharedmemory_t *shared) {
  guest_t guest = {0};
  wherry_extern_t import = {.kind = WHERRY_EXTERN_MEMORY};
  assert_ok(wherry_store_new(engine, &guest.store));
  assert_ok(wherry_sharedmemory_memory(shared, guest.store, &import.of.memory));
  assert_ok(wherry_instance_new(guest.store, module, &import, 1, &guest.instance));
  return guest;
}

static int32_t guest_call(guest_t *guest, const char *name, int32_t a, int32_t b) {
  int32_t result = -12345;
  assert_ok(call_i32(guest->store, find_func(guest->store, guest->instance, name), a, b, &result));
  return result;
}

static void *run(void *data) {
  guest_t *guest = data;
  wherry_extern_t item;
  guest->error = wherry_instance_find(guest->store, guest->instance, guest->function,
                                      strlen(guest->function), &item);
  if (!guest->error)
    guest->error = call_i32(guest->store, item.of.func, guest->a, guest->b, &guest->result);
  return NULL;
}

static void begin(guest_t *guest, const char *function, int32_t a, int32_t b) {
  guest->function = function;
  guest->a = a;
  guest->b = b;
  assert_int_equal(pthread_create(&guest->thread, NULL, run, guest), 0);
}

/* Its error, which may be none. */
static wherry_error_t *end(guest_t *guest) {
  assert_int_equal(pthread_join(guest->thread, NULL), 0);
  return guest->error;
}

enum { GUESTS = 4 };

typedef struct crowd {
  wherry_engine_t *engine;
  wherry_module_t *module;
  wherry_sharedmemory_t *shared;
  guest_t guests[GUESTS];
} crowd_t;

static void crowd_open(crowd_t *crowd) {
  assert_ok(wherry_engine_new(NULL, &crowd->engine));
  crowd->module = module_of(crowd->engine, guest_text);
  assert_ok(wherry_sharedmemory_new(crowd->engine, 1, 16, &crowd->shared));
  for (int i = 0; i < GUESTS; i++)
    crowd->guests[i] = guest_open(crowd->module, crowd->engine, crowd->shared);
}

static void crowd_close(crowd_t *crowd) {
  wherry_engine_release(crowd->engine);
  wherry_module_release(crowd->module);
  wherry_sharedmemory_release(crowd->shared);
  for (int i = 0; i < GUESTS; i++) wherry_store_release(crowd->guests[i].store);
}

/* So many are in the memory's queue. */
static void await_waiters(const crowd_t *crowd, size_t wanted) {
  wherry_sharedmemory_t *shared = crowd->shared;
  for (size_t count = SIZE_MAX; count != wanted;) {
    count = 0;
    wh_mutex_lock(&shared->lock);
    for (wh_waiter_t *waiter = shared->first_waiter; waiter; waiter = waiter->next) count++;
    wh_mutex_unlock(&shared->lock);
  }
}

static void no_addition_is_lost(void **state) {
  (void)state;
  enum { TIMES = 20000 };
  crowd_t crowd;
  crowd_open(&crowd);
  for (int i = 0; i < GUESTS; i++) begin(&crowd.guests[i], "count", 64, TIMES);
  for (int i = 0; i < GUESTS; i++) assert_ok(end(&crowd.guests[i]));
  assert_int_equal(guest_call(&crowd.guests[0], "load", 64, 0), GUESTS * TIMES);
  crowd_close(&crowd);
}

static void a_mutex_of_the_guests_excludes(void **state) {
  (void)state;
  enum { TIMES = 3000 };
  crowd_t crowd;
  crowd_open(&crowd);
  for (int i = 0; i < GUESTS; i++) begin(&crowd.guests[i], "count_locked", 64, TIMES);
  for (int i = 0; i < GUESTS; i++) assert_ok(end(&crowd.guests[i]));
  assert_int_equal(guest_call(&crowd.guests[0], "load", 64, 0), GUESTS * TIMES);
  await_waiters(&crowd, 0);
  crowd_close(&crowd);
}

/* ---- waiting ---- */

static void a_wait_ends_by_itself_when_it_must(void **state) {
  (void)state;
  crowd_t crowd;
  crowd_open(&crowd);
  guest_t *guest = &crowd.guests[0];
  assert_int_equal(guest_call(guest, "wait", 64, 1), 1);
  wherry_func_t wait = find_func(guest->store, guest->instance, "wait64");
  static const int64_t timeouts[] = {0, 1, 1000000, 15000000};
  for (size_t i = 0; i < WH_COUNT(timeouts); i++) {
    wherry_slot_t slots[2] = {{.u64 = 64}, {.i64 = timeouts[i]}};
    uint64_t before = wh_os_now();
    assert_ok(wherry_func_call_slots(guest->store, wait, slots));
    assert_int_equal(slots[0].u64, 2);
    assert_true(wh_os_now() - before >= (uint64_t)timeouts[i]);
  }
  await_waiters(&crowd, 0);
  crowd_close(&crowd);
}

static void as_many_are_woken_as_were_meant(void **state) {
  (void)state;
  crowd_t crowd;
  crowd_open(&crowd);
  guest_t *main = &crowd.guests[0];
  assert_int_equal(guest_call(main, "notify", 64, -1), 0);
  for (int i = 1; i < GUESTS; i++) begin(&crowd.guests[i], "wait", i == 1 ? 68 : 64, 0);
  await_waiters(&crowd, GUESTS - 1);
  assert_int_equal(guest_call(main, "notify", 64, 0), 0);
  assert_int_equal(guest_call(main, "notify", 72, -1), 0);
  assert_int_equal(guest_call(main, "notify", 64, 1), 1);
  await_waiters(&crowd, GUESTS - 2);
  assert_int_equal(guest_call(main, "notify", 64, -1), GUESTS - 3);
  assert_int_equal(guest_call(main, "notify", 64, -1), 0);
  assert_int_equal(guest_call(main, "notify", 68, 5), 1);
  for (int i = 1; i < GUESTS; i++) {
    assert_ok(end(&crowd.guests[i]));
    assert_int_equal(crowd.guests[i].result, 0);
  }
  crowd_close(&crowd);
}

static void an_interruption_wakes(void **state) {
  (void)state;
  crowd_t crowd;
  crowd_open(&crowd);
  guest_t *guest = &crowd.guests[1];
  begin(guest, "wait", 64, 0);
  await_waiters(&crowd, 1);
  wherry_store_interrupt(guest->store);
  assert_error(end(guest), INTERRUPTED, "interrupted");
  await_waiters(&crowd, 0);
  /* Nothing is left of it. */
  assert_int_equal(guest_call(&crowd.guests[0], "notify", 64, -1), 0);
  assert_int_equal(guest_call(guest, "wait", 64, 1), 1);
  crowd_close(&crowd);
}

static void the_deadline_ends_a_wait(void **state) {
  (void)state;
  crowd_t crowd;
  crowd_open(&crowd);
  guest_t *guest = &crowd.guests[1];
  assert_ok(wherry_store_set_timeout(guest->store, 3000000));
  begin(guest, "wait", 64, 0);
  assert_error(end(guest), LIMIT, "time limit");
  await_waiters(&crowd, 0);
  crowd_close(&crowd);
}

static atomic_int ticks;

static wherry_error_t *count_tick(wherry_store_t *store, void *data) {
  (void)store;
  int most = *(const int *)data;
  if (atomic_fetch_add(&ticks, 1) < most) return NULL;
  return wherry_error_new(WHERRY_ERROR_HOST, "enough of it");
}

static void a_waiting_guest_leaves_the_host_its_ticks(void **state) {
  (void)state;
  crowd_t crowd;
  crowd_open(&crowd);
  int most = 3;
  atomic_store(&ticks, 0);
  wherry_store_set_tick(crowd.guests[1].store, count_tick, &most);
  begin(&crowd.guests[1], "wait", 64, 0);
  assert_error(end(&crowd.guests[1]), HOST, "enough");
  assert_int_equal(atomic_load(&ticks), most + 1);
  await_waiters(&crowd, 0);
  crowd_close(&crowd);
}

/* ---- waiting in steps ---- */

static wherry_call_t *start(guest_t *guest, const char *name, int32_t a, int32_t b) {
  wherry_slot_t slots[2] = {{.u64 = (uint32_t)a}, {.u64 = (uint32_t)b}};
  wherry_call_t *call;
  assert_ok(wherry_call_start(guest->store, find_func(guest->store, guest->instance, name), slots,
                              &call));
  return call;
}

static wherry_outcome_t resume(wherry_call_t *call) {
  wherry_outcome_t outcome = (wherry_outcome_t)99;
  assert_ok(wherry_call_resume(call, &outcome));
  return outcome;
}

static void a_paused_wait_is_woken(void **state) {
  (void)state;
  crowd_t crowd;
  crowd_open(&crowd);
  wherry_call_t *call = start(&crowd.guests[1], "wait", 64, 0);
  /* It pauses before it blocks, so that the host can let go of what it holds, … */
  assert_int_equal(resume(call), WHERRY_PAUSED);
  await_waiters(&crowd, 1);
  /* … blocks for a while, … */
  assert_int_equal(resume(call), WHERRY_PAUSED);
  await_waiters(&crowd, 1);
  /* … and what comes in the pause is not lost, even if the value is another by now. */
  guest_call(&crowd.guests[0], "store", 64, 5);
  assert_int_equal(guest_call(&crowd.guests[0], "notify", 64, -1), 1);
  assert_int_equal(resume(call), WHERRY_DONE);
  assert_int_equal(wherry_call_slots(call)[0].u64, 0);
  wherry_call_release(call);

  /* A call that does not wait does not pause. */
  call = start(&crowd.guests[1], "wait", 64, 0);
  assert_int_equal(resume(call), WHERRY_DONE);
  assert_int_equal(wherry_call_slots(call)[0].u64, 1);
  wherry_call_release(call);
  crowd_close(&crowd);
}

static void a_paused_wait_leaves_the_queue_when_its_call_ends(void **state) {
  (void)state;
  crowd_t crowd;
  crowd_open(&crowd);
  guest_t *main = &crowd.guests[0], *guest = &crowd.guests[1];
  wherry_outcome_t outcome;
  wherry_call_t *call = start(guest, "wait", 64, 0);
  assert_int_equal(resume(call), WHERRY_PAUSED);
  wherry_call_release(call);
  assert_int_equal(guest_call(main, "notify", 64, -1), 0);

  call = start(guest, "wait", 64, 0);
  assert_int_equal(resume(call), WHERRY_PAUSED);
  wherry_call_fail(call, wherry_error_new(WHERRY_ERROR_HOST, "no more"));
  assert_error(wherry_call_resume(call, &outcome), HOST, "no more");
  assert_int_equal(guest_call(main, "notify", 64, -1), 0);
  wherry_call_release(call);

  call = start(guest, "wait", 64, 0);
  assert_int_equal(resume(call), WHERRY_PAUSED);
  wherry_store_interrupt(guest->store);
  assert_error(wherry_call_resume(call, &outcome), INTERRUPTED, "interrupted");
  assert_int_equal(guest_call(main, "notify", 64, -1), 0);
  wherry_call_release(call);
  crowd_close(&crowd);
}

static void a_paused_wait_outlives_its_store(void **state) {
  (void)state;
  crowd_t crowd;
  crowd_open(&crowd);
  guest_t *guest = &crowd.guests[1];
  wherry_call_t *call = start(guest, "wait", 64, 0);
  assert_int_equal(resume(call), WHERRY_PAUSED);
  wherry_store_close(guest->store);
  assert_int_equal(guest_call(&crowd.guests[0], "notify", 64, -1), 1);
  wherry_call_release(call);

  guest = &crowd.guests[2];
  call = start(guest, "wait", 64, 0);
  assert_int_equal(resume(call), WHERRY_PAUSED);
  wherry_store_close(guest->store);
  crowd_close(&crowd);
  wherry_call_release(call); /* the last that holds the shared memory */
}

/* ---- growing ---- */

static void growth_is_seen_by_all(void **state) {
  (void)state;
  crowd_t crowd;
  crowd_open(&crowd);
  guest_t *a = &crowd.guests[0], *b = &crowd.guests[1];
  wherry_memory_t memory = find_export(b->store, b->instance, "memory").of.memory;
  uint8_t *data;
  const uint64_t *size;
  int32_t ignored;
  assert_ok(wherry_memory_view(b->store, memory, &data, &size));
  assert_ptr_equal(data, wherry_sharedmemory_data(crowd.shared));
  assert_int_equal(*size, 65536);
  assert_error(call_i32(b->store, find_func(b->store, b->instance, "load"), 65536, 0, &ignored),
               TRAP, "out of bounds");
  assert_int_equal(guest_call(a, "grow", 1, 0), 1);
  assert_int_equal(*size, 2 * 65536);
  assert_int_equal(wherry_sharedmemory_size(crowd.shared), 2 * 65536);
  guest_call(a, "fill", 65536, 8);
  assert_int_equal(guest_call(b, "load", 65536, 0), 0x07070707);
  assert_int_equal(guest_call(a, "grow", 2, 0), 2);
  guest_call(b, "fill", 4 * 65536 - 4, 4);
  guest_call(b, "copy", 3 * 65536, 65536);
  assert_int_equal(guest_call(a, "grow", 1, 0), 4);
  assert_int_equal(guest_call(b, "size", 0, 0), 5);
  assert_int_equal(guest_call(a, "grow", 12, 0), -1);
  assert_int_equal(guest_call(b, "grow", 11, 0), 5);
  assert_int_equal(guest_call(a, "grow", 1, 0), -1);
  uint32_t word = 9;
  assert_ok(wherry_memory_write(
      crowd.guests[2].store,
      find_export(crowd.guests[2].store, crowd.guests[2].instance, "memory").of.memory,
      16 * 65536 - 4, &word, sizeof word));
  assert_int_equal(guest_call(a, "load", 16 * 65536 - 4, 0), 9);
  crowd_close(&crowd);
}

static void growth_races_nobody_out(void **state) {
  (void)state;
  crowd_t crowd;
  crowd_open(&crowd);
  for (int i = 0; i < GUESTS; i++) begin(&crowd.guests[i], "grow", 3, 0);
  int32_t seen = 0;
  for (int i = 0; i < GUESTS; i++) {
    assert_ok(end(&crowd.guests[i]));
    seen |= 1 << crowd.guests[i].result;
  }
  /* Each saw another size before. */
  assert_int_equal(seen, 1 << 1 | 1 << 4 | 1 << 7 | 1 << 10);
  crowd_close(&crowd);
}

/* A 64-bit memory and a second one look again where others would trap. */
static void growth_is_seen_in_every_memory(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *owner =
      module_of(world.engine, "(module (memory (export \"m\") i64 1 4 shared)"
                              " (func (export \"grow\") (drop (memory.grow (i64.const 1)))))");
  wherry_module_t *user = module_of(
      world.engine, "(module (import \"\" \"\" (memory 1 1 shared)) (import \"\" \"m\" (memory $m "
                    "i64 1 4 shared))"
                    " (func (export \"load\") (param i32) (result i32)"
                    "   (i32.load $m (i64.extend_i32_u (local.get 0))))"
                    " (func (export \"atomic\") (param i32) (result i32)"
                    "   (i32.atomic.rmw.or $m (i64.extend_i32_u (local.get 0)) (i32.const 3))))");
  wherry_instance_t owns, uses;
  assert_ok(wherry_instance_new(world.store, owner, NULL, 0, &owns));
  wherry_sharedmemory_t *shared, *first;
  assert_ok(
      wherry_sharedmemory_of(world.store, find_export(world.store, owns, "m").of.memory, &shared));
  wherry_store_t *store;
  wherry_extern_t imports[2] = {{.kind = WHERRY_EXTERN_MEMORY}, {.kind = WHERRY_EXTERN_MEMORY}};
  assert_ok(wherry_store_new(world.engine, &store));
  assert_ok(wherry_sharedmemory_new(world.engine, 1, 1, &first));
  assert_ok(wherry_sharedmemory_memory(first, store, &imports[0].of.memory));
  assert_ok(wherry_sharedmemory_memory(shared, store, &imports[1].of.memory));
  assert_ok(wherry_instance_new(store, user, imports, 2, &uses));
  wherry_sharedmemory_release(first);
  int32_t result;
  assert_error(call_i32(store, find_func(store, uses, "load"), 65536, 0, &result), TRAP, "bounds");
  assert_ok(call_i32(world.store, find_func(world.store, owns, "grow"), 0, 0, NULL));
  assert_ok(call_i32(store, find_func(store, uses, "load"), 65536, 0, &result));
  assert_int_equal(result, 0);
  assert_error(call_i32(store, find_func(store, uses, "load"), 2 * 65536, 0, &result), TRAP,
               "bounds");
  assert_ok(call_i32(world.store, find_func(world.store, owns, "grow"), 0, 0, NULL));
  assert_ok(call_i32(store, find_func(store, uses, "atomic"), 3 * 65536 - 4, 0, &result));
  assert_ok(call_i32(store, find_func(store, uses, "load"), 3 * 65536 - 4, 0, &result));
  assert_int_equal(result, 3);
  wherry_sharedmemory_release(shared);
  wherry_module_release(owner);
  wherry_module_release(user);
  wherry_store_release(store);
  world_end(&world);
}

/* ---- sharing ---- */

static void a_memory_is_shared_by_its_handle(void **state) {
  (void)state;
  world_t world = world_of(NULL), other = world_of(NULL);
  wherry_sharedmemory_t *shared, *again;
  wherry_memory_t own, first, second, foreign;
  assert_ok(wherry_memory_new(world.store, 1, 2, &own));
  assert_error(wherry_sharedmemory_of(world.store, own, &shared), TYPE, "not shared");
  assert_error(wherry_sharedmemory_new(world.engine, 1, UINT64_MAX, &shared), RANGE, "65536 pages");
  assert_error(wherry_sharedmemory_new(world.engine, 65537, 65537, &shared), RANGE, "65537");
  assert_error(wherry_sharedmemory_new(world.engine, 3, 2, &shared), RANGE, "above its maximum");
  assert_ok(wherry_sharedmemory_new(world.engine, 1, 2, &shared));
  assert_ok(wherry_sharedmemory_memory(shared, world.store, &first));
  assert_ok(wherry_sharedmemory_memory(shared, world.store, &second));
  assert_int_equal(first.index, second.index);
  assert_ok(wherry_sharedmemory_memory(shared, other.store, &foreign));
  assert_ok(wherry_sharedmemory_of(other.store, foreign, &again));
  assert_ptr_equal(again, shared);
  wherry_sharedmemory_release(again);
  assert_error(wherry_sharedmemory_of(other.store, first, &again), STATE, "another store");
  wherry_store_close(other.store);
  assert_error(wherry_sharedmemory_memory(shared, other.store, &foreign), STATE, "closed");
  world_end(&other);
  /* What is held outlives everything else. */
  void *hold;
  assert_ok(wherry_memory_hold(world.store, first, &hold));
  uint8_t *data = wherry_sharedmemory_data(shared);
  data[65535] = 7;
  wherry_sharedmemory_release(shared);
  world_end(&world);
  assert_int_equal(data[65535], 7);
  wherry_memory_unhold(hold);
  wherry_sharedmemory_release(NULL);
}

static void imports_match_in_being_shared(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *wants =
      module_of(world.engine, "(module (import \"a\" \"b\" (memory 1 2 shared)))");
  wherry_module_t *wants_own =
      module_of(world.engine, "(module (import \"a\" \"b\" (memory 1 2)))");
  wherry_sharedmemory_t *shared;
  wherry_extern_t given = {.kind = WHERRY_EXTERN_MEMORY}, own = given;
  wherry_instance_t instance;
  assert_ok(wherry_sharedmemory_new(world.engine, 1, 2, &shared));
  assert_ok(wherry_sharedmemory_memory(shared, world.store, &given.of.memory));
  assert_ok(wherry_memory_new(world.store, 1, 2, &own.of.memory));
  assert_ok(wherry_instance_new(world.store, wants, &given, 1, &instance));
  assert_ok(wherry_instance_new(world.store, wants_own, &own, 1, &instance));
  assert_error(wherry_instance_new(world.store, wants, &own, 1, &instance), UNLINKABLE,
               "memory 1..2 shared wanted, memory 1..2 given");
  assert_error(wherry_instance_new(world.store, wants_own, &given, 1, &instance), UNLINKABLE,
               "memory 1..2 wanted, memory 1..2 shared given");
  const wherry_externtype_t *type = wherry_module_import_type(wants, 0);
  assert_true(wherry_externtype_shared(type));
  assert_false(wherry_externtype_shared(wherry_module_import_type(wants_own, 0)));
  wherry_sharedmemory_release(shared);
  wherry_module_release(wants);
  wherry_module_release(wants_own);
  world_end(&world);
}

/* Data that would be worth an image: from the second instance on, were the memory not shared. */
static void shared_memories_have_no_images(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  size_t size = 100 << 10;
  char *text = malloc(size + 200);
  int head =
      snprintf(text, 200, "(module (memory (export \"m\") 4 4 shared) (data (i32.const 8) \"");
  memset(text + head, 'x', size);
  strcpy(text + head + size, "\"))");
  wherry_module_t *module = module_of(world.engine, text);
  wherry_sharedmemory_t *shared[3];
  for (int i = 0; i < 3; i++) {
    wherry_instance_t instance;
    assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
    assert_ok(wherry_sharedmemory_of(world.store, find_export(world.store, instance, "m").of.memory,
                                     &shared[i]));
    uint8_t *data = wherry_sharedmemory_data(shared[i]);
    for (int j = 0; j < i; j++) assert_ptr_not_equal(data, wherry_sharedmemory_data(shared[j]));
    assert_int_equal(data[8], 'x');
    assert_int_equal(data[8 + size], 0);
    memset(data, 'y', 4 << 16);
  }
  assert_null(atomic_load(&module->image));
  world_end(&world);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(wherry_sharedmemory_data(shared[i])[8], 'y');
    wherry_sharedmemory_release(shared[i]);
  }
  wherry_module_release(module);
  free(text);
}

/* Nor has a module without a memory, whose data wait for one. */
static void data_without_a_memory_make_no_image(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = module_of(world.engine, "(module (data \"for nobody\"))");
  wherry_instance_t instance;
  for (int i = 0; i < 3; i++)
    assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
  assert_null(atomic_load(&module->image));
  wherry_module_release(module);
  world_end(&world);
}

/* Whoever instantiates writes its data into the memory that all see. */
static void data_goes_into_the_memory_that_is_given(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = module_of(
      world.engine,
      "(module (import \"\" \"\" (memory 1 1 shared)) (data $p \"there\")"
      " (data (i32.const 65531) \"hello\")"
      " (func (export \"init\") (memory.init $p (i32.const 8) (i32.const 0) (i32.const 5))))");
  wherry_sharedmemory_t *shared;
  wherry_extern_t import = {.kind = WHERRY_EXTERN_MEMORY};
  wherry_instance_t instance;
  assert_ok(wherry_sharedmemory_new(world.engine, 1, 1, &shared));
  assert_ok(wherry_sharedmemory_memory(shared, world.store, &import.of.memory));
  assert_ok(wherry_instance_new(world.store, module, &import, 1, &instance));
  assert_ok(call_i32(world.store, find_func(world.store, instance, "init"), 0, 0, NULL));
  assert_memory_equal(wherry_sharedmemory_data(shared) + 65531, "hello", 5);
  assert_memory_equal(wherry_sharedmemory_data(shared) + 8, "there", 5);
  wherry_module_release(module);
  world_end(&world);
  wherry_sharedmemory_release(shared);
}

static void a_store_is_charged_for_what_it_has_seen(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_store_t *other;
  wherry_sharedmemory_t *shared;
  wherry_memory_t memory, elsewhere;
  uint64_t size, maximum;
  assert_ok(wherry_store_new(world.engine, &other));
  assert_ok(wherry_sharedmemory_new(world.engine, 2, 10, &shared));
  assert_ok(wherry_store_set_memory_limit(world.store, 65536));
  assert_error(wherry_sharedmemory_memory(shared, world.store, &memory), LIMIT, "65536 bytes");
  assert_ok(wherry_store_set_memory_limit(world.store, 4 * 65536));
  assert_ok(wherry_sharedmemory_memory(shared, world.store, &memory));
  assert_ok(wherry_sharedmemory_memory(shared, other, &elsewhere));
  assert_int_equal(wherry_store_memory_used(world.store), 2 * 65536);
  assert_error(wherry_memory_grow(world.store, memory, 3, NULL), LIMIT, "memory limit");
  assert_ok(wherry_memory_grow(world.store, memory, 1, NULL));
  assert_int_equal(wherry_store_memory_used(world.store), 3 * 65536);
  /* What another store does cannot be refused here; it is counted once it is seen. */
  assert_ok(wherry_memory_grow(other, elsewhere, 5, NULL));
  assert_int_equal(wherry_store_memory_used(other), 8 * 65536);
  assert_ok(wherry_memory_limits(world.store, memory, &size, &maximum));
  assert_int_equal(size, 8);
  assert_int_equal(wherry_store_memory_used(world.store), 8 * 65536);
  assert_error(wherry_memory_grow(world.store, memory, 1, NULL), LIMIT, "memory limit");
  assert_ok(wherry_memory_grow(world.store, memory, 0, NULL));
  wherry_store_release(other);
  world_end(&world);
  assert_int_equal(wherry_sharedmemory_size(shared), 8 * 65536);
  wherry_sharedmemory_release(shared);
}

/* ---- memory that runs out ---- */

typedef struct trial {
  wherry_config_t *config;
  wherry_engine_t *engine;
  wherry_module_t *module;
  wherry_store_t *stores[2];
  wherry_sharedmemory_t *shared, *own;
} trial_t;

static wherry_error_t *try_all(trial_t *trial, const wherry_allocator_t *allocator) {
  static const char text[] =
      "(module (import \"\" \"\" (memory 1 2 shared)) (memory $own (export \"own\") 1 2 shared)"
      " (func (export \"f\") (result i32) (drop (memory.grow $own (i32.const 1)))"
      "   (drop (i64.atomic.rmw.sub $own (i32.const 0) (i64.const 1)))"
      "   (drop (i64.atomic.rmw.add (i32.const 0) (i64.const 1)))"
      "   (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 1))))";
  wherry_error_t *error = wherry_config_new(allocator, &trial->config);
  if (!error) error = wherry_engine_new(trial->config, &trial->engine);
  if (!error)
    error = wherry_module_new_text(trial->engine, text, sizeof text - 1, NULL, &trial->module);
  if (!error) error = wherry_sharedmemory_new(trial->engine, 1, 2, &trial->shared);
  for (int i = 0; i < 2 && !error; i++) {
    wherry_extern_t memory = {.kind = WHERRY_EXTERN_MEMORY}, item;
    wherry_instance_t instance;
    error = wherry_store_new(trial->engine, &trial->stores[i]);
    if (!error)
      error = wherry_sharedmemory_memory(trial->shared, trial->stores[i], &memory.of.memory);
    if (!error) error = wherry_instance_new(trial->stores[i], trial->module, &memory, 1, &instance);
    if (!error) error = wherry_instance_find(trial->stores[i], instance, "f", 1, &item);
    if (!error) error = call_i32(trial->stores[i], item.of.func, 0, 0, NULL);
    if (!error) error = wherry_instance_find(trial->stores[i], instance, "own", 3, &item);
    if (!error && i) error = wherry_sharedmemory_of(trial->stores[i], item.of.memory, &trial->own);
  }
  return error;
}

static void memory_may_run_out_anywhere(void **state) {
  (void)state;
  bool done = false;
  size_t at = 0;
  while (!done) {
    failing_t failing = {.fail_at = ++at};
    wherry_allocator_t allocator = failing_allocator(&failing);
    trial_t trial = {0};
    wherry_error_t *error = try_all(&trial, &allocator);
    if (error)
      assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    else
      done = failing.calls < at;
    wherry_error_release(error);
    wherry_engine_release(trial.engine);
    wherry_config_release(trial.config);
    wherry_module_release(trial.module);
    for (int i = 0; i < 2; i++) wherry_store_release(trial.stores[i]);
    wherry_sharedmemory_release(trial.shared);
    wherry_sharedmemory_release(trial.own);
    assert_int_equal(failing.live_blocks, 0);
    assert_int_equal(failing.live_bytes, 0);
  }
  assert_true(at > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accesses_do_what_they_are_named_for),
      cmocka_unit_test(what_cannot_be_done_traps),
      cmocka_unit_test(no_addition_is_lost),
      cmocka_unit_test(a_mutex_of_the_guests_excludes),
      cmocka_unit_test(a_wait_ends_by_itself_when_it_must),
      cmocka_unit_test(as_many_are_woken_as_were_meant),
      cmocka_unit_test(an_interruption_wakes),
      cmocka_unit_test(the_deadline_ends_a_wait),
      cmocka_unit_test(a_waiting_guest_leaves_the_host_its_ticks),
      cmocka_unit_test(a_paused_wait_is_woken),
      cmocka_unit_test(a_paused_wait_leaves_the_queue_when_its_call_ends),
      cmocka_unit_test(a_paused_wait_outlives_its_store),
      cmocka_unit_test(growth_is_seen_by_all),
      cmocka_unit_test(growth_races_nobody_out),
      cmocka_unit_test(growth_is_seen_in_every_memory),
      cmocka_unit_test(a_memory_is_shared_by_its_handle),
      cmocka_unit_test(imports_match_in_being_shared),
      cmocka_unit_test(shared_memories_have_no_images),
      cmocka_unit_test(data_without_a_memory_make_no_image),
      cmocka_unit_test(data_goes_into_the_memory_that_is_given),
      cmocka_unit_test(a_store_is_charged_for_what_it_has_seen),
      cmocka_unit_test(memory_may_run_out_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
