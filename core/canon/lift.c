/* Lifting: from flat values and the guest's memory to the host's values. Loading, Flat Lifting and
   Lifting and Lowering Values of the Canonical ABI; functions are called as they are there. */
#include "canon/canon.h"

#include "canon_walk.h"

/* Lists may share bytes, so a small memory could say a huge value. What one call lifts is counted;
   what a guest wrote without sharing never exceeds its memory, and literals may be shared a lot. */
enum { SHARED_BYTES = 16 << 20 };

static wherry_error_t *count_bytes(wh_walk_t *walk, uint64_t size) {
  uint64_t most = walk->lifted->memory->size;
  if (most < SHARED_BYTES) most = SHARED_BYTES;
  walk->moved += size;
  if (WH_LIKELY(walk->moved <= most)) return NULL;
  return wh_walk_trap(walk,
                      "the value holds more than %llu bytes, which a memory of %llu cannot "
                      "hold unless its lists overlap",
                      (unsigned long long)most, (unsigned long long)walk->lifted->memory->size);
}

static wherry_error_t *made(wh_walk_t *walk, wherry_error_t *error) {
  return WH_LIKELY(!error) ? NULL : wh_walk_host_error(walk, error);
}

/* ---- numbers ---- */

/* From the low bytes of a slot or of memory to what the table takes: lift_flat_unsigned,
   lift_flat_signed, convert_int_to_bool, convert_i32_to_char. */
static wherry_error_t *lift_number(wh_walk_t *walk, const wherry_type_t *type, uint64_t bits,
                                   wherry_host_value_t *out) {
  wherry_slot_t number;
  switch (type->kind) {
  case WHERRY_TYPE_BOOL: number.u64 = (uint32_t)bits != 0; break;
  case WHERRY_TYPE_S8: number.i64 = (int8_t)bits; break;
  case WHERRY_TYPE_U8: number.u64 = (uint8_t)bits; break;
  case WHERRY_TYPE_S16: number.i64 = (int16_t)bits; break;
  case WHERRY_TYPE_U16: number.u64 = (uint16_t)bits; break;
  case WHERRY_TYPE_S32: number.i64 = (int32_t)bits; break;
  case WHERRY_TYPE_U32:
  case WHERRY_TYPE_F32: number.u64 = (uint32_t)bits; break;
  case WHERRY_TYPE_CHAR:
    number.u64 = (uint32_t)bits;
    if (!wh_is_unicode_scalar(number.u64))
      return wh_walk_trap(walk, "0x%X is no Unicode scalar value", number.u32);
    break;
  default: number.u64 = bits; break;
  }
  return made(walk, walk->host->make_number(walk->context, type, number, out));
}

/* ---- strings and lists ---- */

/* load_string_from_range. */
static wherry_error_t *load_string_from_range(wh_walk_t *walk, uint32_t address, uint32_t size,
                                              wherry_host_value_t *out) {
  bool is_ascii;
  if (WH_UNLIKELY(size > WH_MAX_LIST_BYTE_LENGTH))
    return wh_walk_trap(walk, "a string of %u bytes is longer than %u", size,
                        WH_MAX_LIST_BYTE_LENGTH);
  if (WH_UNLIKELY(!wh_walk_fits(walk, address, size)))
    return wh_walk_trap(walk, "a string of %u bytes at address %u reaches past the memory's %llu",
                        size, address, (unsigned long long)walk->lifted->memory->size);
  wherry_error_t *error = count_bytes(walk, size);
  if (WH_UNLIKELY(error != NULL)) return error;
  const uint8_t *text = wh_walk_memory(walk, address);
  if (WH_UNLIKELY(!wh_utf8_valid(text, size, &is_ascii)))
    return wh_walk_trap(walk, "the string of %u bytes at address %u is not well-formed UTF-8", size,
                        address);
  return made(walk,
              walk->host->make_string(walk->context, (const char *)text, size, is_ascii, out));
}

static wherry_error_t *load(wh_walk_t *walk, const wherry_type_t *type, uint32_t address,
                            wherry_host_value_t *out);
static wherry_error_t *lift_flat(wh_walk_t *walk, const wherry_type_t *type,
                                 wherry_host_value_t *out);

/* load_list_from_range, load_list_from_valid_range. */
static wherry_error_t *load_list_from_range(wh_walk_t *walk, const wherry_type_t *type,
                                            uint32_t address, uint32_t count,
                                            wherry_host_value_t *out) {
  const wherry_type_t *element = type->element;
  uint64_t size = (uint64_t)count * element->size;
  if (WH_UNLIKELY(size > WH_MAX_LIST_BYTE_LENGTH))
    return wh_walk_trap(walk, "a list of %u items of %u bytes is longer than %u bytes", count,
                        element->size, WH_MAX_LIST_BYTE_LENGTH);
  if (WH_UNLIKELY(address & (element->alignment - 1)))
    return wh_walk_trap(walk, "a list at address %u is not aligned to %u", address,
                        element->alignment);
  if (WH_UNLIKELY(!wh_walk_fits(walk, address, size)))
    return wh_walk_trap(walk, "a list of %u items at address %u reaches past the memory's %llu",
                        count, address, (unsigned long long)walk->lifted->memory->size);
  wherry_error_t *error = count_bytes(walk, size);
  if (WH_UNLIKELY(error != NULL)) return error;
  const wherry_host_values_t *host = walk->host;
  if (wh_type_is_number(element->kind))
    return made(walk,
                host->make_numbers(walk->context, type, wh_walk_memory(walk, address), count, out));
  wherry_host_value_t list, item;
  if (!wh_walk_can_hold(walk)) return wh_error_oom();
  error = host->make_start(walk->context, type, count, &list);
  if (WH_UNLIKELY(error != NULL)) return made(walk, error);
  wh_walk_hold_value(walk, list);
  for (uint32_t i = 0; i < count; i++, address += element->size) {
    error = load(walk, element, address, &item);
    if (WH_LIKELY(!error)) error = made(walk, host->make_set(walk->context, type, list, i, item));
    if (WH_UNLIKELY(error != NULL)) return wh_walk_in_item(walk, error, i);
  }
  wh_walk_let_go(walk); /* make_finish drops it when it fails */
  *out = list;
  return made(walk, host->make_finish(walk->context, type, out));
}

