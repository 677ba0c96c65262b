/* Component-level types (Binary.md, Type Definitions), and what imports and exports do with them. */
#include "component_read.h"

/* ---- value types ---- */

static bool primitive(int64_t code, wherry_type_kind_t *out) {
  static const wherry_type_kind_t kinds[] = {
      WHERRY_TYPE_STRING, WHERRY_TYPE_CHAR, WHERRY_TYPE_F64, WHERRY_TYPE_F32, WHERRY_TYPE_U64,
      WHERRY_TYPE_S64,    WHERRY_TYPE_U32,  WHERRY_TYPE_S32, WHERRY_TYPE_U16, WHERRY_TYPE_S16,
      WHERRY_TYPE_U8,     WHERRY_TYPE_S8,   WHERRY_TYPE_BOOL};
  if (code < 0x73 || code > 0x7F) return false;
  *out = kinds[code - 0x73];
  return true;
}

enum { ERROR_CONTEXT = 0x64 };

static wherry_error_t *make(reading_t *r, wherry_type_kind_t kind, uint32_t count,
                            wh_type_field_t **fields, wherry_type_t **out) {
  if (r->world->types.count >= WH_MAX_COMPONENT_ITEMS)
    return wh_component_too_many(r, WH_MAX_COMPONENT_ITEMS, "value types");
  *out = wh_world_type(r->world, kind, count, fields);
  return *out ? NULL : wh_error_oom();
}

static wherry_error_t *lay_out(reading_t *r, wherry_type_t *type) {
  if (wh_type_lay_out(type)) return NULL;
  if (type->depth > WH_MAX_TYPE_DEPTH)
    return wh_component_too_many(r, WH_MAX_TYPE_DEPTH, "value types inside each other");
  return INVALID("a value type exceeds maximum byte size: 2^28 - 1 where pointers are i64");
}

wherry_error_t *wh_component_valtype(reading_t *r, const wherry_type_t **out) {
  int64_t code;
  wherry_type_kind_t kind;
  if (!wh_read_s33(&r->in, &code)) return MALFORMED("%s", wh_read_problem(&r->in, 33, true));
  if (code >= 0) return wh_component_value_type_at(r, (uint32_t)code, out);
  if (code >= -64 && primitive(code & 0x7F, &kind)) {
    *out = r->world->types.items[kind];
    return NULL;
  }
  if (code != ERROR_CONTEXT - 0x80) return MALFORMED("malformed value type");
  wherry_type_t *type;
  TRY(make(r, WHERRY_TYPE_ERROR_CONTEXT, 0, NULL, &type));
  *out = type;
  return lay_out(r, type);
}

static wherry_error_t *optional(reading_t *r, const wherry_type_t **out) {
  bool present;
  *out = NULL;
  TRY(wh_component_flag(r, "whether there is a type", &present));
  return present ? wh_component_valtype(r, out) : NULL;
}

/* Labels must be in kebab case and differ by more than case. */
static wherry_error_t *check_labels(reading_t *r, const wherry_bytes_t *labels, uint32_t count,
                                    const char *what) {
  wh_map_t seen = {0};
  wherry_error_t *error = NULL;
  for (uint32_t i = 0; i < count && !error; i++) {
    uint64_t place;
    wherry_bytes_t label = labels[i];
    if (!label.size) {
      error = INVALID("%s name cannot be empty", what);
    } else if (!wh_component_is_label(label)) {
      error = INVALID("%s name %s is not in kebab case", what, wh_component_quote(r, label));
    } else {
      char *lower = wh_component_array(r, label.size, 1);
      for (size_t k = 0; lower && k < label.size; k++) {
        uint8_t c = label.data[k];
        lower[k] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
      }
      if (lower && wh_map_get(&seen, lower, label.size, &place))
        error = INVALID("%s name %s conflicts with previous name %s", what,
                        wh_component_quote(r, label), wh_component_quote(r, labels[place]));
      else if (!lower || !wh_map_put(r->alloc, &seen, lower, label.size, i))
        error = wh_error_oom();
    }
  }
  wh_map_free(r->alloc, &seen);
  return error;
}

static wherry_error_t *read_field(reading_t *r, wherry_type_kind_t kind, wh_type_field_t *field,
                                  wherry_bytes_t *label) {
  uint8_t zero;
  if (kind != WHERRY_TYPE_TUPLE) {
    TRY(wh_component_name(r, label));
    TRY(wh_component_text(r, *label, &field->name));
  }
  if (kind == WHERRY_TYPE_RECORD || kind == WHERRY_TYPE_TUPLE)
    return wh_component_valtype(r, &field->type);
  if (kind != WHERRY_TYPE_VARIANT) return NULL;
  TRY(optional(r, &field->type));
  TRY(wh_component_u8(r, &zero));
  return zero ? MALFORMED("0x%02x, expected 0: the end of a case", zero) : NULL;
}

