/* How a module is changed: blindly; section by section; and knowing what lies where, so that much of
   what comes out is well-formed and some of it valid. */
#include "fuzz.h"

#include "ops/ops.h"

/* ---- blindly ---- */

static void change_bytes(const corpus_t *corpus, random_t *random, bytes_t *out) {
  size_t at = random_below(random, out->size), left = out->size - at;
  size_t length = 1 + random_below(random, left < 16 ? left : 16);
  uint8_t byte = (uint8_t)random_next(random);
  switch (random_below(random, 8)) {
  case 0:
  case 1: out->data[at] ^= (uint8_t)(1u << random_below(random, 8)); break;
  case 2: out->data[at] = byte; break;
  case 3: out->data[at] = (uint8_t)random_number(random); break;
  case 4: bytes_replace(out, at, at, &byte, 1); break;
  case 5: bytes_replace(out, at, at + length, NULL, 0); break;
  case 6: bytes_replace(out, at, at, out->data + at, length); break;
  default: {
    const bytes_t *other = &corpus_any(corpus, random)->bytes;
    size_t from = random_below(random, other->size);
    if (length > other->size - from) length = other->size - from;
    size_t over = random_below(random, 2) ? length : 0;
    bytes_replace(out, at, at + (over < left ? over : left), other->data + from, length);
  }
  }
}

/* ---- sections ---- */

static void custom_section(random_t *random, bytes_t *out) {
  bytes_t contents = {0};
  bytes_u(&contents, 1);
  bytes_u8(&contents, 'a' + random_below(random, 4));
  bytes_add(&contents, "abcdefgh", random_below(random, 8));
  bytes_u8(out, 0);
  bytes_u(out, contents.size);
  bytes_add(out, contents.data, contents.size);
  free(contents.data);
}

static void change_sections(const corpus_t *corpus, const shape_t *shape, edits_t *edits) {
  random_t *random = shape->random;
  const place_t *one = places_any(shape->places, PLACE_SECTION, random);
  const place_t *two = places_any(shape->places, PLACE_SECTION, random);
  if (!one) return;
  const uint8_t *from = edits->module;
  switch (random_below(random, 7)) {
  case 0: /* gone */
    if (edit_begin(edits, one->start, one->end)) edit_end(edits);
    break;
  case 1: /* twice, here or elsewhere */
    if (!edit_begin(edits, two->start, two->start)) break;
    bytes_add(&edits->bytes, from + one->start, one->end - one->start);
    edit_end(edits);
    break;
  case 2: /* two in each other's place */
    if (one == two || !edit_begin(edits, one->start, one->end)) break;
    bytes_add(&edits->bytes, from + two->start, two->end - two->start);
    edit_end(edits);
    if (!edit_begin(edits, two->start, two->end)) break;
    bytes_add(&edits->bytes, from + one->start, one->end - one->start);
    edit_end(edits);
    break;
  case 3: /* empty, or of another kind */
    if (!edit_begin(edits, one->start, one->end)) break;
    bytes_u8(&edits->bytes, random_chance(random, 50) ? one->detail : random_below(random, 15));
    if (random_chance(random, 50)) {
      bytes_u8(&edits->bytes, 1);
      bytes_u8(&edits->bytes, 0);
    } else {
      bytes_add(&edits->bytes, from + one->start + 1, one->end - one->start - 1);
    }
    edit_end(edits);
    break;
  case 4: /* another module's instead */
  {
    const seed_file_t *other = corpus_any(corpus, random);
    for (unsigned tries = 0; tries < 8; tries++) {
      const place_t *theirs = places_any(&other->places, PLACE_SECTION, random);
      if (!theirs || theirs->detail != one->detail) continue;
      if (!edit_begin(edits, one->start, one->end)) break;
      bytes_add(&edits->bytes, other->bytes.data + theirs->start, theirs->end - theirs->start);
      edit_end(edits);
      break;
    }
    break;
  }
  default:
    if (!edit_begin(edits, one->start, one->start)) break;
    custom_section(random, &edits->bytes);
    edit_end(edits);
  }
}

/* ---- single values ---- */

