/* Which features a module needs: what decode and validate would refuse without them. */
#include "model/instr.h"

typedef struct needs {
  const wh_model_t *model;
  wh_features_t found;
  bool tag; /* which either of two features brings */
} needs_t;

#define NEEDS(n, condition, feature) ((n)->found |= (condition) ? WH_FEATURE(feature) : 0)

static void of_type(needs_t *n, wherry_valtype_t type) { n->found |= wh_type_features(type); }

/* Tables and segments of funcref are as old as WebAssembly. */
static void of_element(needs_t *n, wherry_valtype_t type) {
  if (type != WHERRY_FUNCREF) n->found |= wh_type_features(type) | WH_FEATURE(REFERENCE_TYPES);
}

static void of_instr(needs_t *n, const wh_instr_t *instr) {
  if (instr->opcode == WH_OP_THROW)
    n->tag = true;
  else if (instr->op->feature != WH_OP_FEATURE_CORE_1)
    n->found |= UINT64_C(1) << instr->op->feature;
  NEEDS(n, instr->opcode == WH_OP_RETURN_CALL_REF, TAIL_CALL);
  switch ((wh_imm_t)instr->op->immediates) {
  case WH_IMM_BLOCK:
  case WH_IMM_TRY_TABLE:
    NEEDS(n, instr->has_type_index, MULTI_VALUE);
    if (!instr->has_type_index && instr->type != WH_BLOCK_EMPTY) of_type(n, instr->type);
    break;
  case WH_IMM_CAST: of_type(n, wh_ref(instr->heap[1], true)); /* fall through */
  case WH_IMM_REF_TYPE:
  case WH_IMM_HEAP_TYPE: of_type(n, wh_ref(instr->heap[0], true)); break;
  case WH_IMM_SELECT_TYPES: {
    const uint8_t *at = instr->list;
    for (uint32_t i = 0; i < instr->count; i++) of_type(n, wh_instr_type(&at, instr->list_end));
    break;
  }
  default: break;
  }
}

/* ---- code ---- */

/* What of WebAssembly 1.0 an opcode is followed by, and nothing else to look at. 0: one has to. */
enum { LOOK, NOTHING, NUMBER, NUMBERS, ACCESS, BLOCK_TYPE, BYTES_4, BYTES_8 };
#define SHAPE(imm)                                                                          \
  ((imm) == WH_IMM_NONE ? NOTHING                                                           \
   : (imm) == WH_IMM_LABEL || (imm) == WH_IMM_FUNC || (imm) == WH_IMM_LOCAL ||              \
           (imm) == WH_IMM_GLOBAL || (imm) == WH_IMM_I32_CONST || (imm) == WH_IMM_I64_CONST \
       ? NUMBER                                                                             \
   : (imm) == WH_IMM_TYPE_TABLE       ? NUMBERS                                             \
   : ((imm) & 0xFF) == WH_IMM_MEMARG_ ? ACCESS                                              \
   : (imm) == WH_IMM_BLOCK            ? BLOCK_TYPE                                          \
   : (imm) == WH_IMM_F32_CONST        ? BYTES_4                                             \
   : (imm) == WH_IMM_F64_CONST        ? BYTES_8                                             \
                                      : LOOK)
static const uint8_t shapes[WH_OP_PLACES] = {
#define OP(opcode, identifier, name, imm, signature, feature) \
  [WH_OP_PLACE(opcode)] =                                     \
      WH_OP_FEATURE_##feature == WH_OP_FEATURE_CORE_1 ? SHAPE(WH_IMM_##imm) : LOOK,
#include "ops/ops.def"
};

static void pass_number(const uint8_t **at) {
  while (*(*at)++ & 0x80) {
  }
}

/* Passes over what needs no feature: most of all code. It is valid, and bytes follow it that end a
   number. */
static const uint8_t *pass_plain(const uint8_t *at, const uint8_t *end) {
  while (at < end) {
    const uint8_t *opcode = at++;
    switch (shapes[*opcode]) {
    case NOTHING: break;
    case NUMBER: pass_number(&at); break;
    case ACCESS:
      if (*at >= 0x40) return opcode; /* a memory's index follows, or zeros that mean nothing */
      at++;
      pass_number(&at);
      break;
    case BLOCK_TYPE:
      if (*at != WH_BLOCK_EMPTY && (*at < WHERRY_F64 || *at > WHERRY_I32)) return opcode;
      at++;
      break;
    case NUMBERS:
      pass_number(&at);
      pass_number(&at);
      break;
    case BYTES_4: at += 4; break;
    case BYTES_8: at += 8; break;
    default: return opcode;
    }
  }
  return at;
}

/* All instructions up to the end of the bytes. */
static void of_code(needs_t *n, wh_reader_t in) {
  const char *problem;
  wh_instr_t instr;
  while ((in.next = pass_plain(in.next, in.end)) < in.end && wh_instr_read(&in, &instr, &problem))
    of_instr(n, &instr);
}

