/* One pass over a body: constants, locals and the order of things; the other files do the work. */
#include "compile_state.h"
#include "ops/ops.h"

uint32_t whc_read_opcode(compiler_t *c) {
  uint32_t opcode = *c->next++;
  if (wh_op_is_prefix((uint8_t)opcode)) opcode = opcode << 16 | whc_imm_u32(c);
  return opcode;
}

wherry_valtype_t whc_read_type(compiler_t *c) {
  uint8_t code = *c->next++;
  if (code != 0x63 && code != 0x64) return code;
  wh_leb_s(&c->next);
  return WHERRY_ANYREF;
}

static uint64_t read_bytes(compiler_t *c, size_t size) {
  uint64_t bits = 0;
  memcpy(&bits, c->next, size);
  c->next += size;
  return bits;
}

/* Not a number, not control: 0 is "another". */
static bool compile_simple(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
  case WH_OP_NOP: return true;
  case WH_OP_DROP: whc_pop_as_is(c); return true;
  case WH_OP_SELECT: {
    /* The type is that of an operand; the class and width are all that matters of it. */
    const operand_t *b = whc_operand_at(c, (uint32_t)c->stack.count - 2);
    static const wherry_valtype_t wide[] = {WHERRY_I64, WHERRY_F32, WHERRY_F64, WHERRY_V128};
    whc_select(c, b->class == CLASS_INT && !b->wide ? WHERRY_I32 : wide[b->class]);
    return true;
  }
  case WH_OP_SELECT_TYPED:
    whc_imm_u32(c);
    whc_select(c, whc_read_type(c));
    return true;
  case WH_OP_LOCAL_GET: {
    uint32_t local = whc_imm_u32(c);
    c->read_before_set |= whc_local_bit(c, local) & ~c->set;
    whc_push_local(c, local);
    return true;
  }
  case WH_OP_LOCAL_SET:
  case WH_OP_LOCAL_TEE: {
    uint32_t local = whc_imm_u32(c);
    c->set |= whc_local_bit(c, local);
    whc_set_local(c, local, opcode == WH_OP_LOCAL_TEE);
    return true;
  }
  case WH_OP_I32_CONST: whc_push_const(c, WHERRY_I32, (uint32_t)wh_leb_s(&c->next)); return true;
  case WH_OP_I64_CONST: whc_push_const(c, WHERRY_I64, (uint64_t)wh_leb_s(&c->next)); return true;
  case WH_OP_F32_CONST: whc_push_const(c, WHERRY_F32, read_bytes(c, 4)); return true;
  case WH_OP_F64_CONST: whc_push_const(c, WHERRY_F64, read_bytes(c, 8)); return true;
  case WH_OP_I32_ADD:
  case WH_OP_I32_SUB:
  case WH_OP_I64_ADD:
  case WH_OP_I32_WRAP_I64:
  case WH_OP_I64_EXTEND_I32_U:
  case WH_OP_I64_EXTEND_I32_S:
  case WH_OP_I64_EXTEND32_S: return whc_sum(c, opcode);
  case WH_OP_REF_NULL:
    wh_leb_s(&c->next);
    whc_push_const(c, WHERRY_FUNCREF, 0);
    return true;
  case WH_OP_GLOBAL_GET:
  case WH_OP_GLOBAL_SET: whc_global(c, opcode); return true;
  case WH_OP_CALL:
  case WH_OP_CALL_INDIRECT:
  case WH_OP_RETURN_CALL:
  case WH_OP_RETURN_CALL_INDIRECT:
  case WH_OP_CALL_REF:
  case WH_OP_RETURN_CALL_REF: whc_call(c, opcode); return true;
  case WH_OP_UNREACHABLE:
  case WH_OP_BLOCK:
  case WH_OP_LOOP:
  case WH_OP_IF:
  case WH_OP_TRY_TABLE:
  case WH_OP_TRY:
  case WH_OP_ELSE:
  case WH_OP_END:
  case WH_OP_BR:
  case WH_OP_BR_IF:
  case WH_OP_BR_TABLE:
  case WH_OP_RETURN: whc_control(c, opcode); return true;
  default: return false;
  }
}

/* ---- vectors ---- */

static bool in_scratch(const compiler_t *c, const void *items) {
  uintptr_t place = (uintptr_t)items, scratch = (uintptr_t)c->scratch;
  return place >= scratch && place < scratch + sizeof *c->scratch;
}

bool whc_grow(compiler_t *c, void **items, size_t *capacity, size_t wanted, size_t item_size) {
  void *old;
  memcpy(&old, (void *)items, sizeof old);
  if (!in_scratch(c, old)) return wh_vec_reserve_(c->alloc, items, capacity, wanted, item_size);
  void *moved = NULL;
  size_t grown = 0;
  if (!wh_vec_reserve_(c->alloc, &moved, &grown, wanted + *capacity, item_size)) return false;
  memcpy(moved, old, *capacity * item_size);
  memcpy((void *)items, &moved, sizeof moved);
  *capacity = grown;
  return true;
}

