/* How values lie in memory and in core values: Alignment, Element Size and Flattening of the
   Canonical ABI, for memories with 32-bit addresses. */
#include "types/types.h"

#include "layout.h"

enum {
  I32 = WHERRY_I32 & 0xFF,
  I64 = WHERRY_I64 & 0xFF,
  F32 = WHERRY_F32 & 0xFF,
  F64 = WHERRY_F64 & 0xFF
};

/* A row a kind. size 0: depends on the type's parts. */
const wh_kind_t wh_kinds[WH_TYPE_KINDS] = {
    [WHERRY_TYPE_BOOL] = {"bool", 1, 1, 1, I32, true, wh_primitive},
    [WHERRY_TYPE_S8] = {"s8", 1, 1, 1, I32, true, wh_primitive},
    [WHERRY_TYPE_U8] = {"u8", 1, 1, 1, I32, true, wh_primitive},
    [WHERRY_TYPE_S16] = {"s16", 2, 2, 1, I32, true, wh_primitive},
    [WHERRY_TYPE_U16] = {"u16", 2, 2, 1, I32, true, wh_primitive},
    [WHERRY_TYPE_S32] = {"s32", 4, 4, 1, I32, true, wh_primitive},
    [WHERRY_TYPE_U32] = {"u32", 4, 4, 1, I32, true, wh_primitive},
    [WHERRY_TYPE_S64] = {"s64", 8, 8, 1, I64, true, wh_primitive},
    [WHERRY_TYPE_U64] = {"u64", 8, 8, 1, I64, true, wh_primitive},
    [WHERRY_TYPE_F32] = {"f32", 4, 4, 1, F32, true, wh_primitive},
    [WHERRY_TYPE_F64] = {"f64", 8, 8, 1, F64, true, wh_primitive},
    [WHERRY_TYPE_CHAR] = {"char", 4, 4, 1, I32, true, wh_primitive},
    [WHERRY_TYPE_STRING] = {"string", 8, 4, 2, I32, true, wh_primitive | wh_pointers},
    [WHERRY_TYPE_LIST] = {"list", 8, 4, 2, I32, true, wh_pointers},
    [WHERRY_TYPE_RECORD] = {"record", 0, 0, 0, 0, true, wh_named},
    [WHERRY_TYPE_TUPLE] = {"tuple", 0, 0, 0, 0, true, 0},
    [WHERRY_TYPE_VARIANT] = {"variant", 0, 0, 0, 0, false, wh_named | wh_cases},
    [WHERRY_TYPE_ENUM] = {"enum", 0, 0, 0, 0, false, wh_named | wh_cases},
    [WHERRY_TYPE_FLAGS] = {"flags", 0, 0, 0, 0, false, wh_named},
    [WHERRY_TYPE_OPTION] = {"option", 0, 0, 0, 0, false, wh_cases},
    [WHERRY_TYPE_RESULT] = {"result", 0, 0, 0, 0, false, wh_cases},
    [WHERRY_TYPE_OWN] = {"own", 4, 4, 1, I32, false, 0},
    [WHERRY_TYPE_BORROW] = {"borrow", 4, 4, 1, I32, false, 0},
    [WHERRY_TYPE_MAP] = {"map", 8, 4, 2, I32, false, wh_pointers},
    [WHERRY_TYPE_FIXED_LIST] = {"list", 0, 0, 0, 0, false, 0},
    [WHERRY_TYPE_STREAM] = {"stream", 4, 4, 1, I32, false, 0},
    [WHERRY_TYPE_FUTURE] = {"future", 4, 4, 1, I32, false, 0},
    [WHERRY_TYPE_ERROR_CONTEXT] = {"error-context", 4, 4, 1, I32, false, 0},
};

static uint64_t align_to(uint64_t offset, uint32_t alignment) {
  return (offset + alignment - 1) & ~(uint64_t)(alignment - 1);
}

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

static void flat_append(wherry_type_t *type, const wherry_type_t *part) {
  for (unsigned i = 0; i < part->flat_count && i < WH_MAX_FLAT_PARAMS; i++) {
    if (type->flat_count > WH_MAX_FLAT_PARAMS) return;
    if (type->flat_count < WH_MAX_FLAT_PARAMS) type->flat[type->flat_count] = part->flat[i];
    type->flat_count++;
  }
  if (part->flat_count > WH_MAX_FLAT_PARAMS) type->flat_count = WH_MAX_FLAT_PARAMS + 1;
}

/* False: above the limit. Where pointers are i64 a value is never smaller. */
static bool set_size(wherry_type_t *type, uint64_t size, uint64_t size64) {
  if (size64 > WH_MAX_LIST_BYTE_LENGTH) return false;
  type->size = (uint32_t)size;
  type->size64 = (uint32_t)size64;
  return true;
}

/* elem_size_record, alignment_record, flatten_record. */
static bool lay_out_record(wherry_type_t *type, wh_type_field_t *fields) {
  uint64_t size = 0, size64 = 0; /* sums of fewer than 2^32 sizes below 2^29 */
  type->alignment = type->alignment64 = 1;
  for (uint32_t i = 0; i < type->field_count; i++) {
    const wherry_type_t *part = fields[i].type;
    size = align_to(size, part->alignment);
    size64 = align_to(size64, part->alignment64);
    fields[i].offset = (uint32_t)size;
    size += part->size;
    size64 += part->size64;
    type->alignment = larger(type->alignment, part->alignment);
    type->alignment64 = larger(type->alignment64, part->alignment64);
    flat_append(type, part);
  }
  return set_size(type, align_to(size, type->alignment), align_to(size64, type->alignment64));
}

