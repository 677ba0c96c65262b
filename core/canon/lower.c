/* Lowering: from the host's values to flat values and the guest's memory. Storing, Flat Lowering and
   Lifting and Lowering Values of the Canonical ABI; functions are called as they are there. */
#include "canon/canon.h"

#include "canon_walk.h"

/* LiftLowerContext.allocate. Runs the guest: its memory may have grown afterwards. */
static wherry_error_t *allocate(wh_walk_t *walk, uint32_t alignment, uint32_t size,
                                uint32_t *address) {
  wherry_lifted_t *lifted = walk->lifted;
  uint64_t slots[4] = {0, 0, alignment, size}; /* old address, old size, alignment, new size */
  wherry_error_t *error = wh_call_quiet(lifted->store, lifted->realloc, slots);
  if (WH_UNLIKELY(error != NULL)) return error;
  *address = (uint32_t)slots[0];
  if (WH_UNLIKELY(*address & (alignment - 1)))
    return wh_walk_trap(walk, "cabi_realloc returned address %u, which is not aligned to %u",
                        *address, alignment);
  if (WH_UNLIKELY(!wh_walk_fits(walk, *address, size)))
    return wh_walk_trap(walk,
                        "cabi_realloc returned address %u for %u bytes, but the memory has %llu",
                        *address, size, (unsigned long long)lifted->memory->size);
  return NULL;
}

/* ---- numbers ---- */

/* The table promises numbers that fit; a wrong one must still not reach the guest. */
static bool fits(wherry_type_kind_t kind, wherry_slot_t number) {
  switch (kind) {
  case WHERRY_TYPE_BOOL: return number.u64 <= 1;
  case WHERRY_TYPE_S8: return number.i64 == (int8_t)number.i64;
  case WHERRY_TYPE_U8: return number.u64 <= UINT8_MAX;
  case WHERRY_TYPE_S16: return number.i64 == (int16_t)number.i64;
  case WHERRY_TYPE_U16: return number.u64 <= UINT16_MAX;
  case WHERRY_TYPE_S32: return number.i64 == (int32_t)number.i64;
  case WHERRY_TYPE_U32: return number.u64 <= UINT32_MAX;
  case WHERRY_TYPE_CHAR: return wh_is_unicode_scalar(number.u64);
  default: return true;
  }
}

static wherry_error_t *take_number(wh_walk_t *walk, const wherry_type_t *type,
                                   wherry_host_value_t value, wherry_slot_t *number) {
  number->u64 = 0; /* a table may write a float only */
  wherry_error_t *error = walk->host->take_number(walk->context, type, value, number);
  if (WH_UNLIKELY(error != NULL)) return wh_walk_host_error(walk, error);
  if (WH_LIKELY(fits(type->kind, *number))) return NULL;
  return wh_walk_range(walk, "%lld does not fit in %s", (long long)number->i64,
                       wh_type_kind_name(type->kind));
}

/* ---- strings and lists ---- */

static void release_view(wh_walk_t *walk) {
  wh_held_t held = wh_walk_let_go(walk);
  walk->host->release_view(walk->context, &held.view);
}

/* store_string_into_range, store_string_copy: both sides speak UTF-8. */
static wherry_error_t *store_string_into_range(wh_walk_t *walk, wherry_host_value_t value,
                                               uint32_t *address, uint32_t *size) {
  wherry_host_view_t view = {0};
  if (!wh_walk_can_hold(walk)) return wh_error_oom();
  wherry_error_t *error = walk->host->take_string(walk->context, value, &view);
  if (WH_UNLIKELY(error != NULL)) return wh_walk_host_error(walk, error);
  wh_walk_hold_view(walk, &view);
  if (view.count > WH_MAX_LIST_BYTE_LENGTH)
    return wh_walk_range(walk, "a string of %zu bytes is longer than a guest can take (%u)",
                         view.count, WH_MAX_LIST_BYTE_LENGTH);
  *size = (uint32_t)view.count;
  error = allocate(walk, 1, *size, address);
  if (WH_UNLIKELY(error != NULL)) return error;
  if (*size) memcpy(wh_walk_memory(walk, *address), view.data, *size);
  release_view(walk);
  return NULL;
}

