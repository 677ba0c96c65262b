/* The folded form: code as trees of instructions. What an instruction takes and gives decides only how
   it looks: whatever is folded reads back in the same order. Trees are runs of an array, found in one
   walk and printed in another: code may nest as deep as it likes. */
#include "print.h"

/* ---- what an instruction takes and gives, in values ---- */

typedef struct arity {
  uint32_t takes, gives;
} arity_t;

static uint32_t label_arity(const printer_t *p, const code_t *code, uint32_t depth) {
  size_t count = p->blocks.count;
  if (depth >= count) return code->results;
  const block_t *block = &p->blocks.items[count - 1 - depth];
  return block->opcode == WH_OP_LOOP ? block->params : block->results;
}

static arity_t call(const printer_t *p, uint32_t type, uint32_t more, bool returns) {
  const wherry_functype_t *func = wh_wat_functype(p, type);
  if (!func) return (arity_t) {more, 0};
  return (arity_t) {func->param_count + more, returns ? func->result_count : 0};
}

static uint32_t type_of(const wh_model_t *m, uint32_t function) {
  return function < m->functions.count ? m->functions.items[function] : UINT32_MAX;
}

static arity_t branch(const printer_t *p, const code_t *code, const wh_instr_t *instr) {
  uint32_t values = label_arity(p, code, instr->index[0]);
  const uint8_t *at = instr->list;
  switch (instr->opcode) {
  case WH_OP_BR: return (arity_t) {values, 0};
  case WH_OP_BR_TABLE:
    for (uint32_t i = 0; i < instr->count; i++) wh_leb_u(&at);
    return (arity_t) {label_arity(p, code, (uint32_t)wh_leb_u(&at)) + 1, 0};
  case WH_OP_BR_ON_NON_NULL: return (arity_t) {values, values ? values - 1 : 0};
  case WH_OP_BR_ON_CAST:
  case WH_OP_BR_ON_CAST_FAIL: return (arity_t) {values, values};
  case WH_OP_BR_ON_NULL: return (arity_t) {values + 1, values + 1};
  default: return (arity_t) {values + 1, values}; /* br_if */
  }
}

static arity_t from_signature(const char *signature) {
  arity_t arity = {0, 0};
  for (; *signature != ':'; signature++) arity.takes++;
  for (signature++; *signature; signature++) arity.gives++;
  return arity;
}

/* Of those whose row has no signature, and that types or labels do not decide. */
static arity_t simple(uint32_t opcode) {
  switch (opcode) {
  case WH_OP_LOCAL_GET:
  case WH_OP_GLOBAL_GET:
  case WH_OP_REF_NULL:
  case WH_OP_REF_FUNC:
  case WH_OP_TABLE_SIZE:
  case WH_OP_STRUCT_NEW_DEFAULT: return (arity_t) {0, 1};
  case WH_OP_DROP:
  case WH_OP_LOCAL_SET:
  case WH_OP_GLOBAL_SET:
  case WH_OP_THROW_REF: return (arity_t) {1, 0};
  case WH_OP_LOCAL_TEE:
  case WH_OP_TABLE_GET:
  case WH_OP_REF_AS_NON_NULL:
  case WH_OP_STRUCT_GET:
  case WH_OP_STRUCT_GET_S:
  case WH_OP_STRUCT_GET_U:
  case WH_OP_ARRAY_NEW_DEFAULT:
  case WH_OP_ARRAY_LEN:
  case WH_OP_REF_TEST:
  case WH_OP_REF_TEST_NULL:
  case WH_OP_REF_CAST:
  case WH_OP_REF_CAST_NULL:
  case WH_OP_ANY_CONVERT_EXTERN:
  case WH_OP_EXTERN_CONVERT_ANY:
  case WH_OP_REF_I31:
  case WH_OP_I31_GET_S:
  case WH_OP_I31_GET_U: return (arity_t) {1, 1};
  case WH_OP_TABLE_SET:
  case WH_OP_STRUCT_SET: return (arity_t) {2, 0};
  case WH_OP_REF_EQ:
  case WH_OP_TABLE_GROW:
  case WH_OP_ARRAY_NEW:
  case WH_OP_ARRAY_NEW_DATA:
  case WH_OP_ARRAY_NEW_ELEM:
  case WH_OP_ARRAY_GET:
  case WH_OP_ARRAY_GET_S:
  case WH_OP_ARRAY_GET_U: return (arity_t) {2, 1};
  case WH_OP_TABLE_INIT:
  case WH_OP_TABLE_COPY:
  case WH_OP_TABLE_FILL:
  case WH_OP_ARRAY_SET: return (arity_t) {3, 0};
  case WH_OP_SELECT:
  case WH_OP_SELECT_TYPED: return (arity_t) {3, 1};
  case WH_OP_ARRAY_FILL:
  case WH_OP_ARRAY_INIT_DATA:
  case WH_OP_ARRAY_INIT_ELEM: return (arity_t) {4, 0};
  case WH_OP_ARRAY_COPY: return (arity_t) {5, 0};
  default: return (arity_t) {0, 0};
  }
}

