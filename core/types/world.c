/* Reads `component-type…` sections: each is a component binary (Binary.md of the component model)
   whose one export is a component type that exports one component type, the world:

     (component (type (component (type (component …the world…))
                                 (export "ns:pkg/world" (component (type 0)))))
                (export "world" (type 0))
                (custom "wit-component-encoding" 4, string encoding))

   Only types occur in it, so the scopes below need an index space for types and one for instances;
   core types, values and definitions are refused. */
#include "types/types.h"

#include "layout.h"

#include <string.h>

#define TRY(call)                        \
  do {                                   \
    wherry_error_t *try_error_ = (call); \
    if (try_error_) return try_error_;   \
  } while (0)

/* ---- the world and its memory ---- */

enum { CHUNK_SIZE = 4000 };
struct wh_world_chunk {
  wh_world_chunk_t *next;
  size_t size; /* of data */
  _Alignas(16) uint8_t data[];
};

void *wh_world_alloc(wherry_world_t *world, size_t size) {
  size = (size + 15) & ~(size_t)15;
  if (!world->chunks || world->chunks->size - world->chunk_used < size) {
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
    wh_world_chunk_t *chunk = wh_alloc_zeroed(world->alloc, sizeof *chunk + room);
    if (!chunk) return NULL;
    chunk->next = world->chunks;
    chunk->size = room;
    world->chunks = chunk;
    world->chunk_used = 0;
  }
  void *result = world->chunks->data + world->chunk_used;
  world->chunk_used += size;
  return result;
}

void wh_world_free(wherry_world_t *world) {
  if (!world) return;
  wh_alloc_t *alloc = world->alloc;
  while (world->chunks) {
    wh_world_chunk_t *chunk = world->chunks;
    world->chunks = chunk->next;
    wh_free(alloc, chunk, sizeof *chunk + chunk->size);
  }
  wh_vec_free(alloc, &world->types);
  wh_vec_free(alloc, &world->exports);
  wh_map_free(alloc, &world->names);
  WH_DELETE(alloc, world);
}

wherry_type_t *wh_world_type(wherry_world_t *world, wherry_type_kind_t kind, uint32_t field_count,
                             wh_type_field_t **fields) {
  if (wh_kinds[kind].is & wh_primitive && (size_t)kind < world->types.count)
    return world->types.items[kind];
  wherry_type_t *type = wh_world_alloc(world, sizeof *type);
  if (!type) return NULL;
  type->kind = kind;
  type->index = (uint32_t)world->types.count;
  if (field_count) {
    *fields = wh_world_alloc(world, field_count * sizeof **fields); /* 24 bytes times 2^32 fits */
    if (!*fields) return NULL;
    type->fields = *fields;
    type->field_count = field_count;
  }
  return wh_vec_push(world->alloc, &world->types, type) ? type : NULL;
}

/* The primitive types have their kind as index. */
wherry_error_t *wh_world_make(wh_alloc_t *alloc, wherry_world_t **out) {
  wherry_world_t *world = WH_NEW(alloc, wherry_world_t);
  if (!world) return wh_error_oom();
  world->alloc = alloc;
  for (wherry_type_kind_t kind = WHERRY_TYPE_BOOL; kind <= WHERRY_TYPE_STRING; kind++) {
    wherry_type_t *type = wh_world_type(world, kind, 0, NULL);
    if (!type) {
      wh_world_free(world);
      return wh_error_oom();
    }
    wh_type_lay_out(type);
  }
  *out = world;
  return NULL;
}

/* ---- scopes ---- */

typedef struct scope scope_t;
typedef struct functype {
  const wherry_type_t *params, *result;
  bool is_async;
} functype_t;

typedef enum item_kind {
  ITEM_VALUE_TYPE,
  ITEM_RESOURCE,
  ITEM_FUNC_TYPE,
  ITEM_INSTANCE_TYPE,
  ITEM_COMPONENT_TYPE
} item_kind_t;

/* What a type index means. */
typedef struct item {
  item_kind_t kind;
  union {
    wherry_type_t *type;
    wh_resource_t *resource;
    functype_t *func;
    scope_t *scope;
  } of;
} item_t;

/* Sorts of imports and exports, as the binary numbers them (externtype). */
enum {
  SORT_MODULE = 0,
  SORT_FUNC = 1,
  SORT_VALUE = 2,
  SORT_TYPE = 3,
  SORT_COMPONENT = 4,
  SORT_INSTANCE = 5
};