#define BEGIN(c, vec) \
  ((c)->vec.items = (c)->scratch->vec, (c)->vec.capacity = WH_COUNT((c)->scratch->vec))
#define END(c, vec)                                                           \
  do {                                                                        \
    if (!in_scratch((c), (c)->vec.items)) wh_vec_free((c)->alloc, &(c)->vec); \
  } while (0)

/* Stack and blocks have a place each that running out of memory in the middle of an instruction can
   fall back on. */
static void begin_vectors(compiler_t *c) {
  BEGIN(c, stack);
  BEGIN(c, blocks);
  BEGIN(c, fixups);
  BEGIN(c, map);
  BEGIN(c, locals);
}

static void end_vectors(compiler_t *c) {
  END(c, stack);
  END(c, blocks);
  END(c, fixups);
  END(c, map);
  END(c, locals);
  wh_vec_free(c->alloc, &c->guards);
  wh_vec_free(c->alloc, &c->words);
}

/* ---- a function ---- */

/* Declares a local in the next slot. False: no memory. */
static bool add_local(compiler_t *c, wherry_valtype_t type, int32_t *slot) {
  local_t local = {.slot = *slot, .class = (uint8_t)whc_class_of(type), .wide = whc_is_wide(type)};
  *slot += whc_slots_of(type);
  return whc_add(c, &c->locals, local);
}

/* Declares the locals; the first operation makes those that are not parameters zero, as far as
   whc_finish_code says. False: no memory. */
static bool start_locals(compiler_t *c) {
  int32_t slot = -whc_param_slots(c->type);
  for (uint32_t i = 0; i < c->type->param_count; i++)
    if (!add_local(c, c->type->types[i], &slot)) return false;
  slot = WH_FRAME_HEADER;
  for (uint32_t groups = whc_imm_u32(c); groups; groups--) {
    uint32_t count = whc_imm_u32(c);
    wherry_valtype_t type = whc_read_type(c);
    while (count--)
      if (!add_local(c, type, &slot)) return false;
  }
  c->next_home = c->top_slot = slot;
  if (slot > WH_FRAME_HEADER) {
    whc_emit_op(c, WH_CODE_ZERO);
    whc_emit(c, 0);
    whc_emit(c, 0);
  }
  return true;
}

static bool start(compiler_t *c, const wh_body_t *body) {
  c->last_op_at = c->compare_at = c->home_op_at = c->global_set_at = NO_PLACE;
  for (unsigned class = 0; class < CLASS_ACCS; class ++)
    c->acc[class].entry = c->old[class].entry = NO_ENTRY;
  whc_forget_accs(c);
  c->next = c->instruction = body->bytes;
  c->end = body->bytes + body->size;
  c->reachable = true;
  if (!wh_vec_reserve(c->alloc, &c->words, (size_t)body->size + 2 * OPERATION_WORDS)) return false;
  block_t function = {.results = c->type->types + c->type->param_count,
                      .result_count = c->type->result_count,
                      .fixups = NO_PLACE,
                      .else_fixups = NO_PLACE,
                      .delegates = NO_PLACE,
                      .stub_for = NO_PLACE,
                      .end_path = UINT32_MAX};
  if (!start_locals(c)) return false;
  function.base = c->next_home;
  return whc_add(c, &c->blocks, function);
}

/* Guests may have millions of operands, and setting a local looks at those that are not settled. */
enum { MOST_UNSETTLED = 512 };

wherry_error_t *wh_compile(wh_alloc_t *alloc, const wh_model_t *model,
                           const wh_rtype_t *const *types, uint32_t function,
                           const wh_handlers_t *handlers, const wh_fuses_t *fuses, bool canonical,
                           wh_code_t **out) {
  scratch_t scratch;
  compiler_t c = {.alloc = alloc,
                  .scratch = &scratch,
                  .model = model,
                  .types = types,
                  .handlers = handlers,
                  .fuses = fuses,
                  .type = wh_model_functype(model, function),
                  .function = function};
  begin_vectors(&c);
  c.failed = !start(&c, &model->bodies.items[function - model->imported_functions]);
  while (!c.done && !c.failed) {
    if (!c.reachable) whc_skip_unreachable(&c);
    if (WH_UNLIKELY(c.stack.count - c.settled > MOST_UNSETTLED)) whc_settle_all(&c, c.stack.count);
    c.instruction = c.next;
    uint32_t opcode = whc_read_opcode(&c);
    c.path++;
    if (!compile_simple(&c, opcode) && !whc_numeric(&c, opcode) && !whc_vector(&c, opcode) &&
        !whc_object(&c, opcode) && !whc_atomic(&c, opcode) && !whc_exception(&c, opcode))
      whc_called(&c, opcode);
    if (canonical && !c.failed) whc_canonical(&c, opcode);
  }
  wherry_error_t *error = whc_finish_code(&c, out);
  end_vectors(&c);
  return error;
}
