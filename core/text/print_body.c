/* Functions, an instruction a line, and constant expressions. */
#include "print.h"

bool wh_wat_print_fits(printer_t *p) {
  if (p->out.size < UINT32_MAX) return true;
  if (!p->error)
    p->error = wh_error_limit(p->alloc, "text", "the text of this module is larger than 4 GiB");
  return false;
}

static bool closes(uint32_t opcode) {
  return opcode == WH_OP_END || opcode == WH_OP_ELSE || opcode == WH_OP_CATCH ||
         opcode == WH_OP_CATCH_ALL || opcode == WH_OP_DELEGATE;
}

static bool print_flat(printer_t *p, code_t *code) {
  uint32_t labels = 0;
  p->blocks.count = 0;
  for (;;) {
    wh_instr_t instr;
    size_t at = (size_t)(code->in.next - code->in.start);
    if (!wh_wat_read_instr(p, code, &instr) || !wh_wat_print_fits(p)) return false;
    if (instr.opcode == WH_OP_END && !p->blocks.count) return true;
    bool opens = wh_instr_is_block(&instr), ends = closes(instr.opcode);
    uint32_t label = labels;
    if (ends) p->depth--;
    if (!opens && !wh_wat_enter(p, code, &instr, 0)) return false;
    wh_wat_print_line(p);
    wh_wat_print_hint(p, &instr, code->function, at);
    wh_wat_print_instr(p, &instr, code->function, label);
    if (opens && !wh_wat_enter(p, code, &instr, labels++)) return false;
    if (opens || (ends && instr.opcode != WH_OP_END && instr.opcode != WH_OP_DELEGATE)) p->depth++;
  }
}

/* Locals of one type; start: of the first of all; *open: a list is, which takes more. */
static void print_run(printer_t *p, uint32_t function, uint32_t start, uint32_t first,
                      uint32_t count, wherry_valtype_t type, bool *open) {
  for (uint32_t i = first; i < first + count; i++) {
    bool named = wh_wat_has_name(p, WH_NAME_LOCAL, function, i);
    if (named && *open) wh_wat_print(p, ")");
    if (named || !*open) {
      if (i != start) wh_wat_print_space(p); /* the first one begins the line */
      wh_wat_print(p, "(local");
    }
    if (named) wh_wat_print_definition(p, WH_NAME_LOCAL, function, i);
    wh_wat_print_space(p);
    wh_wat_print_valtype(p, type);
    if (named) wh_wat_print(p, ")");
    *open = !named;
  }
}

static bool print_locals(printer_t *p, wh_reader_t *in, uint32_t function, uint32_t params) {
  uint32_t groups, count;
  uint64_t total = 0;
  wherry_valtype_t type;
  const char *problem;
  bool open = false;
  if (!wh_read_u32(in, &groups)) return wh_wat_print_failed(p, in, wh_read_problem(in, 32, false));
  while (groups-- > 0) {
    if (!wh_instr_group(in, &count, &type, &problem)) return wh_wat_print_failed(p, in, problem);
    if (!count) continue;
    if (total + count > WH_MAX_LOCALS) {
      p->error = wh_error_limit(p->alloc, "function",
                                "function %u has more than %d locals: none so large is printed",
                                function, WH_MAX_LOCALS);
      return false;
    }
    if (!total) wh_wat_print_line(p);
    print_run(p, function, params, params + (uint32_t)total, count, type, &open);
    total += count;
  }
  if (open) wh_wat_print(p, ")");
  return true;
}

bool wh_wat_print_function(printer_t *p, uint32_t function) {
  const wh_model_t *m = p->model;
  const wh_body_t *body = &m->bodies.items[function - m->imported_functions];
  const wherry_functype_t *type = wh_wat_functype(p, body->type_index);
  code_t code = {.in = {body->bytes, body->bytes, body->bytes + body->size, body->offset},
                 .function = function,
                 .results = type ? type->result_count : 0};
  wh_wat_print_line(p);
  wh_wat_print(p, "(func");
  p->depth++;
  wh_wat_print_definition(p, WH_NAME_FUNCTION, function, 0);
  wh_wat_print_type_use(p, body->type_index, function);
  size_t line = p->line;
  bool single, good = print_locals(p, &code.in, function, type ? type->param_count : 0);
  good = good && (p->folded ? wh_wat_fold(p, &code, &single) && wh_wat_print_folded(p, &code)
                            : print_flat(p, &code));
  if (good && code.in.next != code.in.end)
    good = wh_wat_print_failed(p, &code.in, "section size mismatch");
  p->depth--;
  if (p->line != line) wh_wat_print_line(p);
  wh_wat_print(p, ")");
  return good && wh_wat_print_fits(p);
}

bool wh_wat_print_expr(printer_t *p, wh_reader_t *in, const char *wrap) {
  code_t code = {.in = *in, .function = NO_FUNCTION, .results = 1};
  bool single;
  code.in.start = in->next; /* which offsets of nodes are from */
  code.in.base = wh_reader_offset(in);
  if (!wh_wat_fold(p, &code, &single)) return false;
  p->in_line = true;
  bool in_list = wrap && !single;
  if (in_list) {
    wh_wat_print_line(p);
    wh_wat_print(p, "(");
    wh_wat_print(p, wrap);
  }
  bool good = wh_wat_print_folded(p, &code);
  if (in_list) wh_wat_print(p, ")");
  p->in_line = false;
  in->next = code.in.next;
  return good;
}