static void make_name(const shape_t *shape, const edits_t *edits, bytes_t *out) {
  static const char *const names[] = {"", "a", "memory", "\xC3\xA9", "\xFF", "\xED\xA0\x80", "f"};
  const place_t *other = places_any(shape->places, PLACE_NAME, shape->random);
  if (other && random_chance(shape->random, 50)) {
    bytes_add(out, edits->module + other->start, other->end - other->start);
    return;
  }
  const char *name = names[random_below(shape->random, WH_COUNT(names))];
  bytes_u(out, strlen(name));
  bytes_add(out, name, strlen(name));
}

static void make_flag(const shape_t *shape, const place_t *place, bytes_t *out) {
  static const uint8_t forms[] = {0x4F, 0x50, 0x5E, 0x5F, 0x60};
  random_t *random = shape->random;
  if (random_chance(random, 3))
    bytes_u8(out, (uint8_t)random_number(random));
  else if (place->detail == PLACE_FLAG_FORM)
    bytes_u8(out, forms[random_below(random, sizeof forms)]);
  else
    bytes_u8(out, random_below(random, place->detail + 1u + random_chance(random, 10)));
}

static void make_number(const shape_t *shape, const place_t *place, bytes_t *out) {
  uint64_t number = random_number(shape->random);
  if (random_chance(shape->random, 60))
    number = random_below(shape->random, place->detail ? place->detail : 20);
  if (random_chance(shape->random, 5))
    bytes_long_u(out, number, 1 + random_below(shape->random, 11));
  else
    bytes_u(out, number);
}

static void make_value(const shape_t *shape, const edits_t *edits, const place_t *place,
                       bytes_t *out) {
  random_t *random = shape->random;
  switch (place->kind) {
  case PLACE_INDEX: make_index(shape, (space_t)place->detail, out); break;
  case PLACE_VALUE_TYPE: make_value_type(shape, out); break;
  case PLACE_FIELD_TYPE:
    if (random_chance(random, 30))
      bytes_u8(out, 0x77 + random_below(random, 2));
    else
      make_value_type(shape, out);
    break;
  case PLACE_REF_TYPE: make_ref_type(shape, out); break;
  case PLACE_HEAP_TYPE: make_heap_type(shape, out); break;
  case PLACE_BLOCK_TYPE: make_block_type(shape, out); break;
  case PLACE_FLAG: make_flag(shape, place, out); break;
  case PLACE_NUMBER: make_number(shape, place, out); break;
  case PLACE_SIGNED: bytes_s(out, (int64_t)random_number(random)); break;
  case PLACE_BITS:
    for (uint32_t i = place->start; i < place->end; i++)
      bytes_u8(out, (uint8_t)random_number(random));
    break;
  case PLACE_NAME: make_name(shape, edits, out); break;
  default: /* a count that no longer fits */ bytes_u(out, random_below(random, 5)); break;
  }
}

static void change_value(const shape_t *shape, edits_t *edits) {
  static const uint8_t kinds[] = {
      PLACE_INDEX,      PLACE_INDEX,      PLACE_INDEX,      PLACE_INDEX,      PLACE_VALUE_TYPE,
      PLACE_VALUE_TYPE, PLACE_FIELD_TYPE, PLACE_FIELD_TYPE, PLACE_REF_TYPE,   PLACE_REF_TYPE,
      PLACE_HEAP_TYPE,  PLACE_HEAP_TYPE,  PLACE_BLOCK_TYPE, PLACE_BLOCK_TYPE, PLACE_FLAG,
      PLACE_FLAG,       PLACE_NUMBER,     PLACE_SIGNED,     PLACE_NAME,       PLACE_COUNT};
  const place_t *place = NULL;
  for (unsigned tries = 0; tries < 8 && !place; tries++)
    place =
        places_any(shape->places, kinds[random_below(shape->random, sizeof kinds)], shape->random);
  if (!place || !edit_begin(edits, place->start, place->end)) return;
  make_value(shape, edits, place, &edits->bytes);
  edit_end(edits);
}

/* ---- instructions ---- */

/* A few that follow each other, of any module. */
static void copy_instructions(const corpus_t *corpus, const shape_t *shape, place_kind_t kind,
                              bytes_t *out) {
  const seed_file_t *other = corpus_any(corpus, shape->random);
  const place_t *first = places_any(&other->places, kind, shape->random);
  if (!first) return;
  const place_t *end = other->places.all.items + other->places.all.count, *last = first;
  uint32_t wanted = random_below(shape->random, 5);
  for (const place_t *next = first; next < end && wanted > 0; next++)
    if (next->kind == kind && next->start == last->end) {
      last = next;
      wanted--;
    }
  bytes_add(out, other->bytes.data + first->start, last->end - first->start);
}