/* Records, variants, tuples, flags, enums, and parameters, a record that may be empty. */
static wherry_error_t *read_fields(reading_t *r, wherry_type_kind_t kind, const char *what,
                                   bool may_be_empty, wherry_type_t **out) {
  uint32_t count;
  wh_type_field_t *fields = NULL;
  uint32_t most = kind == WHERRY_TYPE_FLAGS ? WH_MAX_COMPONENT_PARTS
                  : may_be_empty            ? WH_MAX_PARAMS
                                            : WH_MAX_COMPONENT_PARTS;
  TRY(wh_component_count(r, most, what, &count));
  if (!count && !may_be_empty) return INVALID("a type must have at least one %s", what);
  if (kind == WHERRY_TYPE_FLAGS && count > WH_MAX_FLAGS)
    return INVALID("cannot have more than %d flags: %u", WH_MAX_FLAGS, count);
  TRY(make(r, kind, count, &fields, out));
  wherry_bytes_t *labels = wh_alloc_array(r->alloc, count, sizeof *labels);
  wherry_error_t *error = labels ? NULL : wh_error_oom();
  for (uint32_t i = 0; i < count && !error; i++)
    error = read_field(r, kind, &fields[i], &labels[i]);
  if (!error && kind != WHERRY_TYPE_TUPLE) error = check_labels(r, labels, count, what);
  wh_free(r->alloc, labels, count * sizeof *labels);
  return error;
}

static wherry_error_t *two_cases(reading_t *r, wherry_type_kind_t kind, const char *first,
                                 const wherry_type_t *first_type, const char *second,
                                 const wherry_type_t *second_type, wherry_type_t **out) {
  wh_type_field_t *cases;
  TRY(make(r, kind, 2, &cases, out));
  cases[0] = (wh_type_field_t) {.name = first, .type = first_type};
  cases[1] = (wh_type_field_t) {.name = second, .type = second_type};
  return NULL;
}

static wherry_error_t *read_stream(reading_t *r, wherry_type_kind_t kind, wherry_type_t **out) {
  const wherry_type_t *element;
  TRY(optional(r, &element));
  if (element && element->uses_borrows)
    return INVALID("a %s cannot contain a `borrow` type", wh_type_kind_name(kind));
  if (element && kind == WHERRY_TYPE_STREAM && element->kind == WHERRY_TYPE_CHAR)
    return INVALID("`stream<char>` is not valid at this time");
  TRY(make(r, kind, 0, NULL, out));
  (*out)->element = element;
  return NULL;
}

static bool is_key(wherry_type_kind_t kind) {
  return kind <= WHERRY_TYPE_STRING && kind != WHERRY_TYPE_F32 && kind != WHERRY_TYPE_F64;
}

static wherry_error_t *read_map(reading_t *r, wherry_type_t **out) {
  const wherry_type_t *key, *value;
  TRY(wh_component_valtype(r, &key));
  TRY(wh_component_valtype(r, &value));
  if (!is_key(key->kind))
    return INVALID("a map has keys of type %s, expected bool, an integer, char or string",
                   wh_type_kind_name(key->kind));
  *out = wh_world_map(r->world, key, value);
  return *out ? NULL : wh_error_oom();
}

static wherry_error_t *read_list(reading_t *r, wherry_type_kind_t kind, wherry_type_t **out) {
  const wherry_type_t *element;
  uint32_t length = 0;
  TRY(wh_component_valtype(r, &element));
  if (kind == WHERRY_TYPE_FIXED_LIST) {
    TRY(wh_component_u32(r, &length));
    if (!length) return INVALID("a list of fixed length must have more than zero elements");
  }
  TRY(make(r, kind, 0, NULL, out));
  (*out)->element = element;
  (*out)->length = length;
  return NULL;
}

static wherry_error_t *read_handle(reading_t *r, wherry_type_kind_t kind, wherry_type_t **out) {
  uint32_t index;
  const wh_resource_t *resource;
  TRY(wh_component_u32(r, &index));
  TRY(wh_component_resource_at(r, index, &resource));
  TRY(make(r, kind, 0, NULL, out));
  (*out)->resource = resource;
  return NULL;
}

