/* What things are called: identifiers from the name section, and whether they, with annotations where
   identifiers do not do, say all that the section says. */
#include "encode/encode.h"
#include "lexer.h"
#include "print.h"

/* ---- identifiers ---- */

void wh_wat_append_id(wh_text_t *out, wherry_bytes_t name) {
  bool plain = true;
  for (size_t i = 0; i < name.size; i++) plain = plain && wh_wat_is_idchar((char)name.data[i]);
  wh_text_append(out, "$", 1);
  if (plain)
    wh_text_append(out, (const char *)name.data, name.size);
  else
    wh_wat_print_string(out, name);
}

/* A name that others have before becomes "name#7", with its number, more than once if that is taken. */
static bool append_unique(printer_t *p, const wh_map_t *taken, wherry_bytes_t name,
                          uint32_t number) {
  wh_text_t text = {.alloc = p->alloc};
  uint64_t ignored;
  wh_text_append(&text, (const char *)name.data, name.size);
  do {
    wh_text_printf(&text, "#%u", number);
  } while (!text.failed && wh_map_get(taken, text.data, text.size, &ignored));
  bool good = !text.failed;
  if (good) wh_wat_append_id(&p->id_text, (wherry_bytes_t) {(const uint8_t *)text.data, text.size});
  wh_text_free(&text);
  return good;
}

/* Names of one index space: items from first to end of a kind. */
static bool make_ids(printer_t *p, wh_name_kind_t kind, size_t first, size_t end) {
  const wh_naming_t *items = p->names.of[kind].items;
  wh_map_t taken = {0};
  uint64_t owner;
  bool good = true, inner = wh_name_kind_is_inner(kind);
  /* Labels may be hidden by others. */
  bool unique = kind != WH_NAME_LABEL;
  for (size_t i = first; good && unique && end - first > 1 && i < end; i++) {
    const char *name = (const char *)items[i].name.data;
    if (!wh_map_get(&taken, name, items[i].name.size, &owner))
      good = wh_map_put(p->alloc, &taken, name, items[i].name.size, i);
  }
  for (size_t i = first; good && i < end; i++) {
    wherry_bytes_t name = items[i].name;
    ident_t *id = &p->ids[kind][i];
    *id = (ident_t) {.at = p->id_text.size, .is_other = true};
    if (!name.size) continue;
    if (wh_map_get(&taken, (const char *)name.data, name.size, &owner) && owner != i) {
      good = append_unique(p, &taken, name, inner ? items[i].inner : items[i].index);
    } else {
      wh_wat_append_id(&p->id_text, name);
      id->is_other = false;
    }
    id->size = (uint32_t)(p->id_text.size - id->at);
  }
  wh_map_free(p->alloc, &taken);
  return good;
}

static bool make_all_ids(printer_t *p) {
  for (unsigned k = 0; k < WH_NAME_KINDS; k++) {
    wh_name_kind_t kind = (wh_name_kind_t)k;
    size_t count = p->names.of[kind].count;
    const wh_naming_t *items = p->names.of[kind].items;
    if (!count) continue;
    p->ids[kind] = wh_alloc_array(p->alloc, count, sizeof *p->ids[kind]);
    if (!p->ids[kind]) return false;
    for (size_t first = 0, end = count; first < count; first = end) {
      if (wh_name_kind_is_inner(kind))
        for (end = first; end < count && items[end].index == items[first].index;) end++;
      if (!make_ids(p, kind, first, end)) return false;
    }
  }
  return !p->id_text.failed;
}

ident_t wh_wat_id(const printer_t *p, wh_name_kind_t kind, uint32_t index, uint32_t inner) {
  const wh_naming_t *items = p->names.of[kind].items;
  size_t low = 0, high = p->names.of[kind].count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (items[middle].index == index && items[middle].inner == inner) return p->ids[kind][middle];
    if (items[middle].index < index ||
        (items[middle].index == index && items[middle].inner < inner))
      low = middle + 1;
    else
      high = middle;
  }
  return (ident_t) {0};
}

/* Also by an annotation alone. */
bool wh_wat_has_name(const printer_t *p, wh_name_kind_t kind, uint32_t index, uint32_t inner) {
  ident_t id = wh_wat_id(p, kind, index, inner);
  return id.size || (id.is_other && p->names_carried);
}