/* Constant expressions, one or several. */
static void of_constant(needs_t *n, const uint8_t *bytes, size_t size) {
  wh_reader_t in = {bytes, bytes, bytes + size, 0};
  const char *problem;
  wh_instr_t instr;
  while (in.next < in.end && wh_instr_read(&in, &instr, &problem)) {
    of_instr(n, &instr);
    switch (instr.opcode) {
    case WH_OP_GLOBAL_GET: NEEDS(n, instr.index[0] >= n->model->imported_globals, GC); break;
    case WH_OP_I32_ADD:
    case WH_OP_I32_SUB:
    case WH_OP_I32_MUL:
    case WH_OP_I64_ADD:
    case WH_OP_I64_SUB:
    case WH_OP_I64_MUL: NEEDS(n, true, EXTENDED_CONST); break;
    default: break;
    }
  }
}

static void of_types(needs_t *n) {
  const wh_model_t *m = n->model;
  for (size_t i = 0; i < m->types.count; i++) {
    const wherry_functype_t *type = &m->types.items[i];
    const wh_subtype_t *sub = &m->subtypes.items[i];
    NEEDS(n, sub->kind != WH_COMP_FUNC || !sub->is_final || sub->super != WH_NO_TYPE, GC);
    NEEDS(n, sub->group_count > 1, GC);
    NEEDS(n, type->result_count > 1, MULTI_VALUE);
    for (uint32_t k = 0; k < type->param_count + type->result_count; k++)
      of_type(n, type->types[k]);
    for (uint32_t k = 0; k < sub->field_count; k++) of_type(n, sub->fields[k].type);
  }
}

static void of_entities(needs_t *n) {
  const wh_model_t *m = n->model;
  for (size_t i = 0; i < m->tables.count; i++) {
    const wh_table_type_t *table = &m->tables.items[i];
    of_element(n, table->element);
    NEEDS(n, table->is64, MEMORY64);
    NEEDS(n, table->has_init, FUNCTION_REFERENCES);
    if (table->has_init) of_constant(n, table->init.bytes, table->init.size);
  }
  NEEDS(n, m->tables.count > 1, REFERENCE_TYPES);
  for (size_t i = 0; i < m->memories.count; i++) {
    const wh_memory_type_t *memory = &m->memories.items[i];
    NEEDS(n, memory->is64, MEMORY64);
    NEEDS(n, memory->shared, THREADS);
    NEEDS(n, memory->page_log2 != WH_PAGE_LOG2, CUSTOM_PAGE_SIZES);
  }
  NEEDS(n, m->memories.count > 1, MULTI_MEMORY);
  for (size_t i = 0; i < m->globals.count; i++) {
    const wh_global_type_t *global = &m->globals.items[i];
    of_type(n, global->type);
    NEEDS(n, global->imported && global->is_mutable, MUTABLE_GLOBALS);
    if (!global->imported) of_constant(n, global->init.bytes, global->init.size);
  }
  for (size_t i = 0; i < m->exports.count; i++)
    NEEDS(n,
          m->exports.items[i].kind == WHERRY_EXTERN_GLOBAL &&
              m->globals.items[m->exports.items[i].index].is_mutable,
          MUTABLE_GLOBALS);
  n->tag |= m->tags.count > 0;
  NEEDS(n, m->has_compact_imports, COMPACT_IMPORTS);
}

static void of_segments(needs_t *n) {
  const wh_model_t *m = n->model;
  NEEDS(n, m->has_data_count, BULK_MEMORY);
  for (size_t i = 0; i < m->elems.count; i++) {
    const wh_elem_t *elem = &m->elems.items[i];
    NEEDS(n, elem->mode != WH_SEGMENT_ACTIVE || elem->table != 0 || !elem->by_index, BULK_MEMORY);
    of_element(n, elem->type);
    if (elem->mode == WH_SEGMENT_ACTIVE) of_constant(n, elem->offset.bytes, elem->offset.size);
    if (!elem->by_index) of_constant(n, elem->items, elem->items_size);
  }
  for (size_t i = 0; i < m->datas.count; i++) {
    const wh_data_t *data = &m->datas.items[i];
    NEEDS(n, data->mode != WH_SEGMENT_ACTIVE || data->memory != 0, BULK_MEMORY);
    if (data->mode == WH_SEGMENT_ACTIVE) of_constant(n, data->offset.bytes, data->offset.size);
  }
}

static void of_body(needs_t *n, const wh_body_t *body) {
  wh_reader_t in = {body->bytes, body->bytes, body->bytes + body->size, 0};
  const char *problem;
  uint32_t groups, count;
  wherry_valtype_t type;
  if (!wh_read_u32(&in, &groups)) return;
  while (groups-- > 0) {
    if (!wh_instr_group(&in, &count, &type, &problem)) return;
    of_type(n, type);
  }
  of_code(n, in);
}

wh_features_t wh_model_features(const wh_model_t *model) {
  static const wh_features_t tag = WH_FEATURE(EXCEPTIONS) | WH_FEATURE(LEGACY_EXCEPTIONS);
  needs_t n = {.model = model};
  of_types(&n);
  of_entities(&n);
  of_segments(&n);
  for (size_t i = 0; i < model->bodies.count; i++) of_body(&n, &model->bodies.items[i]);
  if (n.tag && !(n.found & tag)) n.found |= WH_FEATURE(EXCEPTIONS);
  return n.found;
}
