/* Instructions. */
#include "encode_output.h"
#include "model/instr.h"

static void heap_type(buffer_t *out, wh_heap_t heap) {
  if (wh_heap_is_abstract(heap))
    wh_encode_byte(out, heap & 0xFF);
  else
    wh_encode_s(out, heap);
}

void wh_encode_type(buffer_t *out, wherry_valtype_t type) {
  wh_encode_byte(out, type & 0xFF);
  if (wh_has_heap(type)) heap_type(out, wh_ref_heap(type));
}

static void block_type(buffer_t *out, const wh_instr_t *instr) {
  if (instr->has_type_index)
    wh_encode_s(out, instr->index[0]);
  else
    wh_encode_type(out, instr->type);
}

static void memarg(buffer_t *out, const wh_instr_t *instr) {
  uint32_t memory = instr->index[0];
  wh_encode_u(out, instr->align | (memory ? 0x40 : 0));
  if (memory) wh_encode_u(out, memory);
  wh_encode_u(out, instr->offset);
}

static void indices(buffer_t *out, const wh_instr_t *instr, unsigned count) {
  for (unsigned i = 0; i < count; i++) wh_encode_u(out, instr->index[i]);
}

static void labels(buffer_t *out, const wh_instr_t *instr) {
  const uint8_t *at = instr->list;
  wh_encode_u(out, instr->count);
  for (uint64_t i = 0; i <= instr->count; i++) wh_encode_u(out, wh_leb_u(&at));
}

static void types(buffer_t *out, const wh_instr_t *instr) {
  const uint8_t *at = instr->list;
  wh_encode_u(out, instr->count);
  for (uint32_t i = 0; i < instr->count; i++)
    wh_encode_type(out, wh_instr_type(&at, instr->list_end));
}

static void clauses(buffer_t *out, const wh_instr_t *instr) {
  const uint8_t *at = instr->list;
  wh_encode_u(out, instr->count);
  for (uint32_t i = 0; i < instr->count; i++) {
    wh_clause_t clause = wh_instr_clause(&at);
    wh_encode_byte(out, clause.kind);
    if (clause.kind < WH_CATCH_ALL) wh_encode_u(out, clause.tag);
    wh_encode_u(out, clause.label);
  }
}

static void immediates(buffer_t *out, const wh_instr_t *instr) {
  switch ((wh_imm_t)instr->op->immediates) {
  case WH_IMM_NONE: break;
  case WH_IMM_BLOCK: block_type(out, instr); break;
  case WH_IMM_TRY_TABLE:
    block_type(out, instr);
    clauses(out, instr);
    break;
  case WH_IMM_LABEL_TABLE: labels(out, instr); break;
  case WH_IMM_LABEL:
  case WH_IMM_FUNC:
  case WH_IMM_LOCAL:
  case WH_IMM_GLOBAL:
  case WH_IMM_TABLE:
  case WH_IMM_ELEM:
  case WH_IMM_DATA:
  case WH_IMM_MEMORY_INDEX:
  case WH_IMM_TAG:
  case WH_IMM_TYPE: indices(out, instr, 1); break;
  case WH_IMM_TYPE_TABLE:
  case WH_IMM_TABLE_TABLE:
  case WH_IMM_ELEM_TABLE:
  case WH_IMM_DATA_MEMORY:
  case WH_IMM_MEMORY_MEMORY:
  case WH_IMM_TYPE_FIELD:
  case WH_IMM_TYPE_COUNT:
  case WH_IMM_TYPE_DATA:
  case WH_IMM_TYPE_ELEM:
  case WH_IMM_TYPE_TYPE: indices(out, instr, 2); break;
  case WH_IMM_MEMARG_: memarg(out, instr); break;
  case WH_IMM_MEMARG_LANE_:
    memarg(out, instr);
    wh_encode_byte(out, instr->lane);
    break;
  case WH_IMM_LANE_: wh_encode_byte(out, instr->lane); break;
  case WH_IMM_FENCE: wh_encode_byte(out, 0); break;
  case WH_IMM_I32_CONST:
  case WH_IMM_I64_CONST: wh_encode_s(out, (int64_t)instr->bits); break;
  case WH_IMM_F32_CONST: wh_encode_bytes(out, &instr->bits, 4); break;
  case WH_IMM_F64_CONST: wh_encode_bytes(out, &instr->bits, 8); break;
  case WH_IMM_V128_CONST:
  case WH_IMM_SHUFFLE: wh_encode_bytes(out, instr->bytes, 16); break;
  case WH_IMM_REF_TYPE:
  case WH_IMM_HEAP_TYPE: heap_type(out, instr->heap[0]); break;
  case WH_IMM_SELECT_TYPES: types(out, instr); break;
  case WH_IMM_CAST:
    wh_encode_byte(out, instr->flags);
    wh_encode_u(out, instr->index[0]);
    heap_type(out, instr->heap[0]);
    heap_type(out, instr->heap[1]);
    break;
  }
}

