/* wherry_val_t as a host language: the table that canon drives for C programs. */
#include "canon/canon.h"

#include "val.h"

/* ---- blocks that outlive the call, and perhaps the engine: they know how they are freed ---- */

typedef struct block {
  wherry_allocator_t host;
  size_t size; /* with this header */
  _Alignas(16) uint8_t data[];
} block_t;

static void *block_new(wh_alloc_t *alloc, size_t size) {
  size_t whole;
  if (!wh_add_size(size, sizeof(block_t), &whole)) return NULL;
  block_t *block = alloc->host.reallocate(alloc->host.data, NULL, 0, whole);
  if (!block) return NULL;
  block->host = alloc->host;
  block->size = whole;
  return block->data;
}

static void block_free(const void *data) {
  if (!data) return;
  block_t *block = (block_t *)((uintptr_t)data - offsetof(block_t, data));
  block->host.reallocate(block->host.data, block, block->size, 0);
}

static bool has_items(wherry_type_kind_t kind) {
  return kind == WHERRY_TYPE_LIST || kind == WHERRY_TYPE_RECORD || kind == WHERRY_TYPE_TUPLE;
}

void wherry_val_clear(wherry_val_t *value) {
  if (!value) return;
  if (value->kind == WHERRY_TYPE_STRING) {
    block_free(value->of.string.data);
  } else if (value->packed) {
    block_free(value->of.numbers.data);
  } else if (has_items(value->kind)) {
    wherry_val_t *items = (wherry_val_t *)value->of.items.items;
    for (size_t i = 0; i < value->of.items.count; i++) wherry_val_clear(&items[i]);
    block_free(items);
  }
  memset(value, 0, sizeof *value);
}

/* ---- nodes ---- */

void wh_val_begin(wh_val_context_t *context, wh_alloc_t *alloc) {
  context->alloc = alloc;
  context->idle = NULL;
  context->used = 0;
}

static wh_val_node_t *node_new(wh_val_context_t *context, wherry_type_kind_t kind,
                               wherry_host_value_t *out) {
  wh_val_node_t *node = context->idle;
  if (node) {
    context->idle = node->next;
  } else if (context->used < WH_VAL_NODES) {
    node = &context->nodes[context->used++];
    node->allocated = false;
  } else {
    node = WH_NEW(context->alloc, wh_val_node_t);
    if (!node) return NULL;
    node->allocated = true;
  }
  memset(&node->value, 0, sizeof node->value);
  node->value.kind = kind;
  *out = (wherry_host_value_t)node | 1;
  return node;
}

static wh_val_node_t *node_of(wherry_host_value_t value) {
  return (wh_val_node_t *)(value & ~(wherry_host_value_t)1);
}

static void node_free(wh_val_context_t *context, wh_val_node_t *node) {
  node->next = context->idle;
  context->idle = node;
}

void wh_val_take(wh_val_context_t *context, wherry_host_value_t made, wherry_val_t *out) {
  if (!made) return;
  wh_val_node_t *node = node_of(made);
  if (out)
    *out = node->value;
  else
    wherry_val_clear(&node->value);
  node_free(context, node);
}

void wh_val_end(wh_val_context_t *context) {
  while (context->idle) {
    wh_val_node_t *node = context->idle;
    context->idle = node->next;
    if (node->allocated) WH_DELETE(context->alloc, node);
  }
}

/* ---- taking ---- */

static wherry_error_t *mismatch(wh_val_context_t *context, const wherry_type_t *type,
                                const wherry_val_t *value) {
  wh_text_t text = {.alloc = context->alloc};
  wh_type_print(type, &text);
  wherry_error_t *error =
      text.failed
          ? wh_error_oom()
          : wh_error_new(context->alloc, WHERRY_ERROR_TYPE, "expected %s, got %s%s", text.data,
                         value->packed ? "packed " : "", wh_type_kind_name(value->kind));
  wh_text_free(&text);
  return error;
}

static wherry_error_t *take_number(void *data, const wherry_type_t *type, wherry_host_value_t given,
                                   wherry_slot_t *out) {
  const wherry_val_t *value = (const wherry_val_t *)given;
  bool is_integer = value->kind >= WHERRY_TYPE_S8 && value->kind <= WHERRY_TYPE_U64;
  bool is_signed = is_integer && (value->kind - WHERRY_TYPE_S8) % 2 == 0;
  wherry_error_t *error = NULL;
  switch (type->kind) {
  case WHERRY_TYPE_BOOL: out->u64 = value->of.boolean; break;
  case WHERRY_TYPE_F32: out->f32 = value->of.f32; break;
  case WHERRY_TYPE_F64: out->f64 = value->of.f64; break;
  case WHERRY_TYPE_CHAR: out->u64 = value->of.character; break;
  default:
    if (!is_integer) break;
    out->u64 = value->of.u; /* of.s has the same bits; canon looks at the narrower ranges */
    if (type->kind == WHERRY_TYPE_U64 && is_signed && value->of.s < 0)
      error = wh_error_new(((wh_val_context_t *)data)->alloc, WHERRY_ERROR_RANGE,
                           "%lld does not fit in u64", (long long)value->of.s);
    else if (type->kind <= WHERRY_TYPE_S64 && !is_signed && value->of.u > INT64_MAX)
      error = wh_error_new(((wh_val_context_t *)data)->alloc, WHERRY_ERROR_RANGE,
                           "%llu does not fit in %s", (unsigned long long)value->of.u,
                           wh_type_kind_name(type->kind));
    return error;
  }
  return value->kind == type->kind ? NULL : mismatch(data, type, value);
}

static const wherry_type_t string_type = {.kind = WHERRY_TYPE_STRING};

