/* Where things lie in a module: a walk over the binary format that judges nothing. */
#include "fuzz.h"

#include "ops/ops.h"

typedef struct walk {
  places_t *out;
  wh_reader_t in;
  uint8_t section;
  bool body; /* instructions are of a body */
} walk_t;

static uint32_t at(const walk_t *w) { return (uint32_t)wh_reader_offset(&w->in); }

static uint32_t add(walk_t *w, place_kind_t kind, unsigned detail, uint32_t start, uint32_t end) {
  place_t place = {.start = start,
                   .end = end,
                   .kind = (uint8_t)kind,
                   .detail = (uint8_t)detail,
                   .section = w->section};
  static wh_alloc_t alloc;
  if (!alloc.host.reallocate) wh_alloc_init(&alloc, NULL);
  if (!wh_vec_push(&alloc, &w->out->all, place)) abort();
  return (uint32_t)w->out->all.count - 1;
}

/* An item of a vector begins: its place is known, its end is set when it was read. */
static uint32_t begin_entry(walk_t *w, uint32_t count_place) {
  uint32_t place = add(w, PLACE_ENTRY, 0, at(w), at(w));
  w->out->all.items[place].of = count_place;
  return place;
}
static void end_entry(walk_t *w, uint32_t place) { w->out->all.items[place].end = at(w); }

static void add_sized(walk_t *w, uint32_t size_start, uint32_t start, uint32_t end) {
  static wh_alloc_t alloc;
  if (!alloc.host.reallocate) wh_alloc_init(&alloc, NULL);
  sized_t sized = {size_start, start, end};
  if (!wh_vec_push(&alloc, &w->out->sized, sized)) abort();
}

/* ---- single things ---- */

static bool number(walk_t *w, place_kind_t kind, unsigned detail, uint64_t *value) {
  uint32_t start = at(w);
  if (!wh_read_u64(&w->in, value)) return false;
  add(w, kind, detail, start, at(w));
  return true;
}
static bool index_of(walk_t *w, space_t space) {
  uint64_t ignored;
  return number(w, PLACE_INDEX, space, &ignored);
}
static bool signed_number(walk_t *w) {
  uint32_t start = at(w);
  int64_t ignored;
  if (!wh_read_s64(&w->in, &ignored)) return false;
  add(w, PLACE_SIGNED, 0, start, at(w));
  return true;
}
static bool flag(walk_t *w, unsigned largest, uint8_t *value) {
  uint32_t start = at(w);
  if (!wh_read_u8(&w->in, value)) return false;
  add(w, PLACE_FLAG, largest, start, at(w));
  return true;
}
static bool bits(walk_t *w, size_t size) {
  uint32_t start = at(w);
  const uint8_t *ignored;
  if (!wh_read_bytes(&w->in, size, &ignored)) return false;
  add(w, PLACE_BITS, 0, start, at(w));
  return true;
}
static bool name(walk_t *w) {
  uint32_t start = at(w), size;
  const uint8_t *ignored;
  if (!wh_read_u32(&w->in, &size) || !wh_read_bytes(&w->in, size, &ignored)) return false;
  add(w, PLACE_NAME, 0, start, at(w));
  return true;
}

static bool type(walk_t *w, place_kind_t kind) {
  uint32_t start = at(w);
  uint8_t first;
  int64_t ignored;
  if (kind == PLACE_BLOCK_TYPE || kind == PLACE_HEAP_TYPE) {
    if (w->in.next < w->in.end && (*w->in.next == 0x63 || *w->in.next == 0x64)) w->in.next++;
    if (!wh_read_s33(&w->in, &ignored)) return false;
  } else {
    if (!wh_read_u8(&w->in, &first)) return false;
    if ((first == 0x63 || first == 0x64) && !wh_read_s33(&w->in, &ignored)) return false;
  }
  add(w, kind, 0, start, at(w));
  return true;
}