static bool names_data(const wh_op_t *op) {
  return op->immediates == WH_IMM_DATA || op->immediates == WH_IMM_DATA_MEMORY ||
         op->immediates == WH_IMM_TYPE_DATA;
}

static bool failed(encoder_t *e, const wh_reader_t *in, const char *problem) {
  e->error = wh_error_at(e->alloc, WHERRY_ERROR_MALFORMED, wh_reader_offset(in), "%s", problem);
  return false;
}

static bool instruction(encoder_t *e, wh_reader_t *in, wh_instr_t *instr, buffer_t *out) {
  const char *problem;
  if (!wh_instr_read(in, instr, &problem)) return failed(e, in, problem);
  if (instr->opcode < 256) {
    wh_encode_byte(out, instr->opcode);
  } else {
    wh_encode_byte(out, instr->opcode >> 16);
    wh_encode_u(out, instr->opcode & 0xFFFF);
  }
  immediates(out, instr);
  return true;
}

bool wh_encode_exprs(encoder_t *e, const uint8_t *bytes, size_t size, uint64_t offset,
                     buffer_t *out) {
  wh_reader_t in = {bytes, bytes, bytes + size, offset};
  wh_instr_t instr;
  while (in.next < in.end)
    if (!instruction(e, &in, &instr, out)) return false;
  return true;
}

bool wh_encode_expr(encoder_t *e, const wh_const_expr_t *code, buffer_t *out) {
  return wh_encode_exprs(e, code->bytes, code->size, code->offset, out);
}

/* ---- bodies ---- */

typedef struct run {
  uint32_t count;
  wherry_valtype_t type;
} run_t;

/* The next run of locals; groups: how many are left in the binary. A count of 0: there are no more. */
static bool next_run(encoder_t *e, wh_reader_t *in, uint32_t *groups, run_t *run) {
  *run = (run_t) {0};
  while (*groups > 0) {
    const uint8_t *at = in->next;
    const char *problem;
    run_t more;
    if (!wh_instr_group(in, &more.count, &more.type, &problem)) return failed(e, in, problem);
    if (more.count && run->count &&
        (more.type != run->type || more.count > UINT32_MAX - run->count)) {
      in->next = at;
      return true;
    }
    --*groups;
    if (more.count) run->type = more.type;
    run->count += more.count;
  }
  return true;
}

static bool locals(encoder_t *e, wh_reader_t *in, buffer_t *out) {
  uint32_t groups, left, count = 0;
  run_t run;
  if (!wh_read_u32(in, &groups)) return failed(e, in, wh_read_problem(in, 32, false));
  wh_reader_t first = *in;
  left = groups;
  for (;; count++) {
    if (!next_run(e, in, &left, &run)) return false;
    if (!run.count) break;
  }
  wh_encode_u(out, count);
  *in = first;
  left = groups;
  for (;;) {
    if (!next_run(e, in, &left, &run)) return false;
    if (!run.count) return true;
    wh_encode_u(out, run.count);
    wh_encode_type(out, run.type);
  }
}

/* *hint: the first one that is not yet behind. */
static bool body(encoder_t *e, uint32_t function, const wh_body_t *code, size_t *hint,
                 buffer_t *out) {
  wh_reader_t in = {code->bytes, code->bytes, code->bytes + code->size, code->offset};
  wh_instr_t instr;
  if (!locals(e, &in, out)) return false;
  while (in.next < in.end) {
    if (*hint < e->hints.items.count && e->hints.items.items[*hint].function == function &&
        e->hints.items.items[*hint].offset == (size_t)(in.next - in.start))
      e->hint_offsets[(*hint)++] = (uint32_t)out->size;
    if (!instruction(e, &in, &instr, out)) return false;
    if (names_data(instr.op)) e->needs_data_count = true;
  }
  return true;
}

bool wh_encode_bodies(encoder_t *e, buffer_t *out, buffer_t *scratch) {
  const wh_model_t *m = e->model;
  size_t hint = 0;
  for (size_t i = 0; i < m->bodies.count; i++) {
    scratch->size = 0;
    if (!body(e, m->imported_functions + (uint32_t)i, &m->bodies.items[i], &hint, scratch))
      return false;
    wh_encode_counted(out, scratch->data, scratch->size);
  }
  return true;
}
