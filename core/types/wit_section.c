/* Reads `component-type…` sections into the model: each is a component binary (Binary.md of the
   component model) whose one export is a component type that exports one component type, the world:

     (component (type (component (type (component …the world…))
                                 (export "ns:pkg/world" (component (type 0)))))
                (export "world" (type 0))
                (custom "wit-component-encoding" 4, string encoding))

   Only types occur in it, so the scopes below need an index space for types and one for instances;
   core types, values and definitions are refused. A type is read to a node first: what it is called
   and whose it is shows only when it, or the instance type that it is in, is imported or exported. */
#include "types/wit.h"

#define TRY(call)                        \
  do {                                   \
    wherry_error_t *try_error_ = (call); \
    if (try_error_) return try_error_;   \
  } while (0)

typedef struct scope scope_t;
typedef struct node node_t;

typedef struct part {
  const char *name;
  node_t *type; /* NULL: a case without payload, a label */
} part_t;

enum { NODE_NAMED = WH_WIT_KINDS, NODE_MODEL }; /* kinds beside those of the model */
struct node {
  unsigned kind;
  uint32_t length, count;
  uint16_t depth;
  bool is_resource;
  const part_t *parts; /* record and its like, tuple */
  node_t *first, *second;
  const char *name; /* NODE_NAMED: what first is exported as; a resource */
  scope_t *scope;   /* that it was read in */
  uint32_t stamp;   /* of the scope, when model was made */
  const wh_wit_type_t *model;
};

typedef struct functype {
  const part_t *params;
  uint32_t count;
  node_t *result;
  bool is_async;
} functype_t;

typedef enum item_kind { ITEM_TYPE, ITEM_FUNC, ITEM_INSTANCE, ITEM_COMPONENT } item_kind_t;

