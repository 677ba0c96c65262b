/* Components: how one is changed, and what is tried with it. */
#include "fuzz.h"

#include <wherry.h>

#include "component/component.h"
#include "types/wit.h"

/* ---- places ----
   Sections are found by their sizes alone, so that also what is broken can be changed again. */

typedef struct range {
  size_t size_at, start, end; /* of a section's contents; where its size is written */
  uint8_t id;
  int parent; /* the component section it lies in; -1: none */
} range_t;
enum { MOST_RANGES = 400, HEADER = 8 };
typedef struct ranges {
  range_t items[MOST_RANGES];
  int count;
} ranges_t;

static void find(const bytes_t *bytes, size_t start, size_t end, int parent, int depth,
                 ranges_t *out) {
  wh_reader_t in = {bytes->data, bytes->data + start, bytes->data + end, 0};
  uint8_t id;
  uint32_t size;
  while (out->count < MOST_RANGES && wh_read_u8(&in, &id)) {
    size_t size_at = (size_t)(in.next - bytes->data);
    const uint8_t *contents;
    if (!wh_read_u32(&in, &size) || !wh_read_bytes(&in, size, &contents)) return;
    size_t at = (size_t)(contents - bytes->data);
    int index = out->count;
    out->items[out->count++] = (range_t) {size_at, at, at + size, id, parent};
    if (id == 4 && size > HEADER && depth < 10)
      find(bytes, at + HEADER, at + size, index, depth + 1, out);
  }
}

/* Puts other bytes in place of some, and the sizes of all that they lie in right. */
static void replace(bytes_t *bytes, const ranges_t *ranges, int inside, size_t start, size_t end,
                    const uint8_t *data, size_t size) {
  bytes_t kept = {0}, number = {0};
  bytes_add(&kept, data, size); /* it may lie in what is moved */
  bytes_replace(bytes, start, end, kept.data, kept.size);
  ptrdiff_t more = (ptrdiff_t)kept.size - (ptrdiff_t)(end - start);
  for (int i = inside; i >= 0; i = ranges->items[i].parent) {
    const range_t *range = &ranges->items[i];
    number.size = 0;
    bytes_u(&number, (uint64_t)((ptrdiff_t)(range->end - range->start) + more));
    bytes_replace(bytes, range->size_at, range->start, number.data, number.size);
    more += (ptrdiff_t)number.size - (ptrdiff_t)(range->start - range->size_at);
  }
  free(kept.data);
  free(number.data);
}

static void change(const corpus_t *corpus, random_t *random, bytes_t *out) {
  ranges_t ranges = {.count = 0}, others = {.count = 0};
  find(out, HEADER, out->size, -1, 0, &ranges);
  if (!ranges.count) return;
  int which = (int)random_below(random, (size_t)ranges.count);
  const range_t *range = &ranges.items[which];
  size_t size = range->end - range->start, at = range->start + random_below(random, size + 1);
  size_t whole = range->size_at - 1;
  uint8_t byte = (uint8_t)random_number(random);
  switch (random_below(random, 8)) {
  case 0:
  case 1:
  case 2: /* a byte: often an index, a sort, a form */
    if (at < range->end)
      out->data[at] = random_chance(random, 50) ? (uint8_t)random_below(random, 8) : byte;
    return;
  case 3: /* the count of a section, and something more or less */
    if (size) out->data[range->start] = (uint8_t)(out->data[range->start] + (byte & 1 ? 1 : -1));
    return;
  case 4: replace(out, &ranges, which, at, at, &byte, 1); return;
  case 5:
    if (at < range->end) replace(out, &ranges, which, at, at + 1, NULL, 0);
    return;
  case 6: /* a section goes, or is there twice */
    if (byte & 1)
      replace(out, &ranges, range->parent, whole, range->end, NULL, 0);
    else
      replace(out, &ranges, range->parent, range->end, range->end, out->data + whole,
              range->end - whole);
    return;
  default: { /* one of another component */
    const bytes_t *other = &corpus_any(corpus, random)->bytes;
    find(other, HEADER, other->size, -1, 0, &others);
    if (!others.count) return;
    const range_t *from = &others.items[random_below(random, (size_t)others.count)];
    replace(out, &ranges, range->parent, whole, byte & 1 ? range->end : whole,
            other->data + from->size_at - 1, from->end - from->size_at + 1);
  }
  }
}

