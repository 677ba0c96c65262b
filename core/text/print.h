/* The state of the printer, and what its files ask of each other. Memory that runs out is remembered
   in printer->out and found at the end; functions that return bool: false is a failure, told by
   printer->error. */
#ifndef WH_TEXT_PRINT_H
#define WH_TEXT_PRINT_H

#include "model/hints.h"
#include "model/instr.h"
#include "model/names.h"
#include "text/text.h"

/* How a thing is called in the text: "$f", "$\"a b\"". In printer->id_text; size 0: it is not. */
typedef struct ident {
  size_t at;
  uint32_t size;
  bool is_other; /* than its name, which then needs an annotation */
} ident_t;

/* A block that is open. */
typedef struct block {
  uint32_t opcode; /* WH_OP_ELSE: an if after its else; WH_OP_CATCH_ALL: a try after that */
  uint32_t results, params;
  ident_t id;
  size_t height; /* print_fold.c: trees below it */
  uint32_t node;
} block_t;

/* Code as trees, for the folded form: instructions in their order. A tree is a run of nodes that ends
   at its root. */
typedef struct node {
  uint32_t at;    /* the instruction, in the code */
  uint32_t first; /* of its tree; an if: of that of its condition */
  uint32_t outer; /* root of the largest tree that begins at this node, other than itself */
  uint32_t next;  /* of such a root: the next smaller one */
  uint32_t label; /* of a block: which of the function's it is */
  bool has_block; /* in its tree */
} node_t;

typedef struct tree {
  uint32_t first;
  bool has_block;
} tree_t;

/* A body, behind its locals, or a constant expression. */
typedef struct code {
  wh_reader_t in;
  uint32_t function; /* whose body it is; NO_FUNCTION: an expression */
  uint32_t results;
} code_t;
enum { NO_FUNCTION = UINT32_MAX, NO_NODE = UINT32_MAX };

typedef struct printer {
  wh_alloc_t *alloc;
  const wh_model_t *model;
  wh_text_t out;
  wherry_error_t *error;
  bool folded;
  bool in_line;       /* what would begin a line follows a space */
  unsigned depth;     /* lists and blocks that are open */
  size_t line;        /* where the line begins */
  wh_names_t names;   /* of the first name section */
  bool names_carried; /* identifiers and annotations say all that the section says */
  ident_t *ids[WH_NAME_KINDS];
  wh_text_t id_text;
  wh_hints_t hints;
  bool hints_carried;
  WH_VEC(block_t) blocks;
  WH_VEC(node_t) nodes;
  WH_VEC(tree_t) trees; /* while they are found */
} printer_t;

/* ---- print_words.c: pieces of text ---- */
void wh_wat_print(printer_t *p, const char *words);
void wh_wat_print_number(printer_t *p, uint64_t value);
void wh_wat_print_signed(printer_t *p, int64_t value);
void wh_wat_print_hex(printer_t *p, uint64_t value, unsigned digits);
/* f32 (bits 32) or f64: shortest that reads back to the same bits. */
void wh_wat_print_float(printer_t *p, uint64_t value, unsigned bits);
/* A name, UTF-8, between quotes. */
void wh_wat_print_string(wh_text_t *out, wherry_bytes_t name);
/* Bytes, as strings on as many lines as they take, a space or line before each. */
void wh_wat_print_bytes(printer_t *p, wherry_bytes_t bytes);
/* A new line, or in_line a space. */
void wh_wat_print_line(printer_t *p);
/* A space, or a new line where this one is full. */
void wh_wat_print_space(printer_t *p);
bool wh_wat_print_is_full(const printer_t *p);

/* ---- print_names.c ---- */
/* "$f" or "$\"a b\""; name: not empty. */
void wh_wat_append_id(wh_text_t *out, wherry_bytes_t name);
bool wh_wat_make_names(printer_t *p);
void wh_wat_free_names(printer_t *p);
/* Whether the sections that come after that of the id `after` have no entries; 0: all. */
bool wh_wat_print_is_tail(const printer_t *p, unsigned after);
ident_t wh_wat_id(const printer_t *p, wh_name_kind_t kind, uint32_t index, uint32_t inner);
bool wh_wat_has_name(const printer_t *p, wh_name_kind_t kind, uint32_t index, uint32_t inner);
void wh_wat_print_id(printer_t *p, ident_t id);
/* Where a thing is defined: " $f (;0;) (@name …)"; a thing within another has no number. */
void wh_wat_print_definition(printer_t *p, wh_name_kind_t kind, uint32_t index, uint32_t inner);
/* Where it is used: " $f" or " 0". */
void wh_wat_print_use(printer_t *p, wh_name_kind_t kind, uint32_t index, uint32_t inner);

/* ---- print_instr.c: types and instructions ---- */
/* NULL: there is no such type, or it is none of functions. */
const wherry_functype_t *wh_wat_functype(const printer_t *p, uint32_t type);
void wh_wat_print_valtype(printer_t *p, wherry_valtype_t type);
/* " (param i32 i32) (result i32)"; function: whose parameters have the names; NO_FUNCTION: no names. */
void wh_wat_print_signature(printer_t *p, const wherry_functype_t *type, uint32_t function);
/* " (type $t) (param i32)" */
void wh_wat_print_type_use(printer_t *p, uint32_t type, uint32_t function);
/* Name and immediates. label: of a block, which of the function's. */
void wh_wat_print_instr(printer_t *p, const wh_instr_t *instr, uint32_t function, uint32_t label);
/* The hint of an instruction, on a line before it. at: in the body. */
void wh_wat_print_hint(printer_t *p, const wh_instr_t *instr, uint32_t function, size_t at);
/* Follows the blocks: what an instruction opens and closes. label: as above. False: it cannot stand
   here. */
bool wh_wat_enter(printer_t *p, const code_t *code, const wh_instr_t *instr, uint32_t label);
bool wh_wat_read_instr(printer_t *p, code_t *code, wh_instr_t *instr);
/* Sets the error, malformed, unless there is one. False always. */
bool wh_wat_print_failed(printer_t *p, const wh_reader_t *in, const char *problem);

/* ---- print_fold.c ---- */
/* Finds the trees of code, up to the end that closes it. *single: it is one. */
bool wh_wat_fold(printer_t *p, code_t *code, bool *single);
/* What wh_wat_fold found. */
bool wh_wat_print_folded(printer_t *p, const code_t *code);

/* ---- print_body.c ---- */
/* False, and the error set: the text is larger than the reader takes. */
bool wh_wat_print_fits(printer_t *p);
bool wh_wat_print_function(printer_t *p, uint32_t function);
/* An expression, in line, and *in behind it. wrap: the word of the list that holds one that is not a
   single tree ("offset"); NULL: none. */
bool wh_wat_print_expr(printer_t *p, wh_reader_t *in, const char *wrap);

#endif