/* What a type index means. */
typedef struct item {
  item_kind_t kind;
  union {
    node_t *type;
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

/* The name of an import or export with its attributes; each NULL: not there. */
typedef struct extern_name {
  const char *name, *implements, *version_suffix, *external_id;
} extern_name_t;

typedef struct extern_item {
  extern_name_t name;
  uint8_t sort;
  item_t item; /* the type of what is exported; SORT_TYPE: the type itself, named */
} extern_item_t;

/* A component type, an instance type, or the component around them. */
struct scope {
  scope_t *outer, *next;
  bool is_component;
  uint32_t stamp; /* changes each time the scope's types are converted */
  WH_VEC(item_t) types;
  WH_VEC(wh_wit_interface_t *) instances;
  WH_VEC(extern_item_t) exports; /* of an instance type */
  wh_map_t imported, exported;   /* names */
  wh_wit_world_t *world;         /* of a component type: named by the one around it */
};

typedef struct reading {
  wh_alloc_t *alloc;
  wh_wit_t *wit;
  wh_arena_t arena;
  wh_reader_t in;
  scope_t *scopes; /* all of them */
  unsigned depth;
  uint32_t stamps;
  bool encoding_seen;
  uint8_t string_encoding;
  size_t world_count;    /* that were exported */
  wh_wit_world_t *world; /* the last one */
} reading_t;

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

static void *make(reading_t *reading, size_t size) { return wh_arena_alloc(&reading->arena, size); }

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
  *out = wh_wit_text(reading->wit, (const char *)text, size);
  return *out ? NULL : wh_error_oom();
}

static wherry_error_t *read_label(reading_t *reading, const char **out) {
  const uint8_t *text;
  uint32_t size;
  TRY(read_text(reading, &text, &size));
  if (wh_wit_label_problem((const char *)text, size))
    return INVALID("a label is not in kebab case");
  return keep_text(reading, text, size, out);
}

/* nameattributes. The name's own grammar is checked where it is used. */
static wherry_error_t *read_extern_name(reading_t *reading, extern_name_t *out) {
  uint8_t form;
  const uint8_t *text;
  uint32_t size, count;
  *out = (extern_name_t) {0};
  TRY(read_byte(reading, &form));
  if (form > 2) return MALFORMED("malformed name of an import or export");
  TRY(read_text(reading, &text, &size));
  if (!size) return INVALID("a name of an import or export is empty");
  for (uint32_t i = 0; i < size; i++)
    if (text[i] <= ' ' || text[i] > '~')
      return INVALID("a name of an import or export holds a character that none may hold");
  TRY(keep_text(reading, text, size, &out->name));
  if (form < 2) return NULL;
  TRY(read_count(reading, &count));
  while (count--) {
    TRY(read_byte(reading, &form));
    if (form > 2) return MALFORMED("malformed attribute of a name");
    TRY(read_text(reading, &text, &size));
    const char **attribute = form == 0   ? &out->implements
                             : form == 1 ? &out->version_suffix
                                         : &out->external_id;
    if (*attribute) return INVALID("a name has an attribute twice");
    if (memchr(text, 0, size)) return INVALID("an attribute holds a zero");
    TRY(keep_text(reading, text, size, attribute));
  }
  return NULL;
}

/* ---- scopes ---- */

static wherry_error_t *scope_make(reading_t *reading, scope_t *outer, bool is_component,
                                  scope_t **out) {
  scope_t *scope = make(reading, sizeof *scope);
  if (!scope) return wh_error_oom();
  scope->outer = outer;
  scope->is_component = is_component;
  scope->stamp = ++reading->stamps;
  scope->next = reading->scopes;
  reading->scopes = scope;
  *out = scope;
  if (!is_component) return NULL;
  scope->world = wh_wit_alloc(reading->wit, sizeof *scope->world);
  return scope->world ? NULL : wh_error_oom();
}

static void reading_free(reading_t *reading) {
  for (scope_t *scope = reading->scopes; scope; scope = scope->next) {
    wh_vec_free(reading->alloc, &scope->types);
    wh_vec_free(reading->alloc, &scope->instances);
    wh_vec_free(reading->alloc, &scope->exports);
    wh_map_free(reading->alloc, &scope->imported);
    wh_map_free(reading->alloc, &scope->exported);
  }
  wh_arena_free(&reading->arena);
}

static wherry_error_t *add_item(reading_t *reading, scope_t *scope, item_t item) {
  return wh_vec_push(reading->alloc, &scope->types, item) ? NULL : wh_error_oom();
}

static wherry_error_t *add_type(reading_t *reading, scope_t *scope, node_t *node) {
  return add_item(reading, scope, (item_t) {.kind = ITEM_TYPE, .of.type = node});
}

static wherry_error_t *item_at(reading_t *reading, scope_t *scope, uint32_t index, item_kind_t kind,
                               item_t *out) {
  if (index >= scope->types.count) return INVALID("a type index is out of bounds");
  *out = scope->types.items[index];
  if (out->kind != kind) return INVALID("a type index means another kind of type");
  return NULL;
}

/* ---- types as nodes ---- */

static wherry_error_t *node_make(reading_t *reading, scope_t *scope, unsigned kind, node_t **out) {
  node_t *node = make(reading, sizeof *node);
  if (!node) return wh_error_oom();
  node->kind = kind;
  node->scope = scope;
  *out = node;
  return NULL;
}

static void look_inside(node_t *node, const node_t *part) {
  if (part && part->depth >= node->depth && node->depth < UINT16_MAX)
    node->depth = (uint16_t)(part->depth + 1);
}

static bool plain_kind(uint8_t code, unsigned *out) {
  static const uint8_t kinds[] = {WH_WIT_STRING, WH_WIT_CHAR, WH_WIT_F64, WH_WIT_F32, WH_WIT_U64,
                                  WH_WIT_S64,    WH_WIT_U32,  WH_WIT_S32, WH_WIT_U16, WH_WIT_S16,
                                  WH_WIT_U8,     WH_WIT_S8,   WH_WIT_BOOL};
  if (code == 0x64) return *out = WH_WIT_ERROR_CONTEXT, true;
  if (code < 0x73 || code > 0x7F) return false;
  *out = kinds[code - 0x73];
  return true;
}

static wherry_error_t *read_valtype(reading_t *reading, scope_t *scope, node_t **out) {
  int64_t code;
  unsigned kind;
  item_t item = {0};
  if (!wh_read_s33(&reading->in, &code)) return malformed(reading, 33);
  if (code >= 0) {
    TRY(item_at(reading, scope, (uint32_t)code, ITEM_TYPE, &item));
    if (item.of.type->is_resource) return INVALID("a type index means another kind of type");
    *out = item.of.type;
    return NULL;
  }
  if (code < -64 || !plain_kind((uint8_t)(code & 0x7F), &kind))
    return MALFORMED("malformed value type");
  return node_make(reading, scope, kind, out);
}

static wherry_error_t *read_optional(reading_t *reading, scope_t *scope, node_t **out) {
  uint8_t present;
  *out = NULL;
  TRY(read_byte(reading, &present));
  if (present > 1) return MALFORMED("malformed optional type");
  return present ? read_valtype(reading, scope, out) : NULL;
}

/* Labels must differ, and not by capitals alone. */
static wherry_error_t *check_labels(reading_t *reading, const part_t *parts, uint32_t count) {
  wh_map_t seen = {0};
  wherry_error_t *error = NULL;
  for (uint32_t i = 0; i < count && !error; i++) {
    uint64_t place;
    size_t size = strlen(parts[i].name);
    char *folded = wh_arena_text(&reading->arena, parts[i].name, size);
    for (size_t k = 0; folded && k < size; k++)
      if (folded[k] >= 'A' && folded[k] <= 'Z') folded[k] = (char)(folded[k] + 32);
    if (folded && wh_map_get(&seen, folded, size, &place))
      error = INVALID("a label is used twice");
    else if (!folded || !wh_map_put(reading->alloc, &seen, folded, size, i))
      error = wh_error_oom();
  }
  wh_map_free(reading->alloc, &seen);
  return error;
}

/* Of record, variant, flags, enum, tuple, and the parameters of a function. */
static wherry_error_t *read_parts(reading_t *reading, scope_t *scope, wh_wit_kind_t kind,
                                  bool may_be_empty, const part_t **out, uint32_t *count) {
  TRY(read_count(reading, count));
  if (!*count && !may_be_empty) return INVALID("a type has no parts");
  part_t *parts = make(reading, *count * sizeof *parts); /* 16 bytes times 2^32 fits */
  if (!parts) return wh_error_oom();
  for (uint32_t i = 0; i < *count; i++) {
    if (kind != WH_WIT_TUPLE) TRY(read_label(reading, &parts[i].name));
    if (kind == WH_WIT_RECORD || kind == WH_WIT_TUPLE)
      TRY(read_valtype(reading, scope, &parts[i].type));
    if (kind == WH_WIT_VARIANT) {
      uint8_t zero;
      TRY(read_optional(reading, scope, &parts[i].type));
      TRY(read_byte(reading, &zero));
      if (zero) return MALFORMED("malformed case");
    }
  }
  *out = parts;
  return kind == WH_WIT_TUPLE ? NULL : check_labels(reading, parts, *count);
}

static wherry_error_t *read_handle(reading_t *reading, scope_t *scope, node_t *node) {
  uint32_t index;
  item_t item = {0};
  TRY(read_u32(reading, &index));
  TRY(item_at(reading, scope, index, ITEM_TYPE, &item));
  if (!item.of.type->is_resource) return INVALID("a type index means another kind of type");
  node->first = item.of.type;
  return NULL;
}

/* defvaltype, its first byte read. *out: NULL if it is none. */
static wherry_error_t *read_defvaltype(reading_t *reading, scope_t *scope, uint8_t code,
                                       node_t **out) {
  static const uint8_t kinds[] = {[0x72 - 0x63] = WH_WIT_RECORD,     [0x71 - 0x63] = WH_WIT_VARIANT,
                                  [0x70 - 0x63] = WH_WIT_LIST_OF,    [0x6F - 0x63] = WH_WIT_TUPLE,
                                  [0x6E - 0x63] = WH_WIT_FLAGS,      [0x6D - 0x63] = WH_WIT_ENUM,
                                  [0x6B - 0x63] = WH_WIT_OPTION,     [0x6A - 0x63] = WH_WIT_RESULT,
                                  [0x69 - 0x63] = WH_WIT_OWN,        [0x68 - 0x63] = WH_WIT_BORROW,
                                  [0x67 - 0x63] = WH_WIT_FIXED_LIST, [0x66 - 0x63] = WH_WIT_STREAM,
                                  [0x65 - 0x63] = WH_WIT_FUTURE,     [0x63 - 0x63] = WH_WIT_MAP};
  unsigned plain;
  node_t *node = NULL;
  *out = NULL;
  if (plain_kind(code, &plain)) return node_make(reading, scope, plain, out);
  if (code < 0x63 || code > 0x72 || !kinds[code - 0x63]) return NULL;
  TRY(node_make(reading, scope, kinds[code - 0x63], &node));
  switch (node->kind) {
  case WH_WIT_RECORD:
  case WH_WIT_VARIANT:
  case WH_WIT_FLAGS:
  case WH_WIT_ENUM:
  case WH_WIT_TUPLE:
    TRY(read_parts(reading, scope, node->kind, false, &node->parts, &node->count));
    for (uint32_t i = 0; i < node->count; i++) look_inside(node, node->parts[i].type);
    break;
  case WH_WIT_OWN:
  case WH_WIT_BORROW: TRY(read_handle(reading, scope, node)); break;
  case WH_WIT_RESULT:
    TRY(read_optional(reading, scope, &node->first));
    TRY(read_optional(reading, scope, &node->second));
    break;
  case WH_WIT_STREAM:
  case WH_WIT_FUTURE: TRY(read_optional(reading, scope, &node->first)); break;
  default:
    TRY(read_valtype(reading, scope, &node->first));
    if (node->kind == WH_WIT_MAP) TRY(read_valtype(reading, scope, &node->second));
    if (node->kind == WH_WIT_FIXED_LIST) TRY(read_u32(reading, &node->length));
  }
  if (node->kind == WH_WIT_FIXED_LIST && !node->length)
    return INVALID("a list of fixed length has no items");
  if (node->kind == WH_WIT_FLAGS && node->count > 32)
    return INVALID("flags have more than 32 labels");
  if (node->kind != WH_WIT_OWN && node->kind != WH_WIT_BORROW) look_inside(node, node->first);
  look_inside(node, node->second);
  if (node->depth > WH_MAX_TYPE_DEPTH) return INVALID("a type is nested too deeply");
  *out = node;
  return NULL;
}

/* functype, its first byte read. */
static wherry_error_t *read_functype(reading_t *reading, scope_t *scope, bool is_async,
                                     functype_t **out) {
  functype_t *func = make(reading, sizeof *func);
  uint8_t form, zero;
  if (!func) return wh_error_oom();
  func->is_async = is_async;
  TRY(read_parts(reading, scope, WH_WIT_RECORD, true, &func->params, &func->count));
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
  item_t item = {0};
  uint8_t code;
  TRY(read_byte(reading, &code));
  switch (code) {
  case 0x40:
  case 0x43:
    item.kind = ITEM_FUNC;
    TRY(read_functype(reading, scope, code == 0x43, &item.of.func));
    break;
  case 0x41:
  case 0x42:
    item.kind = code == 0x41 ? ITEM_COMPONENT : ITEM_INSTANCE;
    TRY(scope_make(reading, scope, code == 0x41, &item.of.scope));
    TRY(read_scope(reading, item.of.scope));
    break;
  case 0x3F: return INVALID("a resource type is defined where only types are described");
  default:
    item.kind = ITEM_TYPE;
    TRY(read_defvaltype(reading, scope, code, &item.of.type));
    if (!item.of.type) return MALFORMED("malformed type");
  }
  return add_item(reading, scope, item);
}

/* ---- nodes to the model ---- */

static wherry_error_t *count_items(reading_t *reading, size_t count) {
  if ((reading->wit->item_count += count) <= WH_WIT_MAX_ITEMS) return NULL;
  return wh_error_limit(reading->alloc, "WIT items",
                        "component-type section: it stands for more than %d items",
                        WH_WIT_MAX_ITEMS);
}

static wherry_error_t *convert(reading_t *reading, node_t *node, const wh_wit_type_t **out);

static wherry_error_t *convert_parts(reading_t *reading, const part_t *parts, uint32_t count,
                                     wh_wit_field_t **out) {
  TRY(count_items(reading, count));
  wh_wit_field_t *fields = wh_wit_alloc(reading->wit, count * sizeof *fields);
  if (!fields) return wh_error_oom();
  for (uint32_t i = 0; i < count; i++) {
    fields[i].name = parts[i].name;
    if (parts[i].type) TRY(convert(reading, parts[i].type, &fields[i].type));
  }
  *out = fields;
  return NULL;
}

static wherry_error_t *convert_tuple(reading_t *reading, const node_t *node,
                                     const wh_wit_type_t **out) {
  const wh_wit_type_t **parts = wh_alloc_array(reading->alloc, node->count, sizeof *parts);
  wherry_error_t *error = parts ? NULL : wh_error_oom();
  for (uint32_t i = 0; i < node->count && !error; i++)
    error = convert(reading, node->parts[i].type, &parts[i]);
  if (!error) {
    *out = wh_wit_make_tuple(reading->wit, parts, node->count);
    if (!*out) error = wh_error_oom();
  }
  wh_free(reading->alloc, parts, node->count * sizeof *parts);
  return error;
}

static bool is_converted(const node_t *node) {
  return node->model && (node->kind == NODE_MODEL || node->stamp == node->scope->stamp);
}

static void converted(node_t *node, const wh_wit_type_t *model) {
  node->model = model;
  node->stamp = node->scope->stamp;
}

static wherry_error_t *convert(reading_t *reading, node_t *node, const wh_wit_type_t **out) {
  wh_wit_t *wit = reading->wit;
  const wh_wit_type_t *first = NULL, *second = NULL;
  wh_wit_field_t *fields;
  if (is_converted(node)) {
    *out = node->model;
    return NULL;
  }
  if (node->kind <= WH_WIT_ERROR_CONTEXT) {
    *out = wh_wit_plain(wit, node->kind);
  } else if (node->kind == WH_WIT_TUPLE) {
    TRY(count_items(reading, node->count));
    TRY(convert_tuple(reading, node, out));
  } else if (node->kind <= WH_WIT_BORROW) {
    if (node->first) TRY(convert(reading, node->first, &first));
    if (node->second) TRY(convert(reading, node->second, &second));
    *out = wh_wit_make(wit, node->kind, first, second, node->length);
  } else if (node->kind < WH_WIT_RESOURCE) { /* a record and its like that nobody gave a name */
    TRY(convert_parts(reading, node->parts, node->count, &fields));
    *out = wh_wit_define(wit, node->kind, NULL, NULL, NULL, NULL, fields, node->count);
  } else {
    return INVALID("a type is used outside of the instance that has it");
  }
  if (!*out) return wh_error_oom();
  converted(node, *out);
  return NULL;
}

static bool same_fields(const wh_wit_field_t *a, const wh_wit_field_t *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (a[i].type != b[i].type || strcmp(a[i].name, b[i].name) != 0) return false;
  return true;
}

static bool same_type(const wh_wit_type_t *type, wh_wit_kind_t kind, const wh_wit_type_t *first,
                      const wh_wit_field_t *fields, uint32_t count) {
  if (type->kind != kind || type->field_count != count) return false;
  if (kind == WH_WIT_ALIAS && type->first != first) return false;
  return same_fields(type->fields, fields, count);
}

WH_COLD static wherry_error_t *differs(reading_t *reading, const char *name) {
  return wh_error_at(reading->alloc, WHERRY_ERROR_INVALID, wh_reader_offset(&reading->in),
                     "component-type section: '%s' is there twice, and not the same", name);
}

/* A type under a name, of an interface or of a world. What an interface has already must be the same:
   each section describes the part that it needs. The first name that a record and its like gets is
   the one its author gave; all others are aliases. */
static wherry_error_t *convert_named(reading_t *reading, node_t *node,
                                     wh_wit_interface_t *interface, wh_wit_world_t *world,
                                     wh_wit_type_t **out) {
  wh_wit_t *wit = reading->wit;
  node_t *target = node->first;
  wh_wit_kind_t kind = WH_WIT_ALIAS;
  const wh_wit_type_t *first = NULL;
  wh_wit_field_t *fields = NULL;
  uint32_t count = 0;
  TRY(count_items(reading, 1));
  if (node->kind == WH_WIT_RESOURCE) {
    kind = WH_WIT_RESOURCE;
  } else if (target->kind >= WH_WIT_RECORD && target->kind <= WH_WIT_FLAGS &&
             !is_converted(target)) {
    kind = target->kind;
    count = target->count;
    TRY(convert_parts(reading, target->parts, count, &fields));
  } else {
    TRY(convert(reading, target, &first));
    /* What a world has by `use` an interface in it has from where the world has it. */
    while (interface && first->world && first->kind == WH_WIT_ALIAS) first = first->first;
  }
  wh_wit_type_t *type =
      interface ? wh_wit_find_type(interface, node->name, strlen(node->name)) : NULL;
  if (type) {
    if (!same_type(type, kind, first, fields, count)) return differs(reading, node->name);
  } else {
    type = wh_wit_define(wit, kind, node->name, interface, world, first, fields, count);
    if (!type || (interface && !wh_wit_add_type(wit, interface, type))) return wh_error_oom();
    if (interface && first && first->interface && first->interface != interface &&
        !wh_wit_add_use(wit, interface, first->interface))
      return wh_error_oom();
  }
  if (kind != WH_WIT_ALIAS && target) converted(target, type);
  converted(node, type);
  *out = type;
  return NULL;
}

/* The resource that the name of a constructor, method or static begins with: of an interface, or of a
   world in a scope. */
static wh_wit_type_t *resource_of(const wh_wit_interface_t *interface, const scope_t *scope,
                                  const char *name, size_t size) {
  wh_wit_type_t *type = NULL;
  uint64_t value;
  if (interface)
    type = wh_wit_find_type(interface, name, size);
  else if (wh_map_get(&scope->exported, name, size, &value) ||
           wh_map_get(&scope->imported, name, size, &value))
    type = (wh_wit_type_t *)(uintptr_t)value;
  return type && type->kind == WH_WIT_RESOURCE ? type : NULL;
}

static wherry_error_t *convert_func(reading_t *reading, const extern_name_t *name,
                                    const functype_t *from, wh_wit_interface_t *interface,
                                    const scope_t *scope, wh_wit_func_t **out) {
  wh_wit_plain_name_t plain;
  wh_wit_type_t *resource = NULL;
  wh_wit_field_t *params;
  const wh_wit_type_t *result = NULL;
  TRY(count_items(reading, 1));
  if (!wh_wit_plain_split(name->name, &plain)) return INVALID("a label is not in kebab case");
  if (plain.resource_size &&
      !(resource = resource_of(interface, scope, plain.resource, plain.resource_size)))
    return INVALID("a function is of a resource that is not there");
  TRY(convert_parts(reading, from->params, from->count, &params));
  if (from->result) TRY(convert(reading, from->result, &result));
  if (plain.kind == WH_WIT_METHOD && !from->count) return INVALID("a method has no parameter self");
  wh_wit_func_t *func =
      interface ? wh_wit_find_func(interface, name->name, strlen(name->name)) : NULL;
  if (func) {
    if (func->param_count != from->count || func->result != result ||
        func->is_async != from->is_async || !same_fields(func->params, params, from->count))
      return differs(reading, name->name);
    *out = func;
    return NULL;
  }
  func = wh_wit_func(reading->wit, plain.kind, plain.label, resource, params, from->count, result);
  if (!func) return wh_error_oom();
  func->is_async = from->is_async;
  func->notes.external_id = name->external_id;
  *out = func;
  return (interface || resource) && !wh_wit_add_func(reading->wit, interface, func) ? wh_error_oom()
                                                                                    : NULL;
}

/* What an instance type exports goes to an interface. */
static wherry_error_t *convert_instance(reading_t *reading, scope_t *scope,
                                        wh_wit_interface_t *interface) {
  scope->stamp = ++reading->stamps;
  for (size_t i = 0; i < scope->exports.count; i++) {
    const extern_item_t *entry = &scope->exports.items[i];
    wh_wit_type_t *type;
    wh_wit_func_t *func;
    if (entry->sort == SORT_TYPE) {
      TRY(convert_named(reading, entry->item.of.type, interface, NULL, &type));
      if (entry->name.external_id) type->notes.external_id = entry->name.external_id;
    } else {
      TRY(convert_func(reading, &entry->name, entry->item.of.func, interface, NULL, &func));
    }
  }
  return NULL;
}

/* ---- names of interfaces and worlds ---- */

/* "ns:pkg/name@1.2.3", into its package and name. */
static wherry_error_t *split_id(reading_t *reading, const char *id, const char *suffix,
                                wh_wit_package_t **package, const char **name) {
  wh_wit_id_t parts;
  wh_wit_t *wit = reading->wit;
  if (!wh_wit_id_split(id, strlen(id), &parts)) return INVALID("a name is not ns:package/name");
  const char *name_space = wh_wit_text(wit, parts.name_space, parts.name_space_size);
  const char *package_name = wh_wit_text(wit, parts.package, parts.package_size);
  const char *version = NULL;
  *name = wh_wit_text(wit, parts.name, parts.name_size);
  if (parts.version)
    version =
        wh_wit_printf(wit, "%.*s%s", (int)parts.version_size, parts.version, suffix ? suffix : "");
  if (!name_space || !package_name || !*name || (parts.version && !version)) return wh_error_oom();
  for (const char *at = name_space; *at; at += (at[strcspn(at, ":")] == ':') + strcspn(at, ":"))
    if (wh_wit_words_problem(at, strcspn(at, ":")))
      return INVALID("a namespace is not in kebab case");
  for (const char *at = package_name; *at; at += (at[strcspn(at, "/")] == '/') + strcspn(at, "/"))
    if (wh_wit_words_problem(at, strcspn(at, "/")))
      return INVALID("a package is not in kebab case");
  if (wh_wit_label_problem(*name, parts.name_size)) return INVALID("a label is not in kebab case");
  if (version &&
      strspn(version, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-") !=
          strlen(version))
    return INVALID("a version holds a character that none may hold");
  *package = wh_wit_package(wit, name_space, package_name, version);
  return *package ? NULL : wh_error_oom();
}

static wherry_error_t *interface_named(reading_t *reading, const char *id, const char *suffix,
                                       wh_wit_interface_t **out) {
  wh_wit_package_t *package;
  const char *name;
  TRY(split_id(reading, id, suffix, &package, &name));
  const char *whole = suffix ? wh_wit_printf(reading->wit, "%s%s", id, suffix) : id;
  if (!whole) return wh_error_oom();
  *out = wh_wit_find_interface(reading->wit, whole, strlen(whole));
  if (!*out) *out = wh_wit_interface(reading->wit, package, name);
  return *out ? NULL : wh_error_oom();
}

/* ---- imports and exports of worlds ---- */

static wherry_error_t *add_to_world(reading_t *reading, scope_t *scope, const wh_wit_item_t *item,
                                    bool is_export) {
  TRY(count_items(reading, 1));
  bool pushed = is_export ? wh_wit_push(reading->wit, &scope->world->exports, *item)
                          : wh_wit_push(reading->wit, &scope->world->imports, *item);
  return pushed ? NULL : wh_error_oom();
}

static wherry_error_t *world_instance(reading_t *reading, scope_t *scope,
                                      const extern_item_t *entry, bool is_export) {
  wh_wit_item_t item = {.kind = WH_WIT_ITEM_INTERFACE,
                        .notes.external_id = entry->name.external_id};
  const char *name = entry->name.name;
  if (strchr(name, ':')) {
    TRY(interface_named(reading, name, entry->name.version_suffix, &item.of.interface));
  } else {
    item.name = name;
    if (wh_wit_label_problem(name, strlen(name))) return INVALID("a label is not in kebab case");
    if (entry->name.implements)
      TRY(interface_named(reading, entry->name.implements, NULL, &item.of.interface));
    else if (!(item.of.interface = wh_wit_interface(reading->wit, NULL, NULL)))
      return wh_error_oom();
  }
  TRY(convert_instance(reading, entry->item.of.scope, item.of.interface));
  if (!wh_vec_push(reading->alloc, &scope->instances, item.of.interface)) return wh_error_oom();
  return add_to_world(reading, scope, &item, is_export);
}

/* Types that a world exports are among its imports here, where WIT has them. */
static wherry_error_t *world_type(reading_t *reading, scope_t *scope, const extern_item_t *entry,
                                  bool is_export) {
  wh_wit_item_t item = {.kind = WH_WIT_ITEM_TYPE, .name = entry->name.name};
  if (wh_wit_label_problem(item.name, strlen(item.name)))
    return INVALID("a label is not in kebab case");
  TRY(convert_named(reading, entry->item.of.type, NULL, scope->world, &item.of.type));
  item.of.type->notes.external_id = entry->name.external_id;
  uint64_t place;
  bool known = is_export && wh_map_get(&scope->imported, item.name, strlen(item.name), &place);
  if (!wh_map_put(reading->alloc, is_export ? &scope->exported : &scope->imported, item.name,
                  strlen(item.name), (uint64_t)(uintptr_t)item.of.type))
    return wh_error_oom();
  return known ? NULL : add_to_world(reading, scope, &item, false);
}

static wherry_error_t *world_func(reading_t *reading, scope_t *scope, const extern_item_t *entry,
                                  bool is_export) {
  wh_wit_item_t item = {.kind = WH_WIT_ITEM_FUNC, .name = entry->name.name};
  TRY(convert_func(reading, &entry->name, entry->item.of.func, NULL, scope, &item.of.func));
  return item.of.func->resource ? NULL : add_to_world(reading, scope, &item, is_export);
}

/* Of the same name as another section's: what is in both counts once. */
static wherry_error_t *merge_items(reading_t *reading, wh_wit_world_t *to,
                                   const wh_wit_world_t *from, bool is_export) {
  wh_map_t seen = {0};
  wherry_error_t *error = NULL;
  size_t old = is_export ? to->exports.count : to->imports.count;
  size_t more = is_export ? from->exports.count : from->imports.count;
  TRY(count_items(reading, old + more));
  for (size_t i = 0; i < old + more && !error; i++) {
    const wh_wit_item_t *item = i < old ? is_export ? &to->exports.items[i] : &to->imports.items[i]
                                : is_export ? &from->exports.items[i - old]
                                            : &from->imports.items[i - old];
    const char *key = item->name ? item->name : item->of.interface->id;
    uint64_t place;
    if (wh_map_get(&seen, key, strlen(key), &place)) continue;
    wh_wit_item_t copy = *item;
    if (!wh_map_put(reading->alloc, &seen, key, strlen(key), i) ||
        (i >= old && !(is_export ? wh_wit_push(reading->wit, &to->exports, copy)
                                 : wh_wit_push(reading->wit, &to->imports, copy))))
      error = wh_error_oom();
  }
  wh_map_free(reading->alloc, &seen);
  return error;
}

/* A component type is exported by the one around it: a world. */
static wherry_error_t *name_world(reading_t *reading, const extern_item_t *entry) {
  wh_wit_package_t *package;
  const char *name;
  wh_wit_world_t *world = entry->item.of.scope->world;
  TRY(split_id(reading, entry->name.name, entry->name.version_suffix, &package, &name));
  if (world->name) return INVALID("a world is exported twice");
  reading->world_count++;
  for (size_t i = 0; i < package->worlds.count; i++) {
    if (strcmp(package->worlds.items[i]->name, name) != 0) continue;
    TRY(merge_items(reading, package->worlds.items[i], world, false));
    return merge_items(reading, package->worlds.items[i], world, true);
  }
  reading->world = world;
  return wh_wit_name_world(reading->wit, world, package, name) ? NULL : wh_error_oom();
}

/* ---- declarations ---- */

static wherry_error_t *read_alias(reading_t *reading, scope_t *scope) {
  uint8_t sort, target;
  uint32_t index, count;
  const uint8_t *name;
  node_t *node = NULL;
  TRY(read_byte(reading, &sort));
  if (sort == 0) return INVALID("an alias of a core definition describes no WIT type");
  TRY(read_byte(reading, &target));
  TRY(read_u32(reading, &index));
  if (target == 0) {
    TRY(read_text(reading, &name, &count));
    if (index >= scope->instances.count) return INVALID("an instance index is out of bounds");
    if (sort != SORT_TYPE) return INVALID("an alias of an export is not of a type");
    const wh_wit_type_t *type =
        wh_wit_find_type(scope->instances.items[index], (const char *)name, count);
    if (!type) return INVALID("an alias names an export that is not there");
    TRY(node_make(reading, scope, NODE_MODEL, &node));
    node->model = type;
    node->depth = type->depth;
    node->is_resource = type->base->kind == WH_WIT_RESOURCE;
    return add_type(reading, scope, node);
  }
  if (target != 2) return MALFORMED("malformed alias");
  uint32_t outer = index;
  TRY(read_u32(reading, &index));
  if (sort != SORT_TYPE) return INVALID("an outer alias is not of a type");
  const scope_t *from = scope;
  while (outer-- && from) from = from->outer;
  if (!from || index >= from->types.count) return INVALID("an outer alias is out of bounds");
  return add_item(reading, scope, from->types.items[index]);
}

/* externtype, of an import or export. A type gets a node that has the name. */
static wherry_error_t *read_extern_type(reading_t *reading, scope_t *scope, const char *name,
                                        uint8_t *sort, item_t *item) {
  uint32_t index;
  uint8_t bound;
  node_t *node = NULL;
  TRY(read_byte(reading, sort));
  switch (*sort) {
  case SORT_FUNC:
    TRY(read_u32(reading, &index));
    return item_at(reading, scope, index, ITEM_FUNC, item);
  case SORT_TYPE:
    TRY(read_byte(reading, &bound));
    if (bound > 1) return MALFORMED("malformed type bound");
    TRY(node_make(reading, scope, bound ? (unsigned)WH_WIT_RESOURCE : (unsigned)NODE_NAMED, &node));
    node->name = name;
    node->is_resource = bound;
    if (!bound) {
      TRY(read_u32(reading, &index));
      TRY(item_at(reading, scope, index, ITEM_TYPE, item));
      node->first = item->of.type;
      node->is_resource = node->first->is_resource;
      node->depth = node->first->depth;
    }
    *item = (item_t) {.kind = ITEM_TYPE, .of.type = node};
    return add_item(reading, scope, *item);
  case SORT_COMPONENT:
    TRY(read_u32(reading, &index));
    return item_at(reading, scope, index, ITEM_COMPONENT, item);
  case SORT_INSTANCE:
    TRY(read_u32(reading, &index));
    return item_at(reading, scope, index, ITEM_INSTANCE, item);
  default: return INVALID("an import or export is of a sort that WIT cannot describe");
  }
}

static wherry_error_t *check_name(reading_t *reading, wh_map_t *names, const char *name) {
  uint64_t place;
  size_t size = strlen(name);
  if (wh_map_get(names, name, size, &place))
    return INVALID("two imports or two exports have the same name");
  return wh_map_put(reading->alloc, names, name, size, 0) ? NULL : wh_error_oom();
}

/* An import or export of a component type, or an export of an instance type. */
static wherry_error_t *read_extern(reading_t *reading, scope_t *scope, bool is_export) {
  extern_item_t entry;
  TRY(read_extern_name(reading, &entry.name));
  TRY(read_extern_type(reading, scope, entry.name.name, &entry.sort, &entry.item));
  TRY(check_name(reading, is_export ? &scope->exported : &scope->imported, entry.name.name));
  if (!scope->is_component) {
    if (entry.sort != SORT_FUNC && entry.sort != SORT_TYPE)
      return INVALID("an instance type exports more than types and functions");
    return wh_vec_push(reading->alloc, &scope->exports, entry) ? NULL : wh_error_oom();
  }
  switch (entry.sort) {
  case SORT_FUNC: return world_func(reading, scope, &entry, is_export);
  case SORT_TYPE: return world_type(reading, scope, &entry, is_export);
  case SORT_INSTANCE: return world_instance(reading, scope, &entry, is_export);
  default:
    if (!is_export) return INVALID("a world imports a component");
    return name_world(reading, &entry);
  }
}

/* componenttype or instancetype, its first byte read. */
static wherry_error_t *read_scope(reading_t *reading, scope_t *scope) {
  uint32_t count;
  if (++reading->depth > WH_MAX_TYPE_DEPTH) return INVALID("types are nested too deeply");
  TRY(read_count(reading, &count));
  while (count--) {
    uint8_t declaration;
    TRY(read_byte(reading, &declaration));
    switch (declaration) {
    case 0: return INVALID("a core type describes no WIT type");
    case 1: TRY(read_type(reading, scope)); break;
    case 2: TRY(read_alias(reading, scope)); break;
    case 3:
    case 4:
      if (declaration == 3 && !scope->is_component) return MALFORMED("malformed declaration");
      TRY(read_extern(reading, scope, declaration == 4));
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
  extern_name_t name;
  uint8_t has_type, sort;
  uint32_t index;
  item_t item = {0}, given;
  TRY(read_extern_name(reading, &name));
  TRY(read_byte(reading, &sort));
  if (sort != SORT_TYPE) return INVALID("the component exports more than a type");
  TRY(read_u32(reading, &index));
  TRY(item_at(reading, scope, index, ITEM_COMPONENT, &item));
  TRY(read_byte(reading, &has_type));
  if (has_type > 1) return MALFORMED("malformed export");
  if (has_type) TRY(read_extern_type(reading, scope, name.name, &sort, &given));
  TRY(add_item(reading, scope, item));
  return check_name(reading, &scope->exported, name.name);
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
  if (scope->exported.count != 1) return INVALID("it does not export exactly one type");
  if (reading->world_count != 1) return INVALID("its type does not export exactly one world");
  if (!reading->encoding_seen) return INVALID("there is no wit-component-encoding section");
  if (reading->world) reading->world->string_encoding = reading->string_encoding;
  return NULL;
}

static wherry_error_t *read_section(wh_wit_t *wit, const wh_custom_t *section) {
  reading_t reading = {.alloc = wit->alloc, .wit = wit, .arena = {.alloc = wit->alloc}};
  reading.in.start = reading.in.next = section->bytes.data;
  reading.in.end = section->bytes.data + section->bytes.size;
  reading.in.base = section->offset;
  scope_t *component = NULL;
  wherry_error_t *error = scope_make(&reading, NULL, true, &component);
  if (!error) error = read_component(&reading, component);
  reading_free(&reading);
  return error;
}

wherry_error_t *wh_wit_from_model(wh_alloc_t *alloc, const wh_model_t *model, wh_wit_t **out) {
  static const char prefix[] = "component-type";
  wh_wit_t *wit = NULL;
  wherry_error_t *error = NULL;
  *out = NULL;
  for (size_t i = 0; i < model->customs.count && !error; i++) {
    const wh_custom_t *section = &model->customs.items[i];
    if (section->name.size < sizeof prefix - 1 ||
        memcmp(section->name.data, prefix, sizeof prefix - 1))
      continue;
    if (!wit) error = wh_wit_new(alloc, &wit);
    if (!error) error = read_section(wit, section);
  }
  for (size_t i = 0; wit && !error && i < wit->worlds.count; i++)
    if (!wh_wit_order_world(wit, wit->worlds.items[i])) error = wh_error_oom();
  if (error) {
    wh_wit_free(wit);
    return error;
  }
  *out = wit;
  return NULL;
}