static wherry_error_t *store(wh_walk_t *walk, const wherry_type_t *type, wherry_host_value_t value,
                             uint32_t address);

/* A packed list of bool or char is checked: not every byte pattern is one. */
static wherry_error_t *check_packed(wh_walk_t *walk, const wherry_type_t *element,
                                    const uint8_t *data, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    wherry_slot_t number = {.u64 = 0};
    memcpy(&number, data + (size_t)i * element->size, element->size);
    if (!fits(element->kind, number))
      return wh_walk_in_item(walk,
                             wh_walk_range(walk, "%llu is no %s", (unsigned long long)number.u64,
                                           wh_type_kind_name(element->kind)),
                             i);
  }
  return NULL;
}

/* store_list_into_valid_range, an item at a time. */
static wherry_error_t *store_items(wh_walk_t *walk, const wherry_type_t *type,
                                   wherry_host_value_t value, uint32_t count, uint32_t address) {
  const wherry_type_t *element = type->element;
  if (!wh_walk_can_hold(walk)) return wh_error_oom();
  for (uint32_t i = 0; i < count; i++, address += element->size) {
    wherry_host_value_t item;
    wherry_error_t *error = walk->host->take_item(walk->context, type, value, i, &item);
    if (WH_UNLIKELY(error != NULL))
      return wh_walk_in_item(walk, wh_walk_host_error(walk, error), i);
    wh_walk_hold_value(walk, item);
    error = store(walk, element, item, address);
    if (WH_UNLIKELY(error != NULL)) return wh_walk_in_item(walk, error, i);
    wh_walk_let_go(walk);
    walk->host->drop(walk->context, item);
  }
  return NULL;
}

static wherry_error_t *store_list_into_range(wh_walk_t *walk, const wherry_type_t *type,
                                             wherry_host_value_t value, uint32_t *address,
                                             uint32_t *count) {
  const wherry_type_t *element = type->element;
  wherry_host_view_t view = {0};
  if (!wh_walk_can_hold(walk)) return wh_error_oom();
  wherry_error_t *error = walk->host->take_list(walk->context, type, value, &view);
  if (WH_UNLIKELY(error != NULL)) return wh_walk_host_error(walk, error);
  wh_walk_hold_view(walk, &view);
  if (view.count > WH_MAX_LIST_BYTE_LENGTH / element->size)
    return wh_walk_range(walk, "a list of %zu items of %u bytes is longer than a guest can take",
                         view.count, element->size);
  *count = (uint32_t)view.count;
  bool packed = view.data && wh_type_is_scalar(element->kind);
  if (packed && !wh_type_is_number(element->kind)) {
    error = check_packed(walk, element, view.data, *count);
    if (WH_UNLIKELY(error != NULL)) return error;
  }
  error = allocate(walk, element->alignment, *count * element->size, address);
  if (WH_UNLIKELY(error != NULL)) return error;
  if (!packed)
    error = store_items(walk, type, value, *count, *address);
  else if (*count)
    memcpy(wh_walk_memory(walk, *address), view.data, (size_t)*count * element->size);
  if (WH_UNLIKELY(error != NULL)) return error;
  release_view(walk);
  return NULL;
}

/* ---- values in memory and flat values ---- */

static wherry_error_t *lower_flat(wh_walk_t *walk, const wherry_type_t *type,
                                  wherry_host_value_t value);

/* store_record and lower_flat_record; in_memory: to address, else to walk->slots. */
static wherry_error_t *lower_fields(wh_walk_t *walk, const wherry_type_t *type,
                                    wherry_host_value_t value, bool in_memory, uint32_t address) {
  if (!wh_walk_can_hold(walk)) return wh_error_oom();
  for (uint32_t i = 0; i < type->field_count; i++) {
    const wh_type_field_t *field = &type->fields[i];
    wherry_host_value_t item;
    wherry_error_t *error = walk->host->take_item(walk->context, type, value, i, &item);
    if (WH_UNLIKELY(error != NULL))
      return wh_walk_in_field(walk, wh_walk_host_error(walk, error), type, i);
    wh_walk_hold_value(walk, item);
    error = in_memory ? store(walk, field->type, item, address + field->offset)
                      : lower_flat(walk, field->type, item);
    if (WH_UNLIKELY(error != NULL)) return wh_walk_in_field(walk, error, type, i);
    wh_walk_let_go(walk);
    walk->host->drop(walk->context, item);
  }
  return NULL;
}