static void change_instruction(const corpus_t *corpus, const shape_t *shape, place_kind_t kind,
                               edits_t *edits) {
  random_t *random = shape->random;
  const place_t *one = places_any(shape->places, kind, random);
  const place_t *two = places_any(shape->places, kind, random);
  if (!one) return;
  bytes_t *out = &edits->bytes;
  uint32_t action = random_below(random, 20);
  bool inserts = action >= 14;
  if (!edit_begin(edits, one->start, inserts ? one->start : one->end)) return;
  if (action < 5) { /* another opcode, the same immediates */
    uint32_t size = one->opcode < 256 ? 1 : 2;
    if (one->opcode >= 256 && (one->opcode & 0xFFFF) >= 128) size = 3;
    make_opcode(make_opcode_like(shape, one->opcode), out);
    if (one->end >= one->start + size)
      bytes_add(out, edits->module + one->start + size, one->end - one->start - size);
  } else if (action < 9) { /* the same opcode, other immediates */
    const wh_op_t *op = wh_op(one->opcode);
    make_opcode(one->opcode, out);
    if (op) make_immediates(shape, op, out);
  } else if (action < 11) {
    make_instr(shape, out);
  } else if (action < 12) {
    /* gone */
  } else if (action < 14) { /* that of another place */
    bytes_add(out, edits->module + two->start, two->end - two->start);
  } else if (action < 16) {
    bytes_u8(out, WH_OP_UNREACHABLE);
  } else if (action < 17) {
    make_instr(shape, out);
  } else if (action < 18) {
    bytes_u8(out, WH_OP_DROP);
  } else if (action < 19) {
    copy_instructions(corpus, shape, kind, out);
  } else {
    bytes_add(out, edits->module + two->start, two->end - two->start);
  }
  edit_end(edits);
}

static void add_neutral(const shape_t *shape, edits_t *edits) {
  const place_t *place = places_any(shape->places, PLACE_CODE, shape->random);
  if (!place || !edit_begin(edits, place->start, place->start)) return;
  make_neutral(shape, &edits->bytes);
  edit_end(edits);
}

/* ---- items of vectors ---- */

static void change_entry(const corpus_t *corpus, const shape_t *shape, edits_t *edits) {
  random_t *random = shape->random;
  const place_t *one = places_any(shape->places, PLACE_ENTRY, random), *two = NULL;
  const uint8_t *from = edits->module;
  if (!one) return;
  bool elsewhere = random_chance(random, 40);
  const seed_file_t *other = elsewhere ? corpus_any(corpus, random) : NULL;
  for (unsigned tries = 0; tries < 16 && !two; tries++) {
    two = places_any(elsewhere ? &other->places : shape->places, PLACE_ENTRY, random);
    if (two && (two->section != one->section || (!elsewhere && two->of != one->of))) two = NULL;
  }
  if (!two)
    two = one;
  else if (elsewhere)
    from = other->bytes.data;
  switch (random_below(random, 4)) {
  case 0: /* gone */
    if (!edit_begin(edits, one->start, one->end)) return;
    edit_count(edits, one->of, -1);
    break;
  case 1: /* another instead */
    if (!edit_begin(edits, one->start, one->end)) return;
    bytes_add(&edits->bytes, from + two->start, two->end - two->start);
    break;
  case 2: /* another before it */
    if (!edit_begin(edits, one->start, one->start)) return;
    bytes_add(&edits->bytes, from + two->start, two->end - two->start);
    edit_count(edits, one->of, 1);
    break;
  default: /* and behind it */
    if (!edit_begin(edits, one->start, one->end)) return;
    bytes_add(&edits->bytes, edits->module + one->start, one->end - one->start);
    bytes_add(&edits->bytes, from + two->start, two->end - two->start);
    edit_count(edits, one->of, 1);
  }
  edit_end(edits);
}

