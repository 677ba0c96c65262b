/* Types and single instructions, and the blocks that they open and close. */
#include "print.h"

/* ---- types ---- */

const wherry_functype_t *wh_wat_functype(const printer_t *p, uint32_t type) {
  const wh_model_t *m = p->model;
  return type < m->types.count && m->subtypes.items[type].kind == WH_COMP_FUNC
             ? &m->types.items[type]
             : NULL;
}

/* "func", " 3", " $t" */
static void print_heap(printer_t *p, wh_heap_t heap) {
  if (!wh_heap_is_abstract(heap)) {
    wh_wat_print_use(p, WH_NAME_TYPE, heap, 0);
    return;
  }
  wh_wat_print(p, " ");
  wh_wat_print(p, wh_heap_name(heap));
}

void wh_wat_print_valtype(printer_t *p, wherry_valtype_t type) {
  if (!wh_has_heap(type)) {
    wh_wat_print(p, wherry_valtype_name(type));
    return;
  }
  wh_wat_print(p, wh_ref_is_nullable(type) ? "(ref null" : "(ref");
  print_heap(p, wh_ref_heap(type));
  wh_wat_print(p, ")");
}

static void print_types(printer_t *p, const char *word, const wherry_valtype_t *types,
                        uint32_t count) {
  if (!count) return;
  wh_wat_print_space(p);
  wh_wat_print(p, word);
  for (uint32_t i = 0; i < count; i++) {
    wh_wat_print_space(p);
    wh_wat_print_valtype(p, types[i]);
  }
  wh_wat_print(p, ")");
}

void wh_wat_print_signature(printer_t *p, const wherry_functype_t *type, uint32_t function) {
  for (uint32_t i = 0, end; i < type->param_count; i = end) {
    end = i + 1;
    if (function != NO_FUNCTION && wh_wat_has_name(p, WH_NAME_LOCAL, function, i)) {
      wh_wat_print_space(p);
      wh_wat_print(p, "(param");
      wh_wat_print_definition(p, WH_NAME_LOCAL, function, i);
      wh_wat_print(p, " ");
      wh_wat_print_valtype(p, type->types[i]);
      wh_wat_print(p, ")");
      continue;
    }
    while (end < type->param_count &&
           (function == NO_FUNCTION || !wh_wat_has_name(p, WH_NAME_LOCAL, function, end)))
      end++;
    print_types(p, "(param", type->types + i, end - i);
  }
  print_types(p, "(result", type->types + type->param_count, type->result_count);
}

void wh_wat_print_type_use(printer_t *p, uint32_t type, uint32_t function) {
  const wherry_functype_t *func = wh_wat_functype(p, type);
  wh_wat_print(p, " (type");
  wh_wat_print_use(p, WH_NAME_TYPE, type, 0);
  wh_wat_print(p, ")");
  if (func) wh_wat_print_signature(p, func, function);
}

/* ---- labels ---- */

/* Of the block that so many blocks are open inside of: by name, unless another block hides it or lies
   too far out to look, else by number. */
static void print_label(printer_t *p, uint32_t depth) {
  enum { FAR = 100 };
  size_t count = p->blocks.count;
  const block_t *block = depth < count ? &p->blocks.items[count - 1 - depth] : NULL;
  bool named = block && block->id.size && depth < FAR;
  for (uint32_t i = 0; named && i < depth; i++) {
    const block_t *inner = &p->blocks.items[count - 1 - i];
    named =
        inner->id.size != block->id.size ||
        memcmp(p->id_text.data + inner->id.at, p->id_text.data + block->id.at, block->id.size) != 0;
  }
  if (named) {
    wh_wat_print_id(p, block->id);
    return;
  }
  wh_wat_print(p, " ");
  wh_wat_print_number(p, depth);
  if (depth > count || p->in_line) return;
  wh_wat_print(p, " (;@");
  wh_wat_print_number(p, count - depth);
  wh_wat_print(p, ";)");
}

static void print_block(printer_t *p, const wh_instr_t *instr, uint32_t function, uint32_t label) {
  wh_wat_print_definition(p, WH_NAME_LABEL, function, label);
  if (!wh_wat_has_name(p, WH_NAME_LABEL, function, label) && !p->in_line) {
    wh_wat_print(p, " (;@");
    wh_wat_print_number(p, p->blocks.count + 1);
    wh_wat_print(p, ";)");
  }
  if (instr->has_type_index)
    wh_wat_print_type_use(p, instr->index[0], NO_FUNCTION);
  else if (instr->type != WH_BLOCK_EMPTY)
    print_types(p, "(result", &instr->type, 1);
}