static arity_t arity_of(const printer_t *p, const code_t *code, const wh_instr_t *instr) {
  const wh_model_t *m = p->model;
  uint32_t index = instr->index[0];
  if (*instr->op->signature != '*') return from_signature(instr->op->signature);
  switch (instr->opcode) {
  case WH_OP_BR:
  case WH_OP_BR_IF:
  case WH_OP_BR_TABLE:
  case WH_OP_BR_ON_NULL:
  case WH_OP_BR_ON_NON_NULL:
  case WH_OP_BR_ON_CAST:
  case WH_OP_BR_ON_CAST_FAIL: return branch(p, code, instr);
  case WH_OP_RETURN: return (arity_t) {code->results, 0};
  case WH_OP_CALL: return call(p, type_of(m, index), 0, true);
  case WH_OP_RETURN_CALL: return call(p, type_of(m, index), 0, false);
  case WH_OP_CALL_INDIRECT:
  case WH_OP_CALL_REF: return call(p, index, 1, true);
  case WH_OP_RETURN_CALL_INDIRECT:
  case WH_OP_RETURN_CALL_REF: return call(p, index, 1, false);
  case WH_OP_THROW:
    return call(p, index < m->tags.count ? m->tags.items[index] : UINT32_MAX, 0, false);
  case WH_OP_STRUCT_NEW:
    return (arity_t) {index < m->subtypes.count ? m->subtypes.items[index].field_count : 0, 1};
  case WH_OP_ARRAY_NEW_FIXED: return (arity_t) {instr->index[1], 1};
  default: return simple(instr->opcode);
  }
}

/* ---- finding trees ---- */

static size_t base_of(const printer_t *p) {
  return p->blocks.count ? p->blocks.items[p->blocks.count - 1].height : 0;
}

/* The tree of a root begins at another node. */
static void link_root(printer_t *p, uint32_t root, uint32_t first) {
  node_t *nodes = p->nodes.items;
  nodes[root].first = first;
  nodes[root].next = nodes[first].outer;
  nodes[first].outer = root;
}

/* Only a single value can be an operand; what gives none or more lies between what is before it and
   what comes after. */
static bool give(printer_t *p, uint32_t values, tree_t tree) {
  if (values != 1) {
    p->trees.count = base_of(p);
    return true;
  }
  p->out.failed |= !wh_vec_push(p->alloc, &p->trees, tree);
  return !p->out.failed;
}

static bool fold_plain(printer_t *p, const code_t *code, const wh_instr_t *instr, uint32_t node) {
  arity_t arity = arity_of(p, code, instr);
  size_t have = p->trees.count - base_of(p);
  size_t takes = arity.takes < have ? arity.takes : have;
  tree_t tree = {node, false};
  p->trees.count -= takes;
  const tree_t *operands = p->trees.items + p->trees.count;
  for (size_t i = 0; i < takes; i++) tree.has_block |= operands[i].has_block;
  if (takes) {
    tree.first = operands[0].first;
    link_root(p, node, tree.first);
  }
  p->nodes.items[node].has_block = tree.has_block;
  if (takes < arity.takes) p->trees.count = base_of(p);
  return give(p, arity.gives, tree);
}

static bool fold_block(printer_t *p, const code_t *code, const wh_instr_t *instr, uint32_t node) {
  p->nodes.items[node].has_block = true;
  if (instr->opcode == WH_OP_IF && p->trees.count > base_of(p))
    link_root(p, node, p->trees.items[--p->trees.count].first);
  size_t below = base_of(p);
  if (!wh_wat_enter(p, code, instr, p->nodes.items[node].label)) return false;
  block_t *block = &p->blocks.items[p->blocks.count - 1];
  if (block->params) p->trees.count = below;
  block->height = p->trees.count;
  block->node = node;
  return true;
}

static bool fold_one(printer_t *p, const code_t *code, const wh_instr_t *instr, uint32_t node) {
  if (wh_instr_is_block(instr)) return fold_block(p, code, instr, node);
  block_t block = {0};
  if (p->blocks.count) block = p->blocks.items[p->blocks.count - 1];
  if (!wh_wat_enter(p, code, instr, 0)) return false;
  switch (instr->opcode) {
  case WH_OP_ELSE:
  case WH_OP_CATCH:
  case WH_OP_CATCH_ALL: p->trees.count = block.height; return true;
  case WH_OP_END:
  case WH_OP_DELEGATE:
    p->trees.count = block.height;
    return give(p, block.results, (tree_t) {p->nodes.items[block.node].first, true});
  default: return fold_plain(p, code, instr, node);
  }
}

bool wh_wat_fold(printer_t *p, code_t *code, bool *single) {
  uint32_t labels = 0;
  p->nodes.count = p->trees.count = p->blocks.count = 0;
  for (;;) {
    wh_instr_t instr;
    uint32_t index = (uint32_t)p->nodes.count;
    node_t node = {.at = (uint32_t)(code->in.next - code->in.start),
                   .first = index,
                   .outer = NO_NODE,
                   .next = NO_NODE};
    if (!wh_wat_read_instr(p, code, &instr)) return false;
    if (instr.opcode == WH_OP_END && !p->blocks.count) break;
    if (wh_instr_is_block(&instr)) node.label = labels++;
    p->out.failed |= !wh_vec_push(p->alloc, &p->nodes, node);
    if (p->out.failed || !fold_one(p, code, &instr, index)) return false;
  }
  size_t count = p->nodes.count;
  *single = count && p->nodes.items[count - 1].first == 0;
  return true;
}