void mutate_component(const corpus_t *corpus, random_t *random, bytes_t *out) {
  const bytes_t *from = &corpus_any(corpus, random)->bytes;
  out->size = 0;
  bytes_add(out, from->data, from->size);
  for (uint32_t i = 1 + random_below(random, 3); i > 0; i--) change(corpus, random, out);
}

/* ---- what is tried ---- */

static wherry_engine_t *engine;
static struct {
  uint64_t calls, fail_at; /* 0: never */
  size_t live;             /* bytes */
} memory;

static void *reallocate(void *data, void *old, size_t old_size, size_t new_size) {
  (void)data;
  if (new_size && ++memory.calls >= memory.fail_at && memory.fail_at) return NULL;
  memory.live += new_size - old_size;
  if (new_size) return realloc(old, new_size);
  free(old);
  return NULL;
}

static wherry_engine_t *engine_made(void) {
  wherry_config_t *config;
  wherry_engine_t *made;
  wherry_allocator_t host = {reallocate, NULL};
  if (wherry_config_new(&host, &config) || wherry_config_set_features(config, "all") ||
      wherry_engine_new(config, &made))
    abort();
  wherry_config_release(config);
  return made;
}

wherry_error_t *component_error(const uint8_t *bytes, size_t size) {
  static unsigned calls;
  if (++calls % 4096 == 0) component_end();
  if (!engine) engine = engine_made();
  return wherry_component_validate(engine, bytes, size);
}

bool check_component_validity(const uint8_t *bytes, size_t size) {
  wherry_error_t *error = component_error(bytes, size);
  bool valid = !error;
  wherry_error_release(error);
  return valid;
}

/* The engine keeps the core types of all that it saw, so now and then there is a new one. */
/* What can be said in WIT reads back. */
static void check_wit_of(wherry_component_t *component) {
  wh_wit_t *wit = NULL, *again = NULL;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_text_t text = {.alloc = &alloc};
  wherry_error_t *error = wh_component_wit(component, &wit);
  if (!error) error = wh_wit_print(wit, &text);
  wh_wit_source_t source = {.text = text.data, .size = text.size};
  if (!error) {
    error = wh_wit_parse(&alloc, &source, 1, NULL, &again);
    if (error && wherry_error_kind(error) == WHERRY_ERROR_MALFORMED)
      report_failure("its WIT is malformed: %s\n%s", wherry_error_message(error), text.data);
  }
  wherry_error_release(error);
  wh_wit_free(again);
  wh_wit_free(wit);
  wh_text_free(&text);
  if (alloc.used) report_failure("WIT loses memory");
}

void check_component(const uint8_t *bytes, size_t size, random_t *random, bool thorough,
                     totals_t *totals) {
  if (totals->mutants++ % 4096 == 0) component_end();
  if (!engine) engine = engine_made();
  uint64_t calls = memory.calls, offset;
  wherry_component_t *component = NULL;
  wherry_error_t *error = wherry_component_new(engine, bytes, size, &component);
  totals->valid += !error;
  if (error && (!wherry_error_offset(error, &offset) || offset > size))
    report_failure("an error without an offset, or one behind %zu bytes: %s", size,
                   wherry_error_message(error));
  wherry_error_release(error);
  calls = memory.calls - calls;
  if (component && random_chance(random, 20)) check_wit_of(component);
  wherry_component_release(component);
  if (!thorough && !random_chance(random, 2)) return;
  component_end();
  engine = engine_made();
  memory.fail_at = memory.calls + 1 + random_below(random, calls + 1);
  component = NULL;
  error = wherry_component_new(engine, bytes, size, &component);
  /* An error about the bytes may do without what was to be put before its message. */
  if (memory.calls >= memory.fail_at && !error) report_failure("no memory, but no error");
  memory.fail_at = 0;
  wherry_error_release(error);
  wherry_component_release(component);
  component_end();
  totals->starved++;
}

void component_end(void) {
  wherry_engine_release(engine);
  engine = NULL;
  if (memory.live) report_failure("%zu bytes were not freed", memory.live);
}