/* elem_size_list, alignment_list, flatten_list of a fixed length. */
static bool lay_out_fixed_list(wherry_type_t *type) {
  const wherry_type_t *element = type->element;
  type->alignment = element->alignment;
  type->alignment64 = element->alignment64;
  for (uint32_t i = 0; i < type->length && type->flat_count <= WH_MAX_FLAT_PARAMS; i++)
    flat_append(type, element);
  return set_size(type, (uint64_t)element->size * type->length,
                  (uint64_t)element->size64 * type->length);
}

static uint8_t join(uint8_t a, uint8_t b) {
  if (a == b) return a;
  if ((a == I32 && b == F32) || (a == F32 && b == I32)) return I32;
  return I64;
}

/* elem_size_variant, alignment_variant, flatten_variant. */
static bool lay_out_variant(wherry_type_t *type) {
  uint32_t count = type->field_count, most = 0, most64 = 0, alignment = 1, alignment64 = 1;
  type->discriminant = count <= 256 ? 1 : count <= 65536 ? 2 : 4;
  type->flat_count = 1;
  type->flat[0] = I32;
  for (uint32_t i = 0; i < count; i++) {
    const wherry_type_t *part = type->fields[i].type;
    if (!part) continue;
    most = larger(most, part->size);
    most64 = larger(most64, part->size64);
    alignment = larger(alignment, part->alignment);
    alignment64 = larger(alignment64, part->alignment64);
    for (unsigned k = 0; k < part->flat_count && type->flat_count <= WH_MAX_FLAT_PARAMS; k++) {
      if (k + 1 == WH_MAX_FLAT_PARAMS) {
        type->flat_count = WH_MAX_FLAT_PARAMS + 1;
      } else if (k + 1 < type->flat_count) {
        type->flat[k + 1] = join(type->flat[k + 1], part->flat[k]);
      } else {
        type->flat[type->flat_count++] = part->flat[k];
      }
    }
  }
  type->payload_offset = (uint32_t)align_to(type->discriminant, alignment);
  uint64_t payload64 = align_to(type->discriminant, alignment64);
  type->alignment = larger(alignment, type->discriminant);
  type->alignment64 = larger(alignment64, type->discriminant);
  return set_size(type, align_to(type->payload_offset + (uint64_t)most, type->alignment),
                  align_to(payload64 + most64, type->alignment64));
}

static void look_inside(wherry_type_t *type, const wherry_type_t *part) {
  if (!part) return;
  type->uses_memory |= part->uses_memory;
  type->uses_handles |= part->uses_handles;
  type->uses_borrows |= part->uses_borrows;
  if (part->depth >= type->depth) type->depth = (uint16_t)(part->depth + 1);
  if (!type->not_taken) type->not_taken = part->not_taken;
}

bool wh_type_lay_out(wherry_type_t *type) {
  const wh_kind_t *kind = &wh_kinds[type->kind];
  type->uses_memory = (kind->is & wh_pointers) != 0;
  type->uses_borrows = type->kind == WHERRY_TYPE_BORROW;
  type->uses_handles = type->resource != NULL;
  if (!kind->taken) type->not_taken = type;
  for (uint32_t i = 0; i < type->field_count; i++) look_inside(type, type->fields[i].type);
  look_inside(type, type->element);
  if (type->depth > WH_MAX_TYPE_DEPTH) return false;
  if (kind->size) {
    unsigned wider = kind->is & wh_pointers ? 2 : 1;
    type->size = kind->size;
    type->alignment = kind->alignment;
    type->size64 = kind->size * wider;
    type->alignment64 = kind->alignment * wider;
    type->flat_count = kind->flat_count;
    memset(type->flat, kind->flat, kind->flat_count);
    return true;
  }
  if (kind->is & wh_cases) return lay_out_variant(type);
  if (type->kind == WHERRY_TYPE_FLAGS) { /* elem_size_flags */
    type->size = type->field_count <= 8 ? 1 : type->field_count <= 16 ? 2 : 4;
    type->alignment = type->size64 = type->alignment64 = type->size;
    type->flat_count = 1;
    type->flat[0] = I32;
    return true;
  }
  if (type->kind == WHERRY_TYPE_FIXED_LIST) return lay_out_fixed_list(type);
  return lay_out_record(type, (wh_type_field_t *)type->fields);
}

bool wh_type_lay_out_implied(wherry_type_t *type) {
  if (wh_type_lay_out(type)) return true;
  if (type->depth > WH_MAX_TYPE_DEPTH) return false;
  type->size = type->size64 = WH_MAX_LIST_BYTE_LENGTH + 1;
  return true;
}

wherry_type_t *wh_world_map(wherry_world_t *world, const wherry_type_t *key,
                            const wherry_type_t *value) {
  wh_type_field_t *fields;
  wherry_type_t *map = wh_world_type(world, WHERRY_TYPE_MAP, 0, NULL);
  wherry_type_t *pair = wh_world_type(world, WHERRY_TYPE_TUPLE, 2, &fields);
  if (!map || !pair) return NULL;
  fields[0].type = key;
  fields[1].type = value;
  wh_type_lay_out_implied(pair); /* the map is deeper still */
  map->element = pair;
  return map;
}