/* A vector whose items are read by a function. */
static bool vector(walk_t *w, bool (*item)(walk_t *w)) {
  uint64_t count;
  if (!number(w, PLACE_COUNT, 0, &count)) return false;
  uint32_t count_place = (uint32_t)w->out->all.count - 1;
  for (uint64_t i = 0; i < count; i++) {
    uint32_t place = begin_entry(w, count_place);
    if (!item(w)) return false;
    end_entry(w, place);
  }
  return true;
}

static bool value_type(walk_t *w) { return type(w, PLACE_VALUE_TYPE); }
static bool label(walk_t *w) { return index_of(w, SPACE_LABEL); }
static bool function_index(walk_t *w) { return index_of(w, SPACE_FUNC); }
static bool type_index(walk_t *w) { return index_of(w, SPACE_TYPE); }

/* ---- instructions ---- */

static bool memarg(walk_t *w) {
  uint64_t align, ignored;
  return number(w, PLACE_NUMBER, 8, &align) && (align < 64 || index_of(w, SPACE_MEMORY)) &&
         number(w, PLACE_NUMBER, 0, &ignored);
}

static bool clause(walk_t *w) {
  uint8_t kind;
  return flag(w, 3, &kind) && (kind > WH_CATCH_REF || index_of(w, SPACE_TAG)) && label(w);
}

static bool cast(walk_t *w) {
  uint8_t ignored;
  return flag(w, 3, &ignored) && label(w) && type(w, PLACE_HEAP_TYPE) && type(w, PLACE_HEAP_TYPE);
}

static bool immediates(walk_t *w, const wh_op_t *op) {
  uint64_t ignored;
  uint8_t byte;
  switch ((wh_imm_t)op->immediates) {
  case WH_IMM_NONE: return true;
  case WH_IMM_BLOCK: return type(w, PLACE_BLOCK_TYPE);
  case WH_IMM_TRY_TABLE: return type(w, PLACE_BLOCK_TYPE) && vector(w, clause);
  case WH_IMM_LABEL: return label(w);
  case WH_IMM_LABEL_TABLE: return vector(w, label) && label(w);
  case WH_IMM_FUNC: return function_index(w);
  case WH_IMM_LOCAL: return index_of(w, SPACE_LOCAL);
  case WH_IMM_GLOBAL: return index_of(w, SPACE_GLOBAL);
  case WH_IMM_TABLE: return index_of(w, SPACE_TABLE);
  case WH_IMM_ELEM: return index_of(w, SPACE_ELEM);
  case WH_IMM_DATA: return index_of(w, SPACE_DATA);
  case WH_IMM_MEMORY_INDEX: return index_of(w, SPACE_MEMORY);
  case WH_IMM_TAG: return index_of(w, SPACE_TAG);
  case WH_IMM_TYPE: return type_index(w);
  case WH_IMM_TYPE_TABLE: return type_index(w) && index_of(w, SPACE_TABLE);
  case WH_IMM_TABLE_TABLE: return index_of(w, SPACE_TABLE) && index_of(w, SPACE_TABLE);
  case WH_IMM_ELEM_TABLE: return index_of(w, SPACE_ELEM) && index_of(w, SPACE_TABLE);
  case WH_IMM_DATA_MEMORY: return index_of(w, SPACE_DATA) && index_of(w, SPACE_MEMORY);
  case WH_IMM_MEMORY_MEMORY: return index_of(w, SPACE_MEMORY) && index_of(w, SPACE_MEMORY);
  case WH_IMM_TYPE_FIELD: return type_index(w) && index_of(w, SPACE_FIELD);
  case WH_IMM_TYPE_COUNT: return type_index(w) && number(w, PLACE_NUMBER, 0, &ignored);
  case WH_IMM_TYPE_DATA: return type_index(w) && index_of(w, SPACE_DATA);
  case WH_IMM_TYPE_ELEM: return type_index(w) && index_of(w, SPACE_ELEM);
  case WH_IMM_TYPE_TYPE: return type_index(w) && type_index(w);
  case WH_IMM_MEMARG_: return memarg(w);
  case WH_IMM_MEMARG_LANE_: return memarg(w) && flag(w, 15, &byte);
  case WH_IMM_LANE_:
  case WH_IMM_FENCE: return flag(w, 15, &byte);
  case WH_IMM_I32_CONST:
  case WH_IMM_I64_CONST: return signed_number(w);
  case WH_IMM_F32_CONST: return bits(w, 4);
  case WH_IMM_F64_CONST: return bits(w, 8);
  case WH_IMM_V128_CONST:
  case WH_IMM_SHUFFLE: return bits(w, 16);
  case WH_IMM_REF_TYPE:
  case WH_IMM_HEAP_TYPE: return type(w, PLACE_HEAP_TYPE);
  case WH_IMM_SELECT_TYPES: return vector(w, value_type);
  case WH_IMM_CAST: return cast(w);
  }
  return false;
}