static void print_clauses(printer_t *p, const wh_instr_t *instr) {
  static const char *const words[] = {"(catch", "(catch_ref", "(catch_all", "(catch_all_ref"};
  const uint8_t *at = instr->list;
  for (uint32_t i = 0; i < instr->count; i++) {
    wh_clause_t clause = wh_instr_clause(&at);
    wh_wat_print_space(p);
    wh_wat_print(p, words[clause.kind]);
    if (clause.kind < WH_CATCH_ALL) wh_wat_print_use(p, WH_NAME_TAG, clause.tag, 0);
    print_label(p, clause.label);
    wh_wat_print(p, ")");
  }
}

/* ---- immediates ---- */

static void print_labels(printer_t *p, const wh_instr_t *instr) {
  const uint8_t *at = instr->list;
  for (uint64_t i = 0; i <= instr->count; i++) {
    if (wh_wat_print_is_full(p) && !p->in_line) wh_wat_print_line(p);
    print_label(p, (uint32_t)wh_leb_u(&at));
  }
}

static void print_select_types(printer_t *p, const wh_instr_t *instr) {
  const uint8_t *at = instr->list;
  wh_wat_print(p, " (result");
  for (uint32_t i = 0; i < instr->count; i++) {
    wh_wat_print_space(p);
    wh_wat_print_valtype(p, wh_instr_type(&at, instr->list_end));
  }
  wh_wat_print(p, ")");
}

static void print_memarg(printer_t *p, const wh_instr_t *instr) {
  if (instr->index[0]) wh_wat_print_use(p, WH_NAME_MEMORY, instr->index[0], 0);
  if (instr->offset) {
    wh_wat_print(p, " offset=");
    wh_wat_print_number(p, instr->offset);
  }
  if (instr->align != instr->op->align) {
    wh_wat_print(p, " align=");
    wh_wat_print_number(p, UINT64_C(1) << instr->align);
  }
}

static void print_small(printer_t *p, uint64_t value) {
  wh_wat_print(p, " ");
  wh_wat_print_number(p, value);
}

static void print_vector(printer_t *p, const uint8_t *bytes) {
  wh_wat_print(p, " i32x4");
  for (unsigned i = 0; i < 4; i++) {
    uint32_t lane;
    memcpy(&lane, bytes + 4 * i, 4);
    wh_wat_print(p, " ");
    wh_wat_print_hex(p, lane, 8);
  }
}

/* Both or, where both are 0, neither. */
static void print_pair(printer_t *p, const wh_instr_t *instr, wh_name_kind_t kind) {
  if (!instr->index[0] && !instr->index[1]) return;
  wh_wat_print_use(p, kind, instr->index[0], 0);
  wh_wat_print_use(p, kind, instr->index[1], 0);
}

static void print_reference(printer_t *p, wh_heap_t heap, bool nullable) {
  wh_wat_print(p, " ");
  wh_wat_print_valtype(p, wh_ref(heap, nullable));
}

/* The kind of the things that a single index means; WH_NAME_KINDS: it is none. */
static wh_name_kind_t single_kind(wh_imm_t immediates) {
  switch (immediates) {
  case WH_IMM_FUNC: return WH_NAME_FUNCTION;
  case WH_IMM_GLOBAL: return WH_NAME_GLOBAL;
  case WH_IMM_TABLE: return WH_NAME_TABLE;
  case WH_IMM_ELEM: return WH_NAME_ELEM;
  case WH_IMM_DATA: return WH_NAME_DATA;
  case WH_IMM_TAG: return WH_NAME_TAG;
  case WH_IMM_TYPE: return WH_NAME_TYPE;
  default: return WH_NAME_KINDS;
  }
}

/* The kind of a second index, after a type. */
static wh_name_kind_t second_kind(wh_imm_t immediates) {
  switch (immediates) {
  case WH_IMM_TYPE_DATA: return WH_NAME_DATA;
  case WH_IMM_TYPE_ELEM: return WH_NAME_ELEM;
  case WH_IMM_TYPE_TYPE: return WH_NAME_TYPE;
  default: return WH_NAME_KINDS;
  }
}