/* defvaltype, its first byte read. */
static wherry_error_t *read_value_type(reading_t *r, uint8_t code, const wherry_type_t **out) {
  const wherry_type_t *first, *second;
  wherry_type_t *type;
  wherry_type_kind_t kind;
  if (primitive(code, &kind)) {
    *out = r->world->types.items[kind];
    return NULL;
  }
  switch (code) {
  case 0x72: TRY(read_fields(r, WHERRY_TYPE_RECORD, "record field", false, &type)); break;
  case 0x71: TRY(read_fields(r, WHERRY_TYPE_VARIANT, "variant case", false, &type)); break;
  case 0x6F: TRY(read_fields(r, WHERRY_TYPE_TUPLE, "tuple type", false, &type)); break;
  case 0x6E: TRY(read_fields(r, WHERRY_TYPE_FLAGS, "flag", false, &type)); break;
  case 0x6D: TRY(read_fields(r, WHERRY_TYPE_ENUM, "enum tag", false, &type)); break;
  case 0x70: TRY(read_list(r, WHERRY_TYPE_LIST, &type)); break;
  case 0x67: TRY(read_list(r, WHERRY_TYPE_FIXED_LIST, &type)); break;
  case 0x6B:
    TRY(wh_component_valtype(r, &first));
    TRY(two_cases(r, WHERRY_TYPE_OPTION, "none", NULL, "some", first, &type));
    type->element = first;
    break;
  case 0x6A:
    TRY(optional(r, &first));
    TRY(optional(r, &second));
    TRY(two_cases(r, WHERRY_TYPE_RESULT, "ok", first, "error", second, &type));
    break;
  case 0x69: TRY(read_handle(r, WHERRY_TYPE_OWN, &type)); break;
  case 0x68: TRY(read_handle(r, WHERRY_TYPE_BORROW, &type)); break;
  case 0x66: TRY(read_stream(r, WHERRY_TYPE_STREAM, &type)); break;
  case 0x65: TRY(read_stream(r, WHERRY_TYPE_FUTURE, &type)); break;
  case 0x63: TRY(read_map(r, &type)); break;
  case ERROR_CONTEXT: TRY(make(r, WHERRY_TYPE_ERROR_CONTEXT, 0, NULL, &type)); break;
  default: return MALFORMED("0x%02x is no type", code);
  }
  *out = type;
  return lay_out(r, type);
}

/* ---- functions, resources ---- */

wherry_error_t *wh_component_result(reading_t *r, const wherry_type_t **out) {
  uint8_t form, zero;
  *out = NULL;
  TRY(wh_component_u8(r, &form));
  if (form == 0) return wh_component_valtype(r, out);
  if (form != 1) return MALFORMED("0x%02x, expected 0 or 1: a list of results", form);
  TRY(wh_component_u8(r, &zero));
  return zero ? MALFORMED("0x%02x, expected 0: a number of results", zero) : NULL;
}

static wherry_error_t *read_func_type(reading_t *r, bool is_async, const wh_func_type_t **out) {
  wherry_type_t *params;
  wh_func_type_t *type = wh_component_array(r, 1, sizeof *type);
  if (!type) return wh_error_oom();
  TRY(read_fields(r, WHERRY_TYPE_RECORD, "function parameter", true, &params));
  if (!wh_type_lay_out_implied(params))
    return wh_component_too_many(r, WH_MAX_TYPE_DEPTH, "value types inside each other");
  TRY(wh_component_result(r, &type->result));
  if (type->result && type->result->uses_borrows)
    return INVALID("function result cannot contain a `borrow` type");
  type->params = params;
  type->is_async = is_async;
  *out = type;
  return NULL;
}

static wherry_error_t *read_resource_type(reading_t *r, const wh_resource_t **out) {
  wherry_valtype_t representation;
  bool has_destructor;
  wh_definition_t definition = {.kind = WH_DEFINE_RESOURCE};
  definition.of.resource.destructor = WH_NONE;
  TRY(wh_decode_valtype(r->alloc, &r->in, r->engine->features, &representation));
  TRY(wh_component_flag(r, "whether there is a destructor", &has_destructor));
  if (has_destructor) TRY(wh_component_u32(r, &definition.of.resource.destructor));
  if (r->scope->kind != SCOPE_COMPONENT)
    return INVALID("resources can only be defined within a concrete component");
  if (representation != WHERRY_I32) return INVALID("resources can only be represented by i32");
  if (has_destructor) {
    const wherry_functype_t *type;
    TRY(wh_component_core_func_at(r, definition.of.resource.destructor, &type));
    if (type->param_count != 1 || type->result_count != 0 || type->types[0] != representation)
      return INVALID("core function %u has wrong signature for a destructor, expected (i32)",
                     definition.of.resource.destructor);
  }
  TRY(wh_component_bind(r, r->scope, false, representation, "resource", out));
  definition.of.resource.resource = *out;
  definition.of.resource.representation = representation;
  return wh_component_add(r, &definition);
}