static bool instruction(walk_t *w, const wh_op_t **op, uint32_t *opcode) {
  uint32_t place = add(w, w->body ? PLACE_CODE : PLACE_CONST, 0, at(w), at(w));
  uint8_t first;
  if (!wh_read_u8(&w->in, &first)) return false;
  *opcode = first;
  if (wh_op_is_prefix(first)) {
    uint32_t rest;
    if (!wh_read_u32(&w->in, &rest) || rest > 0xFFFF) return false;
    *opcode = (uint32_t)first << 16 | rest;
  }
  *op = wh_op(*opcode);
  if (!*op || !immediates(w, *op)) return false;
  w->out->all.items[place].opcode = *opcode;
  w->out->all.items[place].end = at(w);
  return true;
}

static bool expression(walk_t *w) {
  for (unsigned depth = 1; depth > 0;) {
    const wh_op_t *op;
    uint32_t opcode;
    if (!instruction(w, &op, &opcode)) return false;
    depth += op->immediates == WH_IMM_BLOCK || op->immediates == WH_IMM_TRY_TABLE;
    depth -= opcode == WH_OP_END || opcode == WH_OP_DELEGATE;
  }
  return true;
}

/* ---- entries of sections ---- */

static bool field(walk_t *w) {
  uint8_t ignored;
  return type(w, PLACE_FIELD_TYPE) && flag(w, 1, &ignored);
}

static bool subtype(walk_t *w) {
  uint8_t form;
  w->out->counts[SPACE_TYPE]++;
  if (!flag(w, PLACE_FLAG_FORM, &form)) return false;
  if (form == 0x50 || form == 0x4F)
    if (!vector(w, type_index) || !flag(w, PLACE_FLAG_FORM, &form)) return false;
  switch (form) {
  case 0x60: return vector(w, value_type) && vector(w, value_type);
  case 0x5F: return vector(w, field);
  case 0x5E: return field(w);
  default: return false;
  }
}

static bool type_entry(walk_t *w) {
  if (w->in.next == w->in.end || *w->in.next != 0x4E) return subtype(w);
  w->in.next++;
  return vector(w, subtype);
}

static bool limits(walk_t *w) {
  uint8_t flags;
  uint64_t ignored;
  return flag(w, 15, &flags) && number(w, PLACE_NUMBER, 0, &ignored) &&
         (!(flags & WH_LIMITS_MAXIMUM) || number(w, PLACE_NUMBER, 0, &ignored)) &&
         (!(flags & WH_LIMITS_PAGE_SIZE) || number(w, PLACE_NUMBER, 17, &ignored));
}

static bool table_type(walk_t *w) {
  w->out->counts[SPACE_TABLE]++;
  return type(w, PLACE_REF_TYPE) && limits(w);
}
static bool memory_type(walk_t *w) {
  if (w->out->counts[SPACE_MEMORY]++ == 0 && w->in.next < w->in.end)
    w->out->is64 = (*w->in.next & WH_LIMITS_64) != 0;
  return limits(w);
}
static bool global_type(walk_t *w) {
  uint8_t ignored;
  w->out->counts[SPACE_GLOBAL]++;
  return type(w, PLACE_VALUE_TYPE) && flag(w, 1, &ignored);
}
static bool tag_type(walk_t *w) {
  uint8_t ignored;
  w->out->counts[SPACE_TAG]++;
  return flag(w, 0, &ignored) && type_index(w);
}