typedef struct export {
  const char *name;
  uint8_t sort;
  item_t item; /* the type of what is exported; SORT_TYPE: the type itself */
}
export_t;

/* A component type, an instance type, or the component around them. */
struct scope {
  scope_t *outer, *next;
  bool is_component;
  WH_VEC(item_t) types;
  WH_VEC(scope_t *) instances;
  WH_VEC(export_t) exports;
  wh_map_t export_places;
};

typedef struct reading {
  wh_alloc_t *alloc;
  wherry_world_t *world;
  wh_reader_t in;
  scope_t *scopes; /* all of them */
  unsigned depth;
  bool encoding_seen;
  uint8_t string_encoding;
} reading_t;

static wherry_error_t *scope_make(reading_t *reading, scope_t *outer, bool is_component,
                                  scope_t **out) {
  scope_t *scope = WH_NEW(reading->alloc, scope_t);
  if (!scope) return wh_error_oom();
  scope->outer = outer;
  scope->is_component = is_component;
  scope->next = reading->scopes;
  reading->scopes = scope;
  *out = scope;
  return NULL;
}

static void scopes_free(reading_t *reading) {
  while (reading->scopes) {
    scope_t *scope = reading->scopes;
    reading->scopes = scope->next;
    wh_vec_free(reading->alloc, &scope->types);
    wh_vec_free(reading->alloc, &scope->instances);
    wh_vec_free(reading->alloc, &scope->exports);
    wh_map_free(reading->alloc, &scope->export_places);
    WH_DELETE(reading->alloc, scope);
  }
}

static wherry_error_t *add_type(reading_t *reading, scope_t *scope, item_t item) {
  return wh_vec_push(reading->alloc, &scope->types, item) ? NULL : wh_error_oom();
}

/* ---- errors and small reads ---- */

WH_COLD static wherry_error_t *malformed(reading_t *reading, unsigned bits) {
  return wh_error_at(reading->alloc, WHERRY_ERROR_MALFORMED, wh_reader_offset(&reading->in),
                     "component-type section: %s", wh_read_problem(&reading->in, bits, bits == 33));
}
WH_COLD static wherry_error_t *broken(reading_t *reading, wherry_error_kind_t kind,
                                      const char *what) {
  return wh_error_at(reading->alloc, kind, wh_reader_offset(&reading->in),
                     "component-type section: %s", what);
}
#define MALFORMED(what) broken(reading, WHERRY_ERROR_MALFORMED, (what))
#define INVALID(what) broken(reading, WHERRY_ERROR_INVALID, (what))

static wherry_error_t *read_byte(reading_t *reading, uint8_t *out) {
  return wh_read_u8(&reading->in, out) ? NULL : malformed(reading, 0);
}
static wherry_error_t *read_u32(reading_t *reading, uint32_t *out) {
  return wh_read_u32(&reading->in, out) ? NULL : malformed(reading, 32);
}
/* The length of a vector. An item takes at least a byte, so what is made for them is bounded by the
   section's size. */
static wherry_error_t *read_count(reading_t *reading, uint32_t *out) {
  TRY(read_u32(reading, out));
  return *out <= (size_t)(reading->in.end - reading->in.next) ? NULL : MALFORMED("unexpected end");
}

static wherry_error_t *read_text(reading_t *reading, const uint8_t **text, uint32_t *size) {
  TRY(read_u32(reading, size));
  if (!wh_read_bytes(&reading->in, *size, text)) return malformed(reading, 0);
  return wh_utf8_valid(*text, *size, NULL) ? NULL : MALFORMED("malformed UTF-8 encoding");
}

static wherry_error_t *keep_text(reading_t *reading, const uint8_t *text, size_t size,
                                 const char **out) {
  char *copy = wh_world_alloc(reading->world, size + 1);
  if (!copy) return wh_error_oom();
  if (size) memcpy(copy, text, size);
  *out = copy;
  return NULL;
}