/* ---- component and instance types ---- */

static wherry_error_t *read_declaration(reading_t *r) {
  uint8_t form;
  r->at = r->in.next;
  TRY(wh_component_u8(r, &form));
  switch (form) {
  case 0: return wh_component_read_core_type(r);
  case 1: return wh_component_read_type(r);
  case 2: return wh_component_read_alias(r);
  case 3:
    if (r->scope->kind == SCOPE_COMPONENT_TYPE) return wh_component_read_import(r);
    break;
  case 4: return wh_component_read_export_decl(r);
  default: break;
  }
  return MALFORMED("0x%02x is no declaration of a component or instance type", form);
}

static wherry_error_t *read_scope(reading_t *r, scope_kind_t kind, wh_deftype_t *out) {
  scope_t *scope;
  uint32_t count;
  TRY(wh_component_count(r, WH_MAX_COMPONENT_ITEMS, "declarations", &count));
  TRY(wh_component_begin_scope(r, kind, &scope));
  while (count--) TRY(read_declaration(r));
  if (kind == SCOPE_COMPONENT_TYPE) {
    wh_component_type_t *type;
    TRY(wh_component_finish_type(r, &type));
    *out = (wh_deftype_t) {WH_DEFTYPE_COMPONENT, {.component = type}};
  } else {
    wh_instance_type_t *type = wh_component_array(r, 1, sizeof *type);
    if (!type) return wh_error_oom();
    TRY(wh_component_finish_items(r, &scope->exports, &type->exports));
    const wh_resource_t **bound = wh_component_array(r, scope->resources.count, sizeof *bound);
    if (!bound) return wh_error_oom();
    for (size_t i = 0; i < scope->resources.count; i++)
      bound[i] = scope->resources.items[i].resource;
    type->bound = bound;
    type->bound_count = (uint32_t)scope->resources.count;
    type->scope = scope->serial;
    *out = (wh_deftype_t) {WH_DEFTYPE_INSTANCE, {.instance = type}};
  }
  wh_component_end_scope(r);
  return NULL;
}

/* A definition that contains others is told by its own place in errors. */
wherry_error_t *wh_component_read_type(reading_t *r) {
  uint8_t code;
  const uint8_t *at = r->at;
  wh_entity_t entity = {.sort = WH_SORT_TYPE};
  TRY(wh_component_u8(r, &code));
  switch (code) {
  case 0x3F:
    entity.type.kind = WH_DEFTYPE_RESOURCE;
    TRY(read_resource_type(r, &entity.type.of.resource));
    break;
  case 0x40:
  case 0x43:
    entity.type.kind = WH_DEFTYPE_FUNC;
    TRY(read_func_type(r, code == 0x43, &entity.type.of.func));
    break;
  case 0x41: TRY(read_scope(r, SCOPE_COMPONENT_TYPE, &entity.type)); break;
  case 0x42: TRY(read_scope(r, SCOPE_INSTANCE_TYPE, &entity.type)); break;
  default:
    entity.type.kind = WH_DEFTYPE_VALUE;
    TRY(read_value_type(r, code, &entity.type.of.value));
  }
  r->at = at;
  return wh_component_push(r, &entity);
}

/* ---- imports and exports ---- */

static wherry_error_t *module_type_at(reading_t *r, uint32_t index, const wh_module_type_t **out) {
  if (index >= r->scope->core_types.count)
    return wh_component_unknown(r, "core type", index, r->scope->core_types.count);
  *out = r->scope->core_types.items[index].module;
  return *out ? NULL : INVALID("core type index %u is not a module type", index);
}