static wherry_error_t *take_string(void *data, wherry_host_value_t given,
                                   wherry_host_view_t *view) {
  const wherry_val_t *value = (const wherry_val_t *)given;
  if (value->kind != WHERRY_TYPE_STRING) return mismatch(data, &string_type, value);
  if (!wh_utf8_valid(value->of.string.data, value->of.string.size, NULL))
    return wh_error_new(((wh_val_context_t *)data)->alloc, WHERRY_ERROR_RANGE,
                        "the string is not well-formed UTF-8");
  view->data = value->of.string.size ? value->of.string.data : "";
  view->count = value->of.string.size;
  return NULL;
}

static wherry_error_t *take_list(void *data, const wherry_type_t *type, wherry_host_value_t given,
                                 wherry_host_view_t *view) {
  const wherry_val_t *value = (const wherry_val_t *)given;
  if (value->kind != WHERRY_TYPE_LIST || (value->packed && !wh_type_is_scalar(type->element->kind)))
    return mismatch(data, type, value);
  if (value->packed) {
    view->data = value->of.numbers.count ? value->of.numbers.data : "";
    view->count = value->of.numbers.count;
  } else {
    view->data = NULL;
    view->count = value->of.items.count;
  }
  return NULL;
}

static wherry_error_t *take_item(void *data, const wherry_type_t *type, wherry_host_value_t given,
                                 size_t index, wherry_host_value_t *item) {
  const wherry_val_t *value = (const wherry_val_t *)given;
  if (value->kind != type->kind || value->packed) return mismatch(data, type, value);
  if (type->kind != WHERRY_TYPE_LIST && value->of.items.count != type->field_count)
    return wh_error_new(((wh_val_context_t *)data)->alloc, WHERRY_ERROR_TYPE,
                        "expected a %s of %u, got one of %zu", wh_type_kind_name(type->kind),
                        type->field_count, value->of.items.count);
  *item = wh_val_given(&value->of.items.items[index]);
  return NULL;
}

static void release_view(void *data, wherry_host_view_t *view) {
  (void)data;
  (void)view;
}

static void drop(void *data, wherry_host_value_t value) {
  if (value & 1) wh_val_take(data, value, NULL);
}

/* ---- making ---- */

static wherry_error_t *make_number(void *data, const wherry_type_t *type, wherry_slot_t number,
                                   wherry_host_value_t *out) {
  wh_val_node_t *node = node_new(data, type->kind, out);
  if (!node) return wh_error_oom();
  switch (type->kind) {
  case WHERRY_TYPE_BOOL: node->value.of.boolean = number.u64 != 0; break;
  case WHERRY_TYPE_F32: node->value.of.f32 = number.f32; break;
  case WHERRY_TYPE_F64: node->value.of.f64 = number.f64; break;
  case WHERRY_TYPE_CHAR: node->value.of.character = number.u32; break;
  default: node->value.of.u = number.u64; break;
  }
  return NULL;
}

/* A block with a zero behind its size bytes. */
static wherry_error_t *make_block(wh_val_context_t *context, wherry_type_kind_t kind,
                                  const void *bytes, size_t size, wherry_host_value_t *out,
                                  wh_val_node_t **node, uint8_t **copy) {
  *copy = block_new(context->alloc, size + 1);
  if (!*copy) return wh_error_oom();
  if (size) memcpy(*copy, bytes, size);
  (*copy)[size] = 0;
  *node = node_new(context, kind, out);
  if (*node) return NULL;
  block_free(*copy);
  return wh_error_oom();
}

static wherry_error_t *make_string(void *data, const char *text, size_t size, bool is_ascii,
                                   wherry_host_value_t *out) {
  (void)is_ascii;
  wh_val_node_t *node;
  uint8_t *copy;
  wherry_error_t *error = make_block(data, WHERRY_TYPE_STRING, text, size, out, &node, &copy);
  if (error) return error;
  node->value.of.string.data = (const char *)copy;
  node->value.of.string.size = size;
  return NULL;
}

static wherry_error_t *make_numbers(void *data, const wherry_type_t *type, const void *numbers,
                                    size_t count, wherry_host_value_t *out) {
  wh_val_node_t *node;
  uint8_t *copy;
  wherry_error_t *error =
      make_block(data, WHERRY_TYPE_LIST, numbers, count * type->element->size, out, &node, &copy);
  if (error) return error;
  node->value.packed = true;
  node->value.of.numbers.data = copy;
  node->value.of.numbers.count = count;
  return NULL;
}

static wherry_error_t *make_start(void *data, const wherry_type_t *type, size_t count,
                                  wherry_host_value_t *out) {
  wh_val_context_t *context = data;
  size_t size;
  if (!wh_mul_size(count, sizeof(wherry_val_t), &size)) return wh_error_oom();
  wherry_val_t *items = block_new(context->alloc, size);
  if (!items) return wh_error_oom();
  memset(items, 0, size);
  wh_val_node_t *node = node_new(context, type->kind, out);
  if (!node) {
    block_free(items);
    return wh_error_oom();
  }
  node->value.of.items.items = items;
  node->value.of.items.count = count;
  return NULL;
}

static wherry_error_t *make_set(void *data, const wherry_type_t *type, wherry_host_value_t value,
                                size_t index, wherry_host_value_t item) {
  (void)type;
  wherry_val_t *items = (wherry_val_t *)node_of(value)->value.of.items.items;
  wh_val_take(data, item, &items[index]);
  return NULL;
}

static wherry_error_t *make_finish(void *data, const wherry_type_t *type,
                                   wherry_host_value_t *value) {
  (void)data;
  (void)type;
  (void)value;
  return NULL;
}

const wherry_host_values_t wh_val_table = {
    take_number, take_string,  take_list,  take_item, release_view, drop, make_number,
    make_string, make_numbers, make_start, make_set,  make_finish,  0,
};