/* In the text the place comes before the segment, and may be left out. */
static void print_segment(printer_t *p, const wh_instr_t *instr, wh_name_kind_t segment,
                          wh_name_kind_t place) {
  if (instr->index[1]) wh_wat_print_use(p, place, instr->index[1], 0);
  wh_wat_print_use(p, segment, instr->index[0], 0);
}

static void print_constant(printer_t *p, const wh_instr_t *instr) {
  wh_wat_print(p, " ");
  switch (instr->op->immediates) {
  case WH_IMM_F32_CONST: wh_wat_print_float(p, instr->bits, 32); break;
  case WH_IMM_F64_CONST: wh_wat_print_float(p, instr->bits, 64); break;
  default: wh_wat_print_signed(p, (int64_t)instr->bits); break;
  }
}

static void print_immediates(printer_t *p, const wh_instr_t *instr, uint32_t function,
                             uint32_t label) {
  wh_imm_t kind = (wh_imm_t)instr->op->immediates;
  switch (kind) {
  case WH_IMM_NONE:
  case WH_IMM_FENCE: break;
  case WH_IMM_BLOCK: print_block(p, instr, function, label); break;
  case WH_IMM_TRY_TABLE:
    print_block(p, instr, function, label);
    print_clauses(p, instr);
    break;
  case WH_IMM_LABEL: print_label(p, instr->index[0]); break;
  case WH_IMM_LABEL_TABLE: print_labels(p, instr); break;
  case WH_IMM_LOCAL: wh_wat_print_use(p, WH_NAME_LOCAL, function, instr->index[0]); break;
  case WH_IMM_FUNC:
  case WH_IMM_GLOBAL:
  case WH_IMM_TABLE:
  case WH_IMM_ELEM:
  case WH_IMM_DATA:
  case WH_IMM_TAG:
  case WH_IMM_TYPE: wh_wat_print_use(p, single_kind(kind), instr->index[0], 0); break;
  case WH_IMM_MEMORY_INDEX:
    if (instr->index[0]) wh_wat_print_use(p, WH_NAME_MEMORY, instr->index[0], 0);
    break;
  case WH_IMM_TYPE_TABLE:
    if (instr->index[1]) wh_wat_print_use(p, WH_NAME_TABLE, instr->index[1], 0);
    wh_wat_print(p, " (type");
    wh_wat_print_use(p, WH_NAME_TYPE, instr->index[0], 0);
    wh_wat_print(p, ")");
    break;
  case WH_IMM_TABLE_TABLE: print_pair(p, instr, WH_NAME_TABLE); break;
  case WH_IMM_MEMORY_MEMORY: print_pair(p, instr, WH_NAME_MEMORY); break;
  case WH_IMM_ELEM_TABLE: print_segment(p, instr, WH_NAME_ELEM, WH_NAME_TABLE); break;
  case WH_IMM_DATA_MEMORY: print_segment(p, instr, WH_NAME_DATA, WH_NAME_MEMORY); break;
  case WH_IMM_TYPE_FIELD:
    wh_wat_print_use(p, WH_NAME_TYPE, instr->index[0], 0);
    wh_wat_print_use(p, WH_NAME_FIELD, instr->index[0], instr->index[1]);
    break;
  case WH_IMM_TYPE_COUNT:
    wh_wat_print_use(p, WH_NAME_TYPE, instr->index[0], 0);
    print_small(p, instr->index[1]);
    break;
  case WH_IMM_TYPE_DATA:
  case WH_IMM_TYPE_ELEM:
  case WH_IMM_TYPE_TYPE:
    wh_wat_print_use(p, WH_NAME_TYPE, instr->index[0], 0);
    wh_wat_print_use(p, second_kind(kind), instr->index[1], 0);
    break;
  case WH_IMM_MEMARG_: print_memarg(p, instr); break;
  case WH_IMM_MEMARG_LANE_:
    print_memarg(p, instr);
    print_small(p, instr->lane);
    break;
  case WH_IMM_LANE_: print_small(p, instr->lane); break;
  case WH_IMM_SHUFFLE:
    for (unsigned i = 0; i < 16; i++) print_small(p, instr->bytes[i]);
    break;
  case WH_IMM_V128_CONST: print_vector(p, instr->bytes); break;
  case WH_IMM_I32_CONST:
  case WH_IMM_I64_CONST:
  case WH_IMM_F32_CONST:
  case WH_IMM_F64_CONST: print_constant(p, instr); break;
  case WH_IMM_REF_TYPE: print_heap(p, instr->heap[0]); break;
  case WH_IMM_HEAP_TYPE:
    print_reference(p, instr->heap[0],
                    instr->opcode == WH_OP_REF_TEST_NULL || instr->opcode == WH_OP_REF_CAST_NULL);
    break;
  case WH_IMM_SELECT_TYPES: print_select_types(p, instr); break;
  case WH_IMM_CAST:
    print_label(p, instr->index[0]);
    print_reference(p, instr->heap[0], instr->flags & 1);
    print_reference(p, instr->heap[1], instr->flags & 2);
    break;
  }
}

