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
const wh_kind_t wh_kinds[WHERRY_TYPE_OTHER + 1] = {
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
    [WHERRY_TYPE_STRING] = {"string", 8, 4, 2, I32, true, wh_primitive},
    [WHERRY_TYPE_LIST] = {"list", 8, 4, 2, I32, true, 0},
    [WHERRY_TYPE_RECORD] = {"record", 0, 0, 0, 0, true, wh_named},
    [WHERRY_TYPE_TUPLE] = {"tuple", 0, 0, 0, 0, true, 0},
    [WHERRY_TYPE_VARIANT] = {"variant", 0, 0, 0, 0, false, wh_named | wh_cases},
    [WHERRY_TYPE_ENUM] = {"enum", 0, 0, 0, 0, false, wh_named | wh_cases},
    [WHERRY_TYPE_FLAGS] = {"flags", 0, 0, 0, 0, false, wh_named},
    [WHERRY_TYPE_OPTION] = {"option", 0, 0, 0, 0, false, wh_cases},
    [WHERRY_TYPE_RESULT] = {"result", 0, 0, 0, 0, false, wh_cases},
    [WHERRY_TYPE_OWN] = {"own", 4, 4, 1, I32, false, 0},
    [WHERRY_TYPE_BORROW] = {"borrow", 4, 4, 1, I32, false, 0},
    [WHERRY_TYPE_OTHER] = {"other", 4, 4, 1, I32, false, 0},
};

static uint32_t align_to(uint32_t offset, uint32_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

static void flat_append(wherry_type_t *type, const wherry_type_t *part) {
  for (unsigned i = 0; i < part->flat_count && i < WH_MAX_FLAT_PARAMS; i++) {
    if (type->flat_count > WH_MAX_FLAT_PARAMS) return;
    if (type->flat_count < WH_MAX_FLAT_PARAMS) type->flat[type->flat_count] = part->flat[i];
    type->flat_count++;
  }
  if (part->flat_count > WH_MAX_FLAT_PARAMS) type->flat_count = WH_MAX_FLAT_PARAMS + 1;
}

/* elem_size_record, alignment_record, flatten_record. */
static bool lay_out_record(wherry_type_t *type, wh_type_field_t *fields) {
  uint32_t size = 0, alignment = 1;
  for (uint32_t i = 0; i < type->field_count; i++) {
    const wherry_type_t *part = fields[i].type;
    size = align_to(size, part->alignment);
    fields[i].offset = size;
    size += part->size; /* both below 2^28 */
    if (size > WH_MAX_LIST_BYTE_LENGTH) return false;
    if (part->alignment > alignment) alignment = part->alignment;
    flat_append(type, part);
  }
  type->size = align_to(size, alignment);
  type->alignment = alignment;
  return type->size <= WH_MAX_LIST_BYTE_LENGTH;
}

static uint8_t join(uint8_t a, uint8_t b) {
  if (a == b) return a;
  if ((a == I32 && b == F32) || (a == F32 && b == I32)) return I32;
  return I64;
}

/* elem_size_variant, alignment_variant, flatten_variant. */
static bool lay_out_variant(wherry_type_t *type) {
  uint32_t count = type->field_count, most = 0, alignment = 1;
  type->discriminant = count <= 256 ? 1 : count <= 65536 ? 2 : 4;
  type->flat_count = 1;
  type->flat[0] = I32;
  for (uint32_t i = 0; i < count; i++) {
    const wherry_type_t *part = type->fields[i].type;
    if (!part) continue;
    if (part->size > most) most = part->size;
    if (part->alignment > alignment) alignment = part->alignment;
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
  type->payload_offset = align_to(type->discriminant, alignment);
  if (type->discriminant > alignment) alignment = type->discriminant;
  type->alignment = alignment;
  type->size = align_to(type->payload_offset + most, alignment);
  return type->size <= WH_MAX_LIST_BYTE_LENGTH;
}

static void look_inside(wherry_type_t *type, const wherry_type_t *part) {
  if (!part) return;
  if (part->uses_memory) type->uses_memory = true;
  if (part->depth >= type->depth) type->depth = (uint16_t)(part->depth + 1);
  if (!type->not_taken) type->not_taken = part->not_taken;
}

bool wh_type_lay_out(wherry_type_t *type) {
  const wh_kind_t *kind = &wh_kinds[type->kind];
  type->uses_memory = type->kind == WHERRY_TYPE_STRING || type->kind == WHERRY_TYPE_LIST;
  if (!kind->taken) type->not_taken = type;
  for (uint32_t i = 0; i < type->field_count; i++) look_inside(type, type->fields[i].type);
  look_inside(type, type->element);
  look_inside(type, type->second);
  if (type->depth > WH_MAX_TYPE_DEPTH) return false;
  if (kind->size) {
    type->size = kind->size;
    type->alignment = kind->alignment;
    type->flat_count = kind->flat_count;
    memset(type->flat, kind->flat, kind->flat_count);
    return true;
  }
  if (kind->is & wh_cases) return lay_out_variant(type);
  if (type->kind == WHERRY_TYPE_FLAGS) { /* elem_size_flags */
    type->size = type->field_count <= 8 ? 1 : type->field_count <= 16 ? 2 : 4;
    type->alignment = type->size;
    type->flat_count = 1;
    type->flat[0] = I32;
    return true;
  }
  return lay_out_record(type, (wh_type_field_t *)type->fields);
}