/* The last entry of a section; NULL: it has none. */
static const place_t *last_entry(const places_t *places, unsigned section) {
  if (!places->entry_counts[section]) return NULL;
  const place_t *all = places->all.items, *last = &all[places->entries[section]];
  for (const place_t *next = last; next < all + places->all.count; next++)
    if (next->kind == PLACE_ENTRY && next->of == last->of) last = next;
  return last;
}

static bool append_begin(const shape_t *shape, edits_t *edits, unsigned section) {
  const place_t *last = last_entry(shape->places, section);
  if (!last || !edit_begin(edits, last->start, last->end)) return false;
  bytes_add(&edits->bytes, edits->module + last->start, last->end - last->start);
  edit_count(edits, last->of, 1);
  return true;
}

/* ---- functions and types ---- */

static void make_body(const corpus_t *corpus, const shape_t *shape, bytes_t *out) {
  random_t *random = shape->random;
  if (random_chance(random, 40)) {
    const seed_file_t *other = corpus_any(corpus, random);
    const place_t *theirs = places_any(&other->places, PLACE_ENTRY, random);
    for (unsigned tries = 0; tries < 16 && theirs; tries++) {
      const place_t *count = &other->places.all.items[theirs->of];
      if (theirs->section == 10 && theirs->start > count->end - 1 && other->places.entries[10] &&
          other->places.all.items[other->places.entries[10]].of == theirs->of) {
        bytes_add(out, other->bytes.data + theirs->start, theirs->end - theirs->start);
        return;
      }
      theirs = places_any(&other->places, PLACE_ENTRY, random);
    }
  }
  bytes_t body = {0};
  uint32_t groups = random_below(random, 3);
  bytes_u(&body, groups);
  for (uint32_t i = 0; i < groups; i++) {
    bytes_u(&body, random_below(random, 4));
    make_value_type(shape, &body);
  }
  for (uint32_t i = random_below(random, 5); i > 0; i--) make_neutral(shape, &body);
  bytes_u8(&body, WH_OP_UNREACHABLE);
  if (random_chance(random, 50)) make_instr(shape, &body);
  if (random_chance(random, 50)) bytes_u8(&body, WH_OP_UNREACHABLE);
  bytes_u8(&body, WH_OP_END);
  bytes_u(out, body.size);
  bytes_add(out, body.data, body.size);
  free(body.data);
}

static void add_function(const corpus_t *corpus, const shape_t *shape, edits_t *edits) {
  if (!append_begin(shape, edits, 3)) return;
  make_index(shape, SPACE_TYPE, &edits->bytes);
  edit_end(edits);
  if (!append_begin(shape, edits, 10)) return;
  make_body(corpus, shape, &edits->bytes);
  edit_end(edits);
}

static void make_type(const shape_t *shape, bytes_t *out) {
  random_t *random = shape->random;
  if (random_chance(random, 60)) {
    bytes_u8(out, random_chance(random, 80) ? 0x50 : 0x4F);
    bool has_super = random_chance(random, 50);
    bytes_u8(out, has_super);
    if (has_super) make_index(shape, SPACE_TYPE, out);
  }
  uint32_t form = random_below(random, 3), count = form == 0 ? 1 : random_below(random, 4);
  bytes_u8(out, 0x5E + form);
  if (form == 2) { /* a function */
    for (unsigned part = 0; part < 2; part++, count = random_below(random, 3)) {
      bytes_u(out, count);
      for (uint32_t i = 0; i < count; i++) make_value_type(shape, out);
    }
    return;
  }
  if (form == 1) bytes_u(out, count);
  for (uint32_t i = 0; i < count; i++) {
    if (random_chance(random, 20))
      bytes_u8(out, 0x77 + random_below(random, 2));
    else
      make_value_type(shape, out);
    bytes_u8(out, random_below(random, 2));
  }
}

static void add_type(const shape_t *shape, edits_t *edits) {
  if (!append_begin(shape, edits, 1)) return;
  make_type(shape, &edits->bytes);
  edit_end(edits);
}