/* label: words of letters and digits, joined by hyphens. */
static wherry_error_t *read_label(reading_t *reading, const char **out) {
  const uint8_t *text;
  uint32_t size;
  TRY(read_text(reading, &text, &size));
  bool start = true;
  for (uint32_t i = 0; i < size; i++) {
    bool letter = (text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z';
    bool digit = text[i] >= '0' && text[i] <= '9';
    if (text[i] == '-' ? start : start ? !letter : !letter && !digit)
      return INVALID("a label is not in kebab case");
    start = text[i] == '-';
  }
  if (start) return INVALID("a label is not in kebab case");
  return keep_text(reading, text, size, out);
}

/* nameattributes. The name's own grammar is checked only as far as it matters here: visible ASCII. */
static wherry_error_t *read_extern_name(reading_t *reading, const char **out) {
  uint8_t form;
  const uint8_t *text;
  uint32_t size, count;
  TRY(read_byte(reading, &form));
  if (form > 2) return MALFORMED("malformed name of an import or export");
  TRY(read_text(reading, &text, &size));
  if (!size) return INVALID("a name of an import or export is empty");
  for (uint32_t i = 0; i < size; i++)
    if (text[i] <= ' ' || text[i] > '~')
      return INVALID("a name of an import or export holds a character that none may hold");
  TRY(keep_text(reading, text, size, out));
  if (form < 2) return NULL;
  TRY(read_count(reading, &count));
  while (count--) {
    TRY(read_byte(reading, &form));
    if (form > 2) return MALFORMED("malformed attribute of a name");
    TRY(read_text(reading, &text, &size));
  }
  return NULL;
}

/* ---- types ---- */

static wherry_error_t *type_at(reading_t *reading, scope_t *scope, uint32_t index, item_kind_t kind,
                               item_t *out) {
  if (index >= scope->types.count) return INVALID("a type index is out of bounds");
  *out = scope->types.items[index];
  if (out->kind != kind) return INVALID("a type index means another kind of type");
  return NULL;
}

static bool primitive_kind(uint8_t code, wherry_type_kind_t *out) {
  static const wherry_type_kind_t kinds[] = {
      WHERRY_TYPE_STRING, WHERRY_TYPE_CHAR, WHERRY_TYPE_F64, WHERRY_TYPE_F32, WHERRY_TYPE_U64,
      WHERRY_TYPE_S64,    WHERRY_TYPE_U32,  WHERRY_TYPE_S32, WHERRY_TYPE_U16, WHERRY_TYPE_S16,
      WHERRY_TYPE_U8,     WHERRY_TYPE_S8,   WHERRY_TYPE_BOOL};
  if (code < 0x73 || code > 0x7F) return false;
  *out = kinds[code - 0x73];
  return true;
}

static wherry_error_t *make_type(reading_t *reading, wherry_type_kind_t kind,
                                 const wherry_type_t *element, wherry_type_t **out) {
  *out = wh_world_type(reading->world, kind, 0, NULL);
  if (!*out) return wh_error_oom();
  (*out)->element = element;
  return NULL;
}

static wherry_error_t *read_valtype(reading_t *reading, scope_t *scope, const wherry_type_t **out) {
  int64_t code;
  if (!wh_read_s33(&reading->in, &code)) return malformed(reading, 33);
  if (code >= 0) {
    item_t item = {0};
    TRY(type_at(reading, scope, (uint32_t)code, ITEM_VALUE_TYPE, &item));
    *out = item.of.type;
    return NULL;
  }
  wherry_type_kind_t kind;
  if (code >= -64 && primitive_kind((uint8_t)(code & 0x7F), &kind)) {
    *out = reading->world->types.items[kind];
    return NULL;
  }
  if (code != 0x64 - 0x80) return MALFORMED("malformed value type");
  wherry_type_t *type = NULL;
  TRY(make_type(reading, WHERRY_TYPE_ERROR_CONTEXT, NULL, &type));
  wh_type_lay_out(type);
  *out = type;
  return NULL;
}

static wherry_error_t *read_optional(reading_t *reading, scope_t *scope,
                                     const wherry_type_t **out) {
  uint8_t present;
  *out = NULL;
  TRY(read_byte(reading, &present));
  if (present > 1) return MALFORMED("malformed optional type");
  return present ? read_valtype(reading, scope, out) : NULL;
}

/* Labels must differ. */
static wherry_error_t *check_labels(reading_t *reading, const wh_type_field_t *fields,
                                    uint32_t count) {
  wh_map_t seen = {0};
  wherry_error_t *error = NULL;
  for (uint32_t i = 0; i < count && !error; i++) {
    uint64_t place;
    size_t size = strlen(fields[i].name);
    if (wh_map_get(&seen, fields[i].name, size, &place))
      error = INVALID("a label is used twice");
    else if (!wh_map_put(reading->alloc, &seen, fields[i].name, size, i))
      error = wh_error_oom();
  }
  wh_map_free(reading->alloc, &seen);
  return error;
}

/* record, variant, flags, enum, tuple, and the parameters of a function. */
static wherry_error_t *read_fields(reading_t *reading, scope_t *scope, wherry_type_kind_t kind,
                                   bool may_be_empty, wherry_type_t **out) {
  uint32_t count;
  TRY(read_count(reading, &count));
  if (!count && !may_be_empty) return INVALID("a type has no parts");
  wh_type_field_t *fields = NULL;
  wherry_type_t *type = wh_world_type(reading->world, kind, count, &fields);
  if (!type) return wh_error_oom();
  for (uint32_t i = 0; i < count; i++) {
    if (kind != WHERRY_TYPE_TUPLE) TRY(read_label(reading, &fields[i].name));
    if (kind == WHERRY_TYPE_RECORD || kind == WHERRY_TYPE_TUPLE)
      TRY(read_valtype(reading, scope, &fields[i].type));
    if (kind == WHERRY_TYPE_VARIANT) {
      uint8_t zero;
      TRY(read_optional(reading, scope, &fields[i].type));
      TRY(read_byte(reading, &zero));
      if (zero) return MALFORMED("malformed case");
    }
  }
  *out = type;
  return kind == WHERRY_TYPE_TUPLE ? NULL : check_labels(reading, fields, count);
}

static wherry_error_t *make_cases(reading_t *reading, wherry_type_kind_t kind, const char *first,
                                  const wherry_type_t *first_type, const char *second,
                                  const wherry_type_t *second_type, wherry_type_t **out) {
  wh_type_field_t *cases;
  wherry_type_t *type = wh_world_type(reading->world, kind, 2, &cases);
  if (!type) return wh_error_oom();
  cases[0].name = first;
  cases[0].type = first_type;
  cases[1].name = second;
  cases[1].type = second_type;
  *out = type;
  return NULL;
}

/* defvaltype, its first byte read. *out: NULL if it is none. */
static wherry_error_t *read_defvaltype(reading_t *reading, scope_t *scope, uint8_t code,
                                       wherry_type_t **out) {
  wherry_world_t *world = reading->world;
  const wherry_type_t *first, *second;
  wherry_type_t *type = NULL;
  wherry_type_kind_t kind;
  uint32_t number;
  item_t item = {0};
  *out = NULL;
  if (primitive_kind(code, &kind)) {
    *out = world->types.items[kind];
    return NULL;
  }
  switch (code) {
  case 0x72: TRY(read_fields(reading, scope, WHERRY_TYPE_RECORD, false, &type)); break;
  case 0x71: TRY(read_fields(reading, scope, WHERRY_TYPE_VARIANT, false, &type)); break;
  case 0x6F: TRY(read_fields(reading, scope, WHERRY_TYPE_TUPLE, false, &type)); break;
  case 0x6E: TRY(read_fields(reading, scope, WHERRY_TYPE_FLAGS, false, &type)); break;
  case 0x6D: TRY(read_fields(reading, scope, WHERRY_TYPE_ENUM, false, &type)); break;
  case 0x70:
    TRY(read_valtype(reading, scope, &first));
    TRY(make_type(reading, WHERRY_TYPE_LIST, first, &type));
    break;
  case 0x6B:
    TRY(read_valtype(reading, scope, &first));
    TRY(make_cases(reading, WHERRY_TYPE_OPTION, "none", NULL, "some", first, &type));
    type->element = first;
    break;
  case 0x6A:
    TRY(read_optional(reading, scope, &first));
    TRY(read_optional(reading, scope, &second));
    TRY(make_cases(reading, WHERRY_TYPE_RESULT, "ok", first, "error", second, &type));
    break;
  case 0x69:
  case 0x68:
    TRY(read_u32(reading, &number));
    TRY(type_at(reading, scope, number, ITEM_RESOURCE, &item));
    kind = code == 0x69 ? WHERRY_TYPE_OWN : WHERRY_TYPE_BORROW;
    if (!(type = wh_world_type(world, kind, 0, NULL))) return wh_error_oom();
    type->resource = item.of.resource;
    break;
  case 0x67: /* a list of fixed length */
    TRY(read_valtype(reading, scope, &first));
    TRY(read_u32(reading, &number));
    if (!number) return INVALID("a list has a fixed length of 0");
    TRY(make_type(reading, WHERRY_TYPE_FIXED_LIST, first, &type));
    type->length = number;
    break;
  case 0x66:
  case 0x65:
    TRY(read_optional(reading, scope, &first));
    kind = code == 0x66 ? WHERRY_TYPE_STREAM : WHERRY_TYPE_FUTURE;
    TRY(make_type(reading, kind, first, &type));
    break;
  case 0x64: TRY(make_type(reading, WHERRY_TYPE_ERROR_CONTEXT, NULL, &type)); break;
  case 0x63:
    TRY(read_valtype(reading, scope, &first));
    TRY(read_valtype(reading, scope, &second));
    if (!(type = wh_world_map(world, first, second))) return wh_error_oom();
    break;
  default: return NULL;
  }
  if (type->kind == WHERRY_TYPE_FLAGS && type->field_count > WH_MAX_FLAGS)
    return INVALID("flags have more than 32 labels");
  if (!wh_type_lay_out(type)) return INVALID("a type is too large or nested too deeply");
  *out = type;
  return NULL;
}

/* functype, its first byte read. */
static wherry_error_t *read_functype(reading_t *reading, scope_t *scope, bool is_async,
                                     functype_t **out) {
  functype_t *func = wh_world_alloc(reading->world, sizeof *func);
  wherry_type_t *params = NULL;
  uint8_t form, zero;
  if (!func) return wh_error_oom();
  func->is_async = is_async;
  TRY(read_fields(reading, scope, WHERRY_TYPE_RECORD, true, &params));
  if (!wh_type_lay_out(params)) return INVALID("parameters are too large or nested too deeply");
  func->params = params;
  TRY(read_byte(reading, &form));
  if (form == 1) {
    TRY(read_byte(reading, &zero));
    if (zero) return MALFORMED("malformed result list");
  } else if (form == 0) {
    TRY(read_valtype(reading, scope, &func->result));
  } else {
    return MALFORMED("malformed result list");
  }
  *out = func;
  return NULL;
}

static wherry_error_t *read_scope(reading_t *reading, scope_t *scope);

/* deftype. */
static wherry_error_t *read_type(reading_t *reading, scope_t *scope) {
  item_t item;
  uint8_t code;
  TRY(read_byte(reading, &code));
  switch (code) {
  case 0x40:
  case 0x43:
    item.kind = ITEM_FUNC_TYPE;
    TRY(read_functype(reading, scope, code == 0x43, &item.of.func));
    break;
  case 0x41:
  case 0x42:
    item.kind = code == 0x41 ? ITEM_COMPONENT_TYPE : ITEM_INSTANCE_TYPE;
    TRY(scope_make(reading, scope, code == 0x41, &item.of.scope));
    TRY(read_scope(reading, item.of.scope));
    break;
  case 0x3F: return INVALID("a resource type is defined where only types are described");
  default:
    item.kind = ITEM_VALUE_TYPE;
    TRY(read_defvaltype(reading, scope, code, &item.of.type));
    if (!item.of.type) return MALFORMED("malformed type");
  }
  return add_type(reading, scope, item);
}

/* ---- declarations ---- */

static wherry_error_t *read_alias(reading_t *reading, scope_t *scope) {
  uint8_t sort, target;
  uint32_t index, count;
  const uint8_t *name;
  uint64_t place;
  TRY(read_byte(reading, &sort));
  if (sort == 0) return INVALID("an alias of a core definition describes no WIT type");
  TRY(read_byte(reading, &target));
  TRY(read_u32(reading, &index));
  if (target == 0) {
    TRY(read_text(reading, &name, &count));
    if (index >= scope->instances.count) return INVALID("an instance index is out of bounds");
    const scope_t *instance = scope->instances.items[index];
    if (!wh_map_get(&instance->export_places, (const char *)name, count, &place))
      return INVALID("an alias names an export that is not there");
    const export_t *found = &instance->exports.items[place];
    if (found->sort != sort) return INVALID("an alias names an export of another sort");
    if (sort == SORT_TYPE) return add_type(reading, scope, found->item);
    if (sort != SORT_INSTANCE) return INVALID("an alias is neither of a type nor of an instance");
    return wh_vec_push(reading->alloc, &scope->instances, found->item.of.scope) ? NULL
                                                                                : wh_error_oom();
  }
  if (target != 2) return MALFORMED("malformed alias");
  uint32_t outer = index;
  TRY(read_u32(reading, &index));
  if (sort != SORT_TYPE) return INVALID("an outer alias is not of a type");
  const scope_t *from = scope;
  while (outer-- && from) from = from->outer;
  if (!from || index >= from->types.count) return INVALID("an outer alias is out of bounds");
  return add_type(reading, scope, from->types.items[index]);
}

/* externtype, of an import or export that is called name. */
static wherry_error_t *read_extern_type(reading_t *reading, scope_t *scope, const char *name,
                                        uint8_t *sort, item_t *item) {
  uint32_t index;
  uint8_t bound;
  TRY(read_byte(reading, sort));
  switch (*sort) {
  case SORT_FUNC:
    TRY(read_u32(reading, &index));
    return type_at(reading, scope, index, ITEM_FUNC_TYPE, item);
  case SORT_TYPE:
    TRY(read_byte(reading, &bound));
    if (bound > 1) return MALFORMED("malformed type bound");
    if (bound == 1) {
      item->kind = ITEM_RESOURCE;
      item->of.resource = wh_world_alloc(reading->world, sizeof *item->of.resource);
      if (!item->of.resource) return wh_error_oom();
      item->of.resource->name = name;
    } else {
      TRY(read_u32(reading, &index));
      if (index >= scope->types.count) return INVALID("a type index is out of bounds");
      *item = scope->types.items[index];
      /* The first name that a record and its like is exported under is the one its author gave. */
      if (item->kind == ITEM_VALUE_TYPE && wh_kinds[item->of.type->kind].is & wh_named &&
          !item->of.type->name)
        item->of.type->name = name;
    }
    return add_type(reading, scope, *item);
  case SORT_COMPONENT:
    TRY(read_u32(reading, &index));
    return type_at(reading, scope, index, ITEM_COMPONENT_TYPE, item);
  case SORT_INSTANCE:
    TRY(read_u32(reading, &index));
    TRY(type_at(reading, scope, index, ITEM_INSTANCE_TYPE, item));
    return wh_vec_push(reading->alloc, &scope->instances, item->of.scope) ? NULL : wh_error_oom();
  default: return INVALID("an import or export is of a sort that WIT cannot describe");
  }
}

static wherry_error_t *add_export(reading_t *reading, scope_t *scope, const export_t *export) {
  uint64_t place;
  size_t size = strlen(export->name);
  if (wh_map_get(&scope->export_places, export->name, size, &place))
    return INVALID("two exports have the same name");
  if (!wh_vec_push(reading->alloc, &scope->exports, *export) ||
      !wh_map_put(reading->alloc, &scope->export_places, export->name, size,
                  scope->exports.count - 1))
    return wh_error_oom();
  return NULL;
}

/* componenttype or instancetype, its first byte read. */
static wherry_error_t *read_scope(reading_t *reading, scope_t *scope) {
  uint32_t count;
  if (++reading->depth > WH_MAX_TYPE_DEPTH) return INVALID("types are nested too deeply");
  TRY(read_count(reading, &count));
  while (count--) {
    export_t entry = {0};
    uint8_t declaration;
    TRY(read_byte(reading, &declaration));
    switch (declaration) {
    case 0: return INVALID("a core type describes no WIT type");
    case 1: TRY(read_type(reading, scope)); break;
    case 2: TRY(read_alias(reading, scope)); break;
    case 3: /* an import is read as an export is, and not kept */
    case 4:
      if (declaration == 3 && !scope->is_component) return MALFORMED("malformed declaration");
      TRY(read_extern_name(reading, &entry.name));
      TRY(read_extern_type(reading, scope, entry.name, &entry.sort, &entry.item));
      if (declaration == 4) TRY(add_export(reading, scope, &entry));
      break;
    default: return MALFORMED("malformed declaration");
    }
  }
  reading->depth--;
  return NULL;
}

/* ---- the component around them ---- */

static wherry_error_t *read_custom(reading_t *reading) {
  static const char encoding_name[] = "wit-component-encoding";
  const uint8_t *name;
  uint32_t size;
  uint8_t version, encoding;
  TRY(read_text(reading, &name, &size));
  if (size == sizeof encoding_name - 1 && !memcmp(name, encoding_name, size)) {
    TRY(read_byte(reading, &version));
    TRY(read_byte(reading, &encoding));
    if (version != 4) return INVALID("wit-component-encoding is not of version 4");
    if (encoding > WH_STRING_LATIN1_UTF16) return INVALID("an unknown string encoding");
    reading->encoding_seen = true;
    reading->string_encoding = encoding;
  }
  reading->in.next = reading->in.end;
  return NULL;
}

/* export of a component, not of a component type. */
static wherry_error_t *read_definition_export(reading_t *reading, scope_t *scope) {
  export_t entry = {0};
  uint8_t has_type, sort;
  uint32_t index;
  item_t given;
  TRY(read_extern_name(reading, &entry.name));
  TRY(read_byte(reading, &entry.sort));
  if (entry.sort != SORT_TYPE) return INVALID("the component exports more than a type");
  TRY(read_u32(reading, &index));
  TRY(type_at(reading, scope, index, ITEM_COMPONENT_TYPE, &entry.item));
  TRY(read_byte(reading, &has_type));
  if (has_type > 1) return MALFORMED("malformed export");
  if (has_type) TRY(read_extern_type(reading, scope, entry.name, &sort, &given));
  TRY(add_type(reading, scope, entry.item));
  return add_export(reading, scope, &entry);
}

/* The sections of the component, up to the end of the input. */
static wherry_error_t *read_component(reading_t *reading, scope_t *scope) {
  static const uint8_t preamble[8] = {0, 'a', 's', 'm', 0x0D, 0, 1, 0};
  const uint8_t *bytes;
  uint8_t id;
  uint32_t size, count;
  if (!wh_read_bytes(&reading->in, sizeof preamble, &bytes)) return malformed(reading, 0);
  if (memcmp(bytes, preamble, sizeof preamble))
    return MALFORMED("it does not begin as a component does");
  while (reading->in.next < reading->in.end) {
    TRY(read_byte(reading, &id));
    TRY(read_u32(reading, &size));
    wh_reader_t whole = reading->in;
    if (!wh_read_bytes(&whole, size, &bytes)) return malformed(reading, 0);
    reading->in.end = whole.next;
    switch (id) {
    case 0: TRY(read_custom(reading)); break;
    case 7:
    case 11:
      TRY(read_count(reading, &count));
      while (count--)
        TRY(id == 7 ? read_type(reading, scope) : read_definition_export(reading, scope));
      break;
    default:
      return id > 12 ? MALFORMED("malformed section id")
                     : INVALID("the component holds more than types");
    }
    if (reading->in.next != reading->in.end) return MALFORMED("section size mismatch");
    reading->in.end = whole.end;
  }
  return NULL;
}

/* ---- from scopes to the world ---- */

/* "iface#func" or "func": the legacy names that wit-bindgen's guests export. */
static wherry_error_t *core_name(wherry_world_t *world, wherry_witfunc_t *func) {
  static const char post[] = "cabi_post_";
  size_t name_size = strlen(func->name);
  size_t interface_size = func->interface ? strlen(func->interface) + 1 : 0;
  char *text = wh_world_alloc(world, sizeof post + interface_size + name_size);
  if (!text) return wh_error_oom();
  func->post_name = text;
  memcpy(text, post, sizeof post - 1);
  text += sizeof post - 1;
  func->core_name = text;
  if (interface_size) {
    memcpy(text, func->interface, interface_size - 1);
    text[interface_size - 1] = '#';
  }
  memcpy(text + interface_size, func->name, name_size + 1);
  return NULL;
}

static wherry_error_t *add_function(reading_t *reading, const char *interface,
                                    const export_t *export) {
  wherry_world_t *world = reading->world;
  wherry_witfunc_t *func = wh_world_alloc(world, sizeof *func);
  if (!func) return wh_error_oom();
  func->name = export->name;
  func->interface = interface;
  func->params = export->item.of.func->params;
  func->result = export->item.of.func->result;
  func->is_async = export->item.of.func->is_async;
  func->string_encoding = reading->string_encoding;
  TRY(core_name(world, func));
  return wh_vec_push(world->alloc, &world->exports, func) ? NULL : wh_error_oom();
}

static wherry_error_t *add_world(reading_t *reading, const scope_t *component) {
  wherry_world_t *world = reading->world;
  if (component->exports.count != 1) return INVALID("it does not export exactly one type");
  const scope_t *wrapper = component->exports.items[0].item.of.scope;
  if (wrapper->exports.count != 1 || wrapper->exports.items[0].sort != SORT_COMPONENT)
    return INVALID("its type does not export exactly one world");
  if (!reading->encoding_seen) return INVALID("there is no wit-component-encoding section");
  const scope_t *exports = wrapper->exports.items[0].item.of.scope;
  /* Tools write worlds of imports alone beside the true one: its name is not theirs. */
  if (!world->name || (!world->exports.count && exports->exports.count))
    world->name = wrapper->exports.items[0].name;
  for (size_t i = 0; i < exports->exports.count; i++) {
    const export_t *export = &exports->exports.items[i];
    if (export->sort == SORT_FUNC) TRY(add_function(reading, NULL, export));
    if (export->sort != SORT_INSTANCE) continue;
    const scope_t *interface = export->item.of.scope;
    for (size_t k = 0; k < interface->exports.count; k++)
      if (interface->exports.items[k].sort == SORT_FUNC)
        TRY(add_function(reading, export->name, &interface->exports.items[k]));
  }
  return NULL;
}

static wherry_error_t *read_section(wherry_world_t *world, const wh_custom_t *section) {
  reading_t reading = {.alloc = world->alloc, .world = world};
  reading.in.start = reading.in.next = section->bytes.data;
  reading.in.end = section->bytes.data + section->bytes.size;
  reading.in.base = section->offset;
  scope_t *component = NULL;
  wherry_error_t *error = scope_make(&reading, NULL, true, &component);
  if (!error) error = read_component(&reading, component);
  if (!error) error = add_world(&reading, component);
  scopes_free(&reading);
  return error;
}

int64_t wh_world_find(const wherry_world_t *world, const char *name, size_t size) {
  uint64_t place;
  return wh_map_get(&world->names, name, size, &place) ? (int64_t)place : WH_NOT_FOUND;
}

static wherry_error_t *put_name(wherry_world_t *world, const char *name, int64_t place) {
  return wh_map_put(world->alloc, &world->names, name, strlen(name), (uint64_t)place)
             ? NULL
             : wh_error_oom();
}

/* Two sections may say the same function (a world included in another): the first one counts. */
static wherry_error_t *name_functions(wherry_world_t *world) {
  size_t kept = 0;
  for (size_t i = 0; i < world->exports.count; i++) {
    wherry_witfunc_t *func = world->exports.items[i];
    if (wh_world_find(world, func->core_name, strlen(func->core_name)) >= 0) continue;
    func->index = (uint32_t)kept;
    world->exports.items[kept++] = func;
    TRY(put_name(world, func->core_name, func->index));
  }
  world->exports.count = kept;
  /* A bare name means the world's own function before an interface's. */
  for (size_t i = 0; i < kept; i++) {
    const wherry_witfunc_t *func = world->exports.items[i];
    if (!func->interface) continue;
    int64_t other = wh_world_find(world, func->name, strlen(func->name));
    if (other == WH_AMBIGUOUS || (other >= 0 && !world->exports.items[other]->interface)) continue;
    TRY(put_name(world, func->name, other >= 0 ? WH_AMBIGUOUS : (int64_t)func->index));
  }
  return NULL;
}

wherry_error_t *wh_world_read(wh_alloc_t *alloc, const wh_model_t *model, wherry_world_t **out) {
  static const char prefix[] = "component-type";
  wherry_world_t *world = NULL;
  wherry_error_t *error = NULL;
  *out = NULL;
  for (size_t i = 0; i < model->customs.count && !error; i++) {
    const wh_custom_t *section = &model->customs.items[i];
    if (section->name.size < sizeof prefix - 1 ||
        memcmp(section->name.data, prefix, sizeof prefix - 1))
      continue;
    if (!world) error = wh_world_make(alloc, &world);
    if (!error) error = read_section(world, section);
  }
  if (!error && world) error = name_functions(world);
  if (error) {
    wh_world_free(world);
    return error;
  }
  *out = world;
  return NULL;
}