/* store. The address is aligned and in bounds: whoever allocated saw to it. */
static wherry_error_t *store(wh_walk_t *walk, const wherry_type_t *type, wherry_host_value_t value,
                             uint32_t address) {
  wherry_slot_t number;
  wherry_error_t *error;
  uint32_t pair[2];
  switch (type->kind) {
  case WHERRY_TYPE_RECORD:
  case WHERRY_TYPE_TUPLE: return lower_fields(walk, type, value, true, address);
  case WHERRY_TYPE_STRING:
    error = store_string_into_range(walk, value, &pair[0], &pair[1]);
    if (WH_LIKELY(!error)) memcpy(wh_walk_memory(walk, address), pair, sizeof pair);
    return error;
  case WHERRY_TYPE_LIST:
    error = store_list_into_range(walk, type, value, &pair[0], &pair[1]);
    if (WH_LIKELY(!error)) memcpy(wh_walk_memory(walk, address), pair, sizeof pair);
    return error;
  default: /* store_int: the low bytes are the number, of floats too */
    WH_ASSERT(wh_type_is_scalar(type->kind));
    error = take_number(walk, type, value, &number);
    if (WH_LIKELY(!error)) {
      uint8_t *to = wh_walk_memory(walk, address);
      switch (type->size) {
      case 1: memcpy(to, &number, 1); break;
      case 2: memcpy(to, &number, 2); break;
      case 4: memcpy(to, &number, 4); break;
      default: memcpy(to, &number, 8); break;
      }
    }
    return error;
  }
}

/* lower_flat. Slots of i32 and f32 have nothing in their upper half. */
static wherry_error_t *lower_flat(wh_walk_t *walk, const wherry_type_t *type,
                                  wherry_host_value_t value) {
  wherry_slot_t number;
  wherry_error_t *error;
  uint32_t pair[2];
  switch (type->kind) {
  case WHERRY_TYPE_RECORD:
  case WHERRY_TYPE_TUPLE: return lower_fields(walk, type, value, false, 0);
  case WHERRY_TYPE_STRING: error = store_string_into_range(walk, value, &pair[0], &pair[1]); break;
  case WHERRY_TYPE_LIST:
    error = store_list_into_range(walk, type, value, &pair[0], &pair[1]);
    break;
  default:
    WH_ASSERT(wh_type_is_scalar(type->kind));
    error = take_number(walk, type, value, &number);
    if (WH_LIKELY(!error)) *walk->slots++ = type->size == 8 ? number.u64 : number.u32;
    return error;
  }
  if (WH_UNLIKELY(error != NULL)) return error;
  *walk->slots++ = pair[0];
  *walk->slots++ = pair[1];
  return NULL;
}

/* The path begins with the parameter: "run(): parameter 2 (start.x): expected u32, got str". */
WH_COLD static wherry_error_t *in_param(wh_walk_t *walk, wherry_error_t *error, uint32_t index) {
  const wherry_witfunc_t *func = walk->lifted->func;
  if (walk->located)
    wh_error_prefix(error, "%s(): parameter %u (%s", func->name, index + 1,
                    func->params->fields[index].name);
  return error;
}

wherry_error_t *wh_lower_params(wh_walk_t *walk, const wherry_host_value_t *args) {
  const wherry_type_t *params = walk->lifted->func->params;
  bool spill = walk->lifted->params_spill;
  uint32_t address = 0;
  wherry_error_t *error;
  if (spill) {
    error = allocate(walk, params->alignment, params->size, &address);
    if (error) {
      if (walk->located)
        wh_error_prefix(error, "%s(): the parameters (in memory", walk->lifted->func->name);
      return error;
    }
    *walk->slots = address;
  }
  for (uint32_t i = 0; i < params->field_count; i++) {
    const wh_type_field_t *param = &params->fields[i];
    error = spill ? store(walk, param->type, args[i], address + param->offset)
                  : lower_flat(walk, param->type, args[i]);
    if (WH_UNLIKELY(error != NULL)) return in_param(walk, error, i);
  }
  return NULL;
}