void wh_wat_print_instr(printer_t *p, const wh_instr_t *instr, uint32_t function, uint32_t label) {
  wh_wat_print(p, instr->op->name);
  print_immediates(p, instr, function, label);
}

void wh_wat_print_hint(printer_t *p, const wh_instr_t *instr, uint32_t function, size_t at) {
  if (!p->hints_carried || (instr->opcode != WH_OP_IF && instr->opcode != WH_OP_BR_IF)) return;
  size_t low = 0, high = p->hints.items.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const wh_hint_t *hint = &p->hints.items.items[middle];
    if (hint->function == function && hint->offset == at) {
      wh_wat_print(p, hint->likely ? "(@" WH_HINTS_SECTION " \"\\01\")"
                                   : "(@" WH_HINTS_SECTION " \"\\00\")");
      wh_wat_print_line(p);
      return;
    }
    if (hint->function < function || (hint->function == function && hint->offset < at))
      low = middle + 1;
    else
      high = middle;
  }
}

/* ---- reading ---- */

bool wh_wat_print_failed(printer_t *p, const wh_reader_t *in, const char *problem) {
  if (!p->error)
    p->error = wh_error_at(p->alloc, WHERRY_ERROR_MALFORMED, wh_reader_offset(in), "%s", problem);
  return false;
}

bool wh_wat_read_instr(printer_t *p, code_t *code, wh_instr_t *instr) {
  const char *problem;
  return wh_instr_read(&code->in, instr, &problem) || wh_wat_print_failed(p, &code->in, problem);
}

/* ---- blocks ---- */

static bool open_block(printer_t *p, const code_t *code, const wh_instr_t *instr, uint32_t label) {
  block_t block = {.opcode = instr->opcode,
                   .id = wh_wat_id(p, WH_NAME_LABEL, code->function, label)};
  if (instr->has_type_index) {
    const wherry_functype_t *type = wh_wat_functype(p, instr->index[0]);
    block.params = type ? type->param_count : 0;
    block.results = type ? type->result_count : 0;
  } else {
    block.results = instr->type != WH_BLOCK_EMPTY;
  }
  p->out.failed |= !wh_vec_push(p->alloc, &p->blocks, block);
  return !p->out.failed;
}

static bool misplaced(printer_t *p, const code_t *code, const wh_instr_t *instr,
                      const char *problem) {
  wh_reader_t at = code->in;
  at.next = instr->at;
  return wh_wat_print_failed(p, &at, problem);
}

bool wh_wat_enter(printer_t *p, const code_t *code, const wh_instr_t *instr, uint32_t label) {
  if (wh_instr_is_block(instr)) return open_block(p, code, instr, label);
  block_t *top = p->blocks.count ? &p->blocks.items[p->blocks.count - 1] : NULL;
  uint32_t opcode = top ? top->opcode : 0;
  switch (instr->opcode) {
  case WH_OP_ELSE:
    if (opcode != WH_OP_IF) return misplaced(p, code, instr, "else that no if is before");
    top->opcode = WH_OP_ELSE;
    return true;
  case WH_OP_CATCH:
  case WH_OP_CATCH_ALL:
    if (opcode != WH_OP_TRY && opcode != WH_OP_CATCH)
      return misplaced(p, code, instr, "catch that no try is before");
    top->opcode = instr->opcode;
    return true;
  case WH_OP_DELEGATE:
    if (opcode != WH_OP_TRY) return misplaced(p, code, instr, "delegate that no try is before");
    p->blocks.count--;
    return true;
  case WH_OP_END:
    if (top) p->blocks.count--;
    return true;
  default: return true;
  }
}