void wh_wat_print_id(printer_t *p, ident_t id) {
  wh_text_append(&p->out, " ", 1);
  wh_text_append(&p->out, p->id_text.data + id.at, id.size);
}

void wh_wat_print_definition(printer_t *p, wh_name_kind_t kind, uint32_t index, uint32_t inner) {
  ident_t id = wh_wat_id(p, kind, index, inner);
  if (id.size) wh_wat_print_id(p, id);
  if (!wh_name_kind_is_inner(kind)) {
    wh_wat_print(p, " (;");
    wh_wat_print_number(p, index);
    wh_wat_print(p, ";)");
  }
  if (!id.is_other || !p->names_carried) return;
  wh_wat_print(p, " (@name ");
  wh_wat_print_string(&p->out, wh_names_find(&p->names, kind, index, inner));
  wh_wat_print(p, ")");
}

void wh_wat_print_use(printer_t *p, wh_name_kind_t kind, uint32_t index, uint32_t inner) {
  ident_t id = wh_wat_id(p, kind, index, inner);
  if (id.size) {
    wh_wat_print_id(p, id);
  } else {
    wh_text_append(&p->out, " ", 1);
    wh_wat_print_number(p, wh_name_kind_is_inner(kind) ? inner : index);
  }
}

/* ---- whether the section comes back ---- */

static void put_u(wh_text_t *out, uint64_t value) {
  do {
    char byte = (char)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
    wh_text_append(out, &byte, 1);
    value >>= 7;
  } while (value);
}

static void put_name(wh_text_t *out, wherry_bytes_t name) {
  put_u(out, name.size);
  wh_text_append(out, (const char *)name.data, name.size);
}

static void put_naming(wh_text_t *out, const wh_naming_t *naming, bool inner) {
  put_u(out, inner ? naming->inner : naming->index);
  put_name(out, naming->name);
}

static void put_part(const wh_names_t *names, wh_name_kind_t kind, wh_text_t *out) {
  size_t count = names->of[kind].count, lists = 0, end;
  const wh_naming_t *items = names->of[kind].items;
  if (!wh_name_kind_is_inner(kind)) {
    put_u(out, count);
    for (size_t i = 0; i < count; i++) put_naming(out, &items[i], false);
    return;
  }
  for (size_t i = 0; i < count; i++) lists += i == 0 || items[i - 1].index != items[i].index;
  put_u(out, lists);
  for (size_t i = 0; i < count; i = end) {
    for (end = i; end < count && items[end].index == items[i].index;) end++;
    put_u(out, items[i].index);
    put_u(out, end - i);
    for (size_t k = i; k < end; k++) put_naming(out, &items[k], true);
  }
}

/* The section as the reader of the text would write it. */
static bool is_canonical(printer_t *p, wherry_bytes_t section) {
  wh_text_t whole = {.alloc = p->alloc}, part = {.alloc = p->alloc};
  for (unsigned kind = 0; kind < WH_NAME_KINDS; kind++) {
    part.size = 0;
    if (kind == WH_NAME_MODULE && p->names.module.data)
      put_name(&part, p->names.module);
    else if (p->names.of[kind].count)
      put_part(&p->names, (wh_name_kind_t)kind, &part);
    if (!part.size || part.failed) continue;
    char id = (char)kind;
    wh_text_append(&whole, &id, 1);
    put_u(&whole, part.size);
    wh_text_append(&whole, part.data, part.size);
  }
  p->out.failed |= whole.failed || part.failed;
  bool same = !whole.failed && !part.failed && whole.size == section.size &&
              (section.size == 0 || memcmp(whole.data, section.data, section.size) == 0);
  wh_text_free(&whole);
  wh_text_free(&part);
  return same && section.size;
}

static uint32_t count_params(const printer_t *p, uint32_t function) {
  const wherry_functype_t *type = wh_wat_functype(p, p->model->functions.items[function]);
  return type ? type->param_count : 0;
}