static bool imported(walk_t *w) {
  uint8_t kind;
  if (!flag(w, 4, &kind)) return false;
  switch (kind) {
  case WHERRY_EXTERN_FUNC: w->out->counts[SPACE_FUNC]++; return type_index(w);
  case WHERRY_EXTERN_TABLE: return table_type(w);
  case WHERRY_EXTERN_MEMORY: return memory_type(w);
  case WHERRY_EXTERN_GLOBAL: return global_type(w);
  case WHERRY_EXTERN_TAG: return tag_type(w);
  default: return false;
  }
}

static bool import_item(walk_t *w) { return name(w) && imported(w); }

static bool import_entry(walk_t *w) {
  if (!name(w) || !name(w)) return false;
  bool compact = w->in.next < w->in.end && w->in.next[-1] == 0;
  if (compact && *w->in.next == WH_IMPORT_ITEMS) {
    w->in.next++;
    return vector(w, import_item);
  }
  if (compact && *w->in.next == WH_IMPORT_ITEMS_OF_ONE_TYPE) {
    w->in.next++;
    return imported(w) && vector(w, name);
  }
  return imported(w);
}

static bool function_entry(walk_t *w) {
  w->out->counts[SPACE_FUNC]++;
  return type_index(w);
}

static bool table_entry(walk_t *w) {
  bool has_init = w->in.end - w->in.next > 2 && w->in.next[0] == 0x40;
  if (has_init) w->in.next += 2;
  return table_type(w) && (!has_init || expression(w));
}

static bool global_entry(walk_t *w) { return global_type(w) && expression(w); }

static bool export_entry(walk_t *w) {
  static const space_t spaces[] = {SPACE_FUNC, SPACE_TABLE, SPACE_MEMORY, SPACE_GLOBAL, SPACE_TAG};
  uint8_t kind;
  return name(w) && flag(w, 4, &kind) && kind < WH_COUNT(spaces) && index_of(w, spaces[kind]);
}

static bool elem_entry(walk_t *w) {
  uint8_t flags, ignored;
  w->out->counts[SPACE_ELEM]++;
  if (!flag(w, 7, &flags)) return false;
  if (!(flags & 1) && (((flags & 2) && !index_of(w, SPACE_TABLE)) || !expression(w))) return false;
  if ((flags & 3) && (flags & 4 ? !type(w, PLACE_REF_TYPE) : !flag(w, 0, &ignored))) return false;
  return vector(w, flags & 4 ? expression : function_index);
}

static bool data_entry(walk_t *w) {
  uint8_t flags;
  uint32_t size;
  w->out->counts[SPACE_DATA]++;
  if (!flag(w, 2, &flags)) return false;
  if ((flags == 2 && !index_of(w, SPACE_MEMORY)) || (flags != 1 && !expression(w))) return false;
  uint32_t start = at(w);
  const uint8_t *ignored;
  if (!wh_read_u32(&w->in, &size) || !wh_read_bytes(&w->in, size, &ignored)) return false;
  add(w, PLACE_NAME, 0, start, at(w));
  return true;
}

static bool local_group(walk_t *w) {
  uint64_t ignored;
  return number(w, PLACE_NUMBER, 0, &ignored) && type(w, PLACE_VALUE_TYPE);
}

static bool body_entry(walk_t *w) {
  uint32_t size_start = at(w), size;
  const uint8_t *bytes, *whole = w->in.end;
  if (!wh_read_u32(&w->in, &size)) return false;
  uint32_t start = at(w);
  if (!wh_read_bytes(&w->in, size, &bytes)) return false;
  add_sized(w, size_start, start, start + size);
  w->in.end = w->in.next;
  w->in.next = bytes;
  w->body = true;
  bool good = vector(w, local_group);
  const wh_op_t *op;
  uint32_t opcode;
  while (good && w->in.next < w->in.end) good = instruction(w, &op, &opcode);
  w->body = false;
  w->in.end = whole;
  return good;
}