wherry_error_t *wh_component_externtype(reading_t *r, wh_entity_t *out) {
  uint8_t sort, byte;
  uint32_t index;
  TRY(wh_component_u8(r, &sort));
  *out = (wh_entity_t) {.sort = (wh_sort_t)sort};
  switch (sort) {
  case WH_SORT_MODULE:
    TRY(wh_component_u8(r, &byte));
    if (byte != 0x11)
      return MALFORMED("0x%02x, expected 0x11: a core sort that is no module", byte);
    TRY(wh_component_u32(r, &index));
    out->type.kind = WH_DEFTYPE_MODULE;
    return module_type_at(r, index, &out->type.of.module);
  case WH_SORT_FUNC:
    TRY(wh_component_u32(r, &index));
    out->type.kind = WH_DEFTYPE_FUNC;
    return wh_component_func_type_at(r, index, &out->type.of.func);
  case WH_SORT_VALUE: return INVALID("values are not supported");
  case WH_SORT_TYPE:
    TRY(wh_component_u8(r, &byte));
    if (byte > 1) return MALFORMED("0x%02x, expected 0 or 1: the bound of a type", byte);
    out->type.kind = WH_DEFTYPE_RESOURCE;
    if (byte == 1) return NULL;
    TRY(wh_component_u32(r, &index));
    return wh_component_type_at(r, index, &out->type);
  case WH_SORT_COMPONENT:
  case WH_SORT_INSTANCE:
    TRY(wh_component_u32(r, &index));
    TRY(wh_component_type_at(r, index, &out->type));
    if (out->type.kind != (sort == WH_SORT_COMPONENT ? WH_DEFTYPE_COMPONENT : WH_DEFTYPE_INSTANCE))
      return INVALID("type index %u is not %s type", index,
                     sort == WH_SORT_COMPONENT ? "a component" : "an instance");
    return NULL;
  default: return MALFORMED("0x%02x is no sort of an import or export", sort);
  }
}

/* An instance that is imported, or of which a type says that it is exported, has resources of its own
   for those that its type binds. */
static wherry_error_t *freshen(reading_t *r, bool is_import, wh_entity_t *entity) {
  const wh_instance_type_t *from = entity->type.of.instance;
  if (!from->bound_count) return NULL;
  frame_t frame = {.scope = from->scope, .count = from->bound_count};
  substitution_t s = {.frame = &frame};
  wh_instance_type_t *type = wh_component_array(r, 1, sizeof *type);
  if (!type) return wh_error_oom();
  TRY(wh_component_steps(r, frame.count));
  frame.to = wh_alloc_array(r->alloc, frame.count, sizeof *frame.to);
  if (!frame.to) return wh_error_oom();
  wherry_error_t *error = NULL;
  for (uint32_t i = 0; i < frame.count && !error; i++)
    error = wh_component_bind(r, r->scope, is_import, 0, from->bound[i]->name, &frame.to[i]);
  if (!error) error = wh_component_substitute(r, &s, &from->exports, &type->exports);
  wh_pointers_free(r->alloc, &s.done);
  wh_free(r->alloc, frame.to, frame.count * sizeof *frame.to);
  entity->type.of.instance = type;
  return error;
}

static wherry_error_t *rename_type(reading_t *r, bool is_import, wh_item_t *item) {
  const char *name;
  wh_deftype_t *type = &item->entity.type;
  TRY(wh_component_text(r, item->name, &name));
  if (type->kind == WH_DEFTYPE_RESOURCE && !type->of.resource)
    return wh_component_bind(r, r->scope, is_import, 0, name, &type->of.resource);
  if (type->kind == WH_DEFTYPE_RESOURCE) {
    wh_resource_t *other = wh_component_array(r, 1, sizeof *other);
    if (!other) return wh_error_oom();
    const wh_resource_t *base = wh_resource_base(type->of.resource);
    *other =
        (wh_resource_t) {.name = name, .same = base, .scope = base->scope, .index = base->index};
    type->of.resource = other;
    return NULL;
  }
  if (type->kind != WH_DEFTYPE_VALUE || !wh_type_wants_name(type->of.value->kind)) return NULL;
  wherry_type_t *copy;
  TRY(wh_component_copy_value(r, type->of.value, &copy));
  copy->name = name;
  type->of.value = copy;
  return NULL;
}

wherry_error_t *wh_component_copy_value(reading_t *r, const wherry_type_t *type,
                                        wherry_type_t **out) {
  TRY(make(r, type->kind, 0, NULL, out));
  uint32_t index = (*out)->index;
  **out = *type;
  (*out)->index = index;
  if (type->not_taken == type) (*out)->not_taken = *out;
  return NULL;
}

wherry_error_t *wh_component_declare(reading_t *r, naming_t *naming, wh_item_t *item) {
  bool is_import = naming == &r->scope->imports;
  if (naming->items.count >= WH_MAX_COMPONENT_ITEMS)
    return wh_component_too_many(r, WH_MAX_COMPONENT_ITEMS, "imports or exports");
  if (item->entity.sort == WH_SORT_TYPE) TRY(rename_type(r, is_import, item));
  if (item->entity.sort == WH_SORT_INSTANCE) TRY(freshen(r, is_import, &item->entity));
  TRY(wh_component_push(r, &item->entity));
  TRY(wh_component_check_visible(r, naming, item));
  return wh_component_add_item(r, naming, item);
}