/* ---- printing them ---- */

static bool read_node(printer_t *p, const code_t *code, uint32_t node, wh_instr_t *instr) {
  code_t at = *code;
  at.in.next = at.in.start + p->nodes.items[node].at;
  return wh_wat_read_instr(p, &at, instr);
}

static bool print_head(printer_t *p, const code_t *code, uint32_t node) {
  wh_instr_t instr;
  if (!read_node(p, code, node, &instr)) return false;
  wh_wat_print_hint(p, &instr, code->function, p->nodes.items[node].at);
  wh_wat_print(p, "(");
  wh_wat_print_instr(p, &instr, code->function, p->nodes.items[node].label);
  return true;
}

/* "(op", whose operands come next. */
static bool begin(printer_t *p, const code_t *code, uint32_t node) {
  wh_wat_print_line(p);
  if (!print_head(p, code, node)) return false;
  p->depth++;
  return true;
}

static void end(printer_t *p) {
  wh_wat_print(p, ")");
  p->depth--;
}

/* "(then" and its like, lists within a block's. */
static void begin_part(printer_t *p, const char *words) {
  wh_wat_print_line(p);
  wh_wat_print(p, words);
  p->depth++;
}

static bool print_leaf(printer_t *p, const code_t *code, uint32_t node) {
  if (!begin(p, code, node)) return false;
  end(p);
  return true;
}

/* Prints a tree on one line if that is short; *done: whether it did. */
static bool print_short(printer_t *p, const code_t *code, uint32_t root, bool *done) {
  enum { FEW = 12 };
  const node_t *nodes = p->nodes.items;
  uint32_t first = nodes[root].first;
  size_t size = p->out.size, line = p->line;
  *done = false;
  if (p->in_line || nodes[root].has_block || root - first >= FEW) return true;
  wh_wat_print_line(p);
  if (!print_head(p, code, root)) return false;
  p->in_line = true;
  bool good = true;
  for (uint32_t i = first; good && i <= root; i++) {
    uint32_t outer = i == first ? nodes[root].next : nodes[i].outer;
    for (; good && outer != NO_NODE; outer = nodes[outer].next) {
      wh_wat_print(p, " ");
      good = print_head(p, code, outer);
    }
    if (nodes[i].first != i) {
      wh_wat_print(p, ")");
    } else if (good) {
      wh_wat_print(p, " ");
      good = print_head(p, code, i);
      wh_wat_print(p, ")");
    }
  }
  p->in_line = false;
  *done = !wh_wat_print_is_full(p);
  if (!*done && !p->out.failed) {
    p->out.size = size;
    p->line = line;
  }
  return good;
}

static bool print_node(printer_t *p, const code_t *code, uint32_t node) {
  wh_instr_t instr;
  bool is_begun = p->nodes.items[node].first != node;
  if (!read_node(p, code, node, &instr)) return false;
  uint32_t block = p->blocks.count ? p->blocks.items[p->blocks.count - 1].opcode : 0;
  if (wh_instr_is_block(&instr)) {
    if (!is_begun && !begin(p, code, node)) return false;
    if (instr.opcode == WH_OP_IF) begin_part(p, "(then");
    if (instr.opcode == WH_OP_TRY) begin_part(p, "(do");
    return wh_wat_enter(p, code, &instr, p->nodes.items[node].label);
  }
  if (!wh_wat_enter(p, code, &instr, 0)) return false;
  switch (instr.opcode) {
  case WH_OP_ELSE:
  case WH_OP_CATCH:
  case WH_OP_CATCH_ALL: end(p); return begin(p, code, node);
  case WH_OP_DELEGATE:
    end(p);
    if (!print_leaf(p, code, node)) return false;
    end(p);
    return true;
  case WH_OP_END:
    if (block != WH_OP_BLOCK && block != WH_OP_LOOP && block != WH_OP_TRY_TABLE) end(p);
    end(p);
    return true;
  default: break;
  }
  if (!is_begun) return print_leaf(p, code, node);
  end(p);
  return true;
}

bool wh_wat_print_folded(printer_t *p, const code_t *code) {
  p->blocks.count = 0;
  for (uint32_t i = 0; i < p->nodes.count;) {
    bool is_short = false;
    uint32_t root = p->nodes.items[i].outer;
    for (; root != NO_NODE; root = p->nodes.items[root].next) {
      if (!print_short(p, code, root, &is_short)) return false;
      if (is_short) break;
      if (!begin(p, code, root)) return false;
    }
    if (is_short) {
      i = root + 1;
    } else {
      if (!print_node(p, code, i)) return false;
      i++;
    }
    if (!wh_wat_print_fits(p)) return false;
  }
  return true;
}