/* load_record and lift_flat_record; in_memory: from address, else from walk->slots. */
static wherry_error_t *lift_fields(wh_walk_t *walk, const wherry_type_t *type, bool in_memory,
                                   uint32_t address, wherry_host_value_t *out) {
  const wherry_host_values_t *host = walk->host;
  wherry_host_value_t record, item;
  if (!wh_walk_can_hold(walk)) return wh_error_oom();
  wherry_error_t *error = host->make_start(walk->context, type, type->field_count, &record);
  if (WH_UNLIKELY(error != NULL)) return made(walk, error);
  wh_walk_hold_value(walk, record);
  for (uint32_t i = 0; i < type->field_count; i++) {
    const wh_type_field_t *field = &type->fields[i];
    error = in_memory ? load(walk, field->type, address + field->offset, &item)
                      : lift_flat(walk, field->type, &item);
    if (WH_LIKELY(!error)) error = made(walk, host->make_set(walk->context, type, record, i, item));
    if (WH_UNLIKELY(error != NULL)) return wh_walk_in_field(walk, error, type, i);
  }
  wh_walk_let_go(walk);
  *out = record;
  return made(walk, host->make_finish(walk->context, type, out));
}

/* ---- values in memory and flat values ---- */

/* load. The address is aligned and in bounds: whoever took it from the guest saw to it. */
static wherry_error_t *load(wh_walk_t *walk, const wherry_type_t *type, uint32_t address,
                            wherry_host_value_t *out) {
  const uint8_t *from = wh_walk_memory(walk, address);
  uint64_t bits = 0;
  uint32_t pair[2];
  switch (type->kind) {
  case WHERRY_TYPE_RECORD:
  case WHERRY_TYPE_TUPLE: return lift_fields(walk, type, true, address, out);
  case WHERRY_TYPE_STRING:
    memcpy(pair, from, sizeof pair);
    return load_string_from_range(walk, pair[0], pair[1], out);
  case WHERRY_TYPE_LIST:
    memcpy(pair, from, sizeof pair);
    return load_list_from_range(walk, type, pair[0], pair[1], out);
  default:
    WH_ASSERT(wh_type_is_scalar(type->kind));
    switch (type->size) { /* load_int */
    case 1: memcpy(&bits, from, 1); break;
    case 2: memcpy(&bits, from, 2); break;
    case 4: memcpy(&bits, from, 4); break;
    default: memcpy(&bits, from, 8); break;
    }
    return lift_number(walk, type, bits, out);
  }
}

/* lift_flat. */
static wherry_error_t *lift_flat(wh_walk_t *walk, const wherry_type_t *type,
                                 wherry_host_value_t *out) {
  uint32_t address;
  switch (type->kind) {
  case WHERRY_TYPE_RECORD:
  case WHERRY_TYPE_TUPLE: return lift_fields(walk, type, false, 0, out);
  case WHERRY_TYPE_STRING:
    address = (uint32_t)*walk->slots++;
    return load_string_from_range(walk, address, (uint32_t)*walk->slots++, out);
  case WHERRY_TYPE_LIST:
    address = (uint32_t)*walk->slots++;
    return load_list_from_range(walk, type, address, (uint32_t)*walk->slots++, out);
  default:
    WH_ASSERT(wh_type_is_scalar(type->kind));
    return lift_number(walk, type, *walk->slots++, out);
  }
}

static wherry_error_t *load_result(wh_walk_t *walk, const wherry_type_t *type, uint32_t address,
                                   wherry_host_value_t *out) {
  if (WH_UNLIKELY(address & (type->alignment - 1)))
    return wh_walk_trap(walk, "the address %u it was returned at is not aligned to %u", address,
                        type->alignment);
  if (WH_UNLIKELY(!wh_walk_fits(walk, address, type->size)))
    return wh_walk_trap(walk, "%u bytes were returned at address %u, past the memory's %llu",
                        type->size, address, (unsigned long long)walk->lifted->memory->size);
  return load(walk, type, address, out);
}

wherry_error_t *wh_lift_result(wh_walk_t *walk, wherry_host_value_t *out) {
  const wherry_type_t *type = walk->lifted->func->result;
  wherry_error_t *error = walk->lifted->result_spills
                              ? load_result(walk, type, (uint32_t)*walk->slots, out)
                              : lift_flat(walk, type, out);
  if (WH_UNLIKELY(error != NULL) && walk->located)
    wh_error_prefix(error, "%s(): result", walk->lifted->func->name);
  return error;
}