/* Types in a row become a recursion group, or a group falls apart. */
static void regroup(const shape_t *shape, edits_t *edits) {
  const places_t *p = shape->places;
  uint32_t count = p->entry_counts[1];
  if (!count) return;
  uint32_t count_place = p->all.items[p->entries[1]].of, pick = random_below(shape->random, count);
  const place_t *entry = &p->all.items[p->entries[1]];
  for (uint32_t i = 0; i < pick; i++) do
      entry++;
    while (entry->kind != PLACE_ENTRY || entry->of != count_place);
  const uint8_t *at = edits->module + entry->start;
  if (*at == 0x4E) {
    const place_t *inner = entry + 1; /* the place of the group's count */
    const uint8_t *number = edits->module + inner->start;
    if (!edit_begin(edits, entry->start, inner->end)) return;
    edit_count(edits, count_place, (int32_t)wh_leb_u(&number) - 1);
  } else {
    uint32_t size = random_below(shape->random, count - pick + 1);
    if (!edit_begin(edits, entry->start, entry->start)) return;
    bytes_u8(&edits->bytes, 0x4E);
    bytes_u(&edits->bytes, size);
    edit_count(edits, count_place, 1 - (int32_t)size);
  }
  edit_end(edits);
}

/* An import in its compact form, once or twice. */
static void compact_import(const shape_t *shape, edits_t *edits) {
  const places_t *p = shape->places;
  uint32_t count = p->entry_counts[2];
  if (!count) return;
  const place_t *entry = &p->all.items[p->entries[2]], *last = last_entry(p, 2);
  if (random_chance(shape->random, 50)) entry = last;
  const place_t *module = entry + 1, *name = entry + 2;
  const uint8_t *from = edits->module;
  uint32_t items = 1 + random_below(shape->random, 2);
  bool one_type = random_chance(shape->random, 50);
  if (!edit_begin(edits, entry->start, entry->end)) return;
  bytes_t *out = &edits->bytes;
  bytes_add(out, from + module->start, module->end - module->start);
  bytes_u8(out, 0);
  bytes_u8(out, one_type ? WH_IMPORT_ITEMS_OF_ONE_TYPE : WH_IMPORT_ITEMS);
  if (one_type) bytes_add(out, from + name->end, entry->end - name->end);
  bytes_u(out, items);
  for (uint32_t i = 0; i < items; i++)
    bytes_add(out, from + name->start, (one_type ? name->end : entry->end) - name->start);
  edit_end(edits);
}

/* ---- all of it ---- */

static void change_knowingly(const corpus_t *corpus, const shape_t *shape, edits_t *edits) {
  uint32_t action = random_below(shape->random, 100);
  if (action < 30)
    change_value(shape, edits);
  else if (action < 60)
    change_instruction(corpus, shape, PLACE_CODE, edits);
  else if (action < 66)
    change_instruction(corpus, shape, PLACE_CONST, edits);
  else if (action < 76)
    change_entry(corpus, shape, edits);
  else if (action < 86)
    add_neutral(shape, edits);
  else if (action < 92)
    add_function(corpus, shape, edits);
  else if (action < 96)
    add_type(shape, edits);
  else if (action < 97)
    compact_import(shape, edits);
  else
    regroup(shape, edits);
}

static void rewrite(const corpus_t *corpus, random_t *random, const places_t *places, bool sections,
                    bytes_t *out) {
  shape_t shape = {random, places};
  edits_t edits = {.module = out->data, .size = out->size, .places = places};
  bytes_t changed = {0};
  if (sections) change_sections(corpus, &shape, &edits);
  for (uint32_t i = random_below(random, 3); i < 3 && !sections; i++)
    change_knowingly(corpus, &shape, &edits);
  edit_apply(&edits, &changed);
  free(edits.bytes.data);
  free(out->data);
  *out = changed;
}

void mutate_module(const corpus_t *corpus, random_t *random, bytes_t *out) {
  const seed_file_t *file = corpus_any(corpus, random);
  out->size = 0;
  bytes_add(out, file->bytes.data, file->bytes.size);
  const places_t *places = &file->places;
  places_t own = {0};
  do {
    uint32_t how = random_below(random, 100);
    if (!places) {
      places_find(out->data, out->size, &own);
      places = &own;
    }
    if (how < 12 || out->size < 8)
      for (uint32_t i = random_below(random, 3); i < 3 && out->size > 0; i++)
        change_bytes(corpus, random, out);
    else
      rewrite(corpus, random, places, how < 18, out);
    if (places == &own) places_free(&own);
    places = NULL;
  } while (random_chance(random, 25));
}