/* Parameters and locals, and blocks. */
static void count_inner(const printer_t *p, uint32_t function, uint64_t *locals, uint64_t *labels) {
  const wh_model_t *m = p->model;
  *locals = count_params(p, function);
  *labels = 0;
  if (function < m->imported_functions) return;
  const wh_body_t *body = &m->bodies.items[function - m->imported_functions];
  wh_reader_t in = {body->bytes, body->bytes, body->bytes + body->size, 0};
  uint32_t groups = 0, count;
  wherry_valtype_t type;
  const char *problem;
  wh_instr_t instr;
  wh_read_u32(&in, &groups);
  while (groups-- > 0 && wh_instr_group(&in, &count, &type, &problem)) *locals += count;
  if (!p->names.of[WH_NAME_LABEL].count) return;
  while (in.next < in.end && wh_instr_read(&in, &instr, &problem))
    *labels += wh_instr_is_block(&instr);
}

/* Whether the text has a place for every name of locals and labels. */
static bool inner_fit(const printer_t *p, wh_name_kind_t kind) {
  const wh_naming_t *items = p->names.of[kind].items;
  uint64_t locals = 0, labels = 0;
  for (size_t i = 0; i < p->names.of[kind].count; i++) {
    uint32_t function = items[i].index;
    if (function >= p->model->functions.count) return false;
    if (i == 0 || items[i - 1].index != function) count_inner(p, function, &locals, &labels);
    if (items[i].inner >= (kind == WH_NAME_LOCAL ? locals : labels)) return false;
  }
  return true;
}

static bool fields_fit(const printer_t *p) {
  const wh_model_t *m = p->model;
  for (size_t i = 0; i < p->names.of[WH_NAME_FIELD].count; i++) {
    const wh_naming_t *naming = &p->names.of[WH_NAME_FIELD].items[i];
    if (naming->index >= m->subtypes.count) return false;
    const wh_subtype_t *type = &m->subtypes.items[naming->index];
    if (type->kind != WH_COMP_STRUCT || naming->inner >= type->field_count) return false;
  }
  return true;
}

static bool all_fit(const printer_t *p) {
  const wh_model_t *m = p->model;
  const size_t counts[WH_NAME_KINDS] = {
      [WH_NAME_FUNCTION] = m->functions.count, [WH_NAME_TYPE] = m->types.count,
      [WH_NAME_TABLE] = m->tables.count,       [WH_NAME_MEMORY] = m->memories.count,
      [WH_NAME_GLOBAL] = m->globals.count,     [WH_NAME_ELEM] = m->elems.count,
      [WH_NAME_DATA] = m->datas.count,         [WH_NAME_TAG] = m->tags.count,
  };
  for (unsigned kind = 0; kind < WH_NAME_KINDS; kind++) {
    size_t count = p->names.of[kind].count;
    if (count && !wh_name_kind_is_inner((wh_name_kind_t)kind) &&
        p->names.of[kind].items[count - 1].index >= counts[kind])
      return false;
  }
  return inner_fit(p, WH_NAME_LOCAL) && inner_fit(p, WH_NAME_LABEL) && fields_fit(p);
}

bool wh_wat_print_is_tail(const printer_t *p, unsigned after) {
  bool behind = after == 0;
  for (size_t i = 0; i < WH_SECTIONS; i++) {
    if (behind && wh_encode_has_section(p->model, wh_section_order[i], false)) return false;
    if (wh_section_order[i] == after) behind = true;
  }
  return true;
}

static bool is_only_one(const printer_t *p, const wh_custom_t *section) {
  for (size_t i = 0; i < p->model->customs.count; i++) {
    const wh_custom_t *other = &p->model->customs.items[i];
    if (other != section && other->name.size == 4 && memcmp(other->name.data, "name", 4) == 0)
      return false;
  }
  return true;
}

bool wh_wat_make_names(printer_t *p) {
  const wh_custom_t *section = wh_model_custom(p->model, "name");
  p->error = wh_names_read(p->alloc, section, &p->names);
  if (p->error) return false;
  if (!make_all_ids(p)) {
    p->out.failed = true;
    return false;
  }
  p->names_carried = section && !p->names.fault && is_only_one(p, section) &&
                     wh_wat_print_is_tail(p, section->after) && all_fit(p) &&
                     is_canonical(p, section->bytes);
  return true;
}

void wh_wat_free_names(printer_t *p) {
  for (unsigned kind = 0; kind < WH_NAME_KINDS; kind++)
    wh_free(p->alloc, p->ids[kind], p->names.of[kind].count * sizeof *p->ids[kind]);
  wh_names_free(&p->names);
  wh_text_free(&p->id_text);
}
