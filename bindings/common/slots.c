/* Where values lie among slots: one behind the other, each in as many as its type takes. */
#include "common.h"

#include <string.h>

size_t wh_bind_room(const wherry_functype_t *type) {
  size_t params = 0, results = 0;
  for (size_t i = 0; i < wherry_functype_param_count(type); i++)
    params += wh_bind_slots(wherry_functype_param(type, i));
  for (size_t i = 0; i < wherry_functype_result_count(type); i++)
    results += wh_bind_slots(wherry_functype_result(type, i));
  return params > results ? params : results;
}

wherry_value_t wh_bind_value(wherry_store_t *store, const wherry_slot_t *slots,
                             wherry_valtype_t type) {
  if (type != WHERRY_V128) return wherry_value_from_slot(store, *slots, type);
  wherry_value_t value = {.type = type};
  memcpy(value.of.v128, slots, sizeof value.of.v128);
  return value;
}