/* ---- sections ---- */

static bool (*const entries[])(walk_t *) = {
    [1] = type_entry,  [2] = import_entry, [3] = function_entry, [4] = table_entry,
    [5] = memory_type, [6] = global_entry, [7] = export_entry,   [9] = elem_entry,
    [10] = body_entry, [11] = data_entry,  [13] = tag_type,
};

static bool contents(walk_t *w) {
  places_t *p = w->out;
  if (w->section == 0) return name(w) && bits(w, (size_t)(w->in.end - w->in.next));
  if (w->section == 8) return index_of(w, SPACE_FUNC);
  uint64_t ignored;
  if (w->section == 12) return number(w, PLACE_NUMBER, 0, &ignored);
  if (w->section >= WH_COUNT(entries)) return false;
  uint32_t count_place = (uint32_t)p->all.count;
  bool good = vector(w, entries[w->section]);
  if (!good) return false;
  p->entries[w->section] = count_place + 1;
  p->entry_counts[w->section] = 0;
  for (uint32_t i = count_place + 1; i < p->all.count; i++)
    p->entry_counts[w->section] +=
        p->all.items[i].kind == PLACE_ENTRY && p->all.items[i].of == count_place;
  return true;
}

static bool section(walk_t *w) {
  const uint8_t *whole = w->in.end, *bytes;
  uint8_t id;
  uint32_t size, place = add(w, PLACE_SECTION, 0, at(w), at(w));
  if (!wh_read_u8(&w->in, &id)) return false;
  uint32_t size_start = at(w);
  if (!wh_read_u32(&w->in, &size)) return false;
  uint32_t start = at(w);
  if (!wh_read_bytes(&w->in, size, &bytes)) return false;
  add_sized(w, size_start, start, start + size);
  w->section = id;
  w->out->all.items[place].detail = id;
  w->out->all.items[place].section = id;
  w->out->all.items[place].end = start + size;
  w->in.end = w->in.next;
  w->in.next = bytes;
  bool good = contents(w) && w->in.next == w->in.end;
  w->in.next = w->in.end;
  w->in.end = whole;
  w->section = 0;
  return good;
}

/* Without what was not read to its end. */
static void sort_by_kind(places_t *p) {
  p->by_kind = malloc((p->all.count + 1) * sizeof *p->by_kind);
  if (!p->by_kind) abort();
  memset(p->first, 0, sizeof p->first);
  const place_t *all = p->all.items;
  for (size_t i = 1; i < p->all.count; i++) p->first[all[i].kind + 1] += all[i].end > all[i].start;
  for (unsigned k = 0; k < PLACE_KINDS; k++) p->first[k + 1] += p->first[k];
  uint32_t next[PLACE_KINDS];
  memcpy(next, p->first, sizeof next);
  for (uint32_t i = 1; i < p->all.count; i++)
    if (all[i].end > all[i].start) p->by_kind[next[all[i].kind]++] = i;
}

bool places_find(const uint8_t *module, size_t size, places_t *out) {
  *out = (places_t) {.counts = {[SPACE_LOCAL] = 6, [SPACE_LABEL] = 3, [SPACE_FIELD] = 2}};
  walk_t w = {.out = out, .in = {module, module, module + size, 0}};
  add(&w, PLACE_BITS, 0, 0, 0); /* no place */
  bool good = size >= 8;
  if (good) w.in.next += 8;
  while (good && w.in.next < w.in.end) good = section(&w);
  sort_by_kind(out);
  return good;
}

void places_free(places_t *places) {
  free(places->by_kind);
  free(places->all.items);
  free(places->sized.items);
}

const place_t *places_any(const places_t *places, place_kind_t kind, random_t *random) {
  uint32_t count = places->first[kind + 1] - places->first[kind];
  if (count == 0) return NULL;
  return &places->all.items[places->by_kind[places->first[kind] + random_below(random, count)]];
}
