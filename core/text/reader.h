/* The state of the reader, and what its files ask of each other. Functions that return bool: false is
   a failure, told by reader->lexer.error. */
#ifndef WH_TEXT_READER_H
#define WH_TEXT_READER_H

#include "lexer.h"
#include "model/model.h"
#include "ops/ops.h"

typedef enum space {
  SPACE_TYPE,
  SPACE_FUNC,
  SPACE_TABLE,
  SPACE_MEMORY,
  SPACE_GLOBAL,
  SPACE_ELEM,
  SPACE_DATA,
  SPACE_TAG,
  SPACE_LOCAL, /* of one function */
  SPACE_FIELD, /* of one type, while it is read */
  SPACE_COUNT
} space_t;

typedef struct text_type {
  wherry_valtype_t *signature; /* of functions: how many parameters, parameters, results */
  size_t count;                /* of numbers in it */
  wh_map_t fields;             /* name -> index */
} text_type_t;

typedef struct section {
  wh_text_t bytes; /* the entries */
  uint32_t count;
} section_t;

typedef struct label {
  const char *name; /* NULL: none */
  size_t size;
  wherry_bytes_t shown; /* in the name section; data NULL: not there */
  uint64_t hidden;      /* one more than the place of the label of that name around it; 0: none */
} label_t;

/* What an open parenthesis or block of a body waits for (body.c). */
typedef struct frame {
  uint32_t kind;
  size_t pending; /* where its bytes begin in reader->pending */
  label_t label;  /* of a folded if, whose condition does not see it */
  uint8_t hint;   /* HINT_…, of what waits */
} frame_t;

enum { HINT_NONE, HINT_UNLIKELY, HINT_LIKELY };

/* Where a custom section stands: beside the section of that id. */
#define WH_PLACE_BEFORE(id) ((unsigned)(id) << 1)
#define WH_PLACE_AFTER(id) ((unsigned)(id) << 1 | 1)
#define WH_PLACE_FIRST WH_PLACE_BEFORE(0)
#define WH_PLACE_LAST WH_PLACE_AFTER(0)

typedef struct custom {
  unsigned place;     /* WH_PLACE_… */
  size_t start, size; /* in reader->custom_bytes: the name, counted, then the contents */
} custom_t;

typedef struct reader {
  lexer_t lexer; /* that has run; its tokens are whoever's ran it */
  wh_alloc_t *alloc;
  wh_features_t features;
  const token_t *next;
  wh_map_t instructions; /* name -> opcode */
  struct {
    wh_map_t names;
    uint32_t count, imported;
    section_t named; /* for the name section; of SPACE_LOCAL and SPACE_FIELD: of the one at hand */
  } spaces[SPACE_COUNT];
  WH_VEC(char *) owned; /* names written with quotes; zero-ended, so many bytes … */
  WH_VEC(size_t) owned_sizes;
  WH_VEC(text_type_t) types;
  wh_map_t plain_types; /* signature -> the first type that a type use without an index means */
  WH_VEC(wherry_valtype_t) signature; /* just read; as in text_type_t */
  section_t fields;                   /* of the structure just read */
  WH_VEC(label_t) labels;
  wh_map_t label_places; /* name -> one more than the place of its innermost label; 0: none now */
  WH_VEC(frame_t) frames;
  wh_text_t pending; /* folded instructions whose operands are being read */
  bool needs_data_count;
  bool has_start;
  uint32_t start;
  section_t definitions, imports, functions, tables, memories, tags, globals, exports, elems, codes;
  section_t datas;
  wherry_bytes_t name; /* of the module */
  /* annotations.c */
  bool in_function;
  bool annotated, names_given;   /* a name annotation was taken; there is (@custom "name") */
  uint32_t label_count;          /* of the function, up to here */
  section_t labels_named, hints; /* of the function */
  section_t local_names, label_names, field_names, function_hints;
  WH_VEC(custom_t) customs;
  wh_text_t custom_bytes;
} reader_t;

/* ---- reader.c: tokens, names, bytes ---- */
static inline const char *token_text(const reader_t *r, const token_t *token) {
  return r->lexer.text + token->at;
}
bool wh_wat_token_is(const reader_t *r, const token_t *token, const char *word);
/* `(word`, not taken. */
bool wh_wat_at_list(const reader_t *r, const char *word);
bool wh_wat_take_list(reader_t *r, const char *word); /* taken if it is there */
bool wh_wat_take_word(reader_t *r, const char *word);
bool wh_wat_expect_close(reader_t *r);
bool wh_wat_expect_open(reader_t *r, const char *what);
/* Whether the next token is a word of the format that is no instruction. */
bool wh_wat_at_keyword(const reader_t *r);
/* "unexpected token …: expected WHAT", at the next token. */
bool wh_wat_unexpected(reader_t *r, const char *what);
#define FAIL_AT(r, token, ...) wh_wat_lexer_fail(&(r)->lexer, (token)->at, __VA_ARGS__)

/* What a string stands for; text: after the first quote. It lives as long as the reader. */
bool wh_wat_own_string(reader_t *r, const char *text, const char **out, size_t *size);
/* The name of a TOKEN_ID, without the dollar sign. */
bool wh_wat_id_name(reader_t *r, const token_t *token, const char **name, size_t *size);
/* An identifier and a name annotation, where they are, for the thing of that index. */
bool wh_wat_take_id(reader_t *r, space_t space, uint32_t index);
bool wh_wat_at_index(const reader_t *r);
bool wh_wat_read_index(reader_t *r, space_t space, uint32_t *out);
bool wh_wat_read_number(reader_t *r, uint64_t most, const char *what, uint64_t *out);
/* Strings one after another; out: appended. */
void wh_wat_read_strings(reader_t *r, wh_text_t *out);
/* A string that must be UTF-8, as the binary has it: size and bytes. */
bool wh_wat_read_name(reader_t *r, wh_text_t *out);

void wh_wat_put_byte(wh_text_t *out, unsigned value);
void wh_wat_put_u(wh_text_t *out, uint64_t value);
void wh_wat_put_s(wh_text_t *out, int64_t value);
void wh_wat_put_counted(wh_text_t *out, const void *bytes, size_t size);
void wh_wat_put_section(wh_text_t *out, unsigned id, const section_t *section);

/* At the lexer's first token. */
void wh_wat_reader_init(reader_t *r, const lexer_t *lexer, wh_features_t features);
void wh_wat_reader_free(reader_t *r); /* not the lexer, nor the error */
/* The name after `(module`, if one is there. */
bool wh_wat_take_module_name(reader_t *r, wherry_bytes_t *out);
/* Past the list that begins at a parenthesis. */
static inline const token_t *wh_wat_past(const reader_t *r, const token_t *open) {
  return r->lexer.tokens.items + open->size + 1;
}
/* Past the lists that begin here. */
const token_t *wh_wat_fields_end(const reader_t *r);
/* Fields up to end, as a module of r->name; once in a reader's life. */
bool wh_wat_read_module(reader_t *r, const token_t *end, wh_text_t *out);
/* As wh_text_to_binary, of the fields of a component. */
wherry_error_t *wh_wat_component_to_binary(wh_alloc_t *alloc, const char *text, size_t size,
                                           wh_features_t features, uint8_t **out, size_t *out_size);

/* ---- annotations.c ---- */
/* Whether an identifier or a name annotation comes next. */
bool wh_wat_at_name(const reader_t *r);
/* The name annotation that comes next, if there is one; *name stays otherwise. */
bool wh_wat_take_name(reader_t *r, wherry_bytes_t *name);
void wh_wat_put_naming(section_t *names, uint32_t index, wherry_bytes_t name);
/* What names and hints belong to between the two is the function's. */
void wh_wat_begin_function(reader_t *r);
void wh_wat_end_function(reader_t *r, uint32_t function);
/* The names of fields just read are the type's. */
void wh_wat_end_type(reader_t *r, uint32_t type);
/* The branch hint before the instruction that begins with a token; *hint: HINT_…. offset: of the
   instruction in its function. */
bool wh_wat_take_hint(reader_t *r, const token_t *token, uint8_t *hint);
void wh_wat_put_hint(reader_t *r, uint8_t hint, size_t offset);
/* Custom sections: one; those of a place. */
void wh_wat_put_custom(reader_t *r, wh_text_t *out, const char *name, const wh_text_t *contents);
void wh_wat_put_customs(reader_t *r, wh_text_t *out, unsigned place);
/* The sections of a component that stand before the next token, in their order. */
bool wh_wat_read_component_customs(reader_t *r, wh_text_t *out);
/* Those of the module and its custom sections, from r->next; and whether all others were taken. */
bool wh_wat_read_annotations(reader_t *r, const token_t *end);
bool wh_wat_check_annotations(reader_t *r, const token_t *first, const token_t *end);

/* ---- types.c ---- */
bool wh_wat_read_value_type(reader_t *r, wherry_valtype_t *out);
bool wh_wat_at_reference_type(const reader_t *r);
bool wh_wat_read_reference_type(reader_t *r, wherry_valtype_t *out);
bool wh_wat_read_heap_type(reader_t *r, wh_heap_t *out);
/* Whether the next word is one of a type, alone or in `(ref …)`. */
bool wh_wat_at_type_word(const reader_t *r);
void wh_wat_put_value_type(wh_text_t *out, wherry_valtype_t type);
void wh_wat_put_heap_type(wh_text_t *out, wh_heap_t heap);
/* `(param …)* (result …)*` into r->signature. locals: parameters may have names, which go to
   SPACE_LOCAL. */
bool wh_wat_read_signature(reader_t *r, bool locals);
void wh_wat_put_signature(const reader_t *r, wh_text_t *out); /* r->signature, as types have it */
/* `(result …)*`, counted. */
bool wh_wat_read_results(reader_t *r, wh_text_t *out);
bool wh_wat_read_block_type(reader_t *r, wh_text_t *out);

/* ---- definitions.c ---- */
/* The types among the fields up to end. */
bool wh_wat_read_definitions(reader_t *r, const token_t *end);
/* One, for components: `type $t …)` or `rec …)`, to r->definitions. */
bool wh_wat_read_one_definition(reader_t *r);
/* A type of which nothing is told here. */
bool wh_wat_add_unknown_type(reader_t *r);
/* A type use; *index: into the types, a new one if need be. locals: as in signatures. */
bool wh_wat_read_type_use(reader_t *r, bool locals, uint32_t *index);
/* 0 for what is no function type; that is for the validator to find. */
uint32_t wh_wat_param_count(const reader_t *r, uint32_t type);
bool wh_wat_read_field(reader_t *r, uint32_t type, uint32_t *out);
void wh_wat_free_types(reader_t *r);

/* ---- body.c ---- */
/* Instructions up to the parenthesis that closes what they stand in, which is not taken; no end. */
bool wh_wat_read_instructions(reader_t *r, wh_text_t *out);
/* One folded instruction. */
bool wh_wat_read_folded(reader_t *r, wh_text_t *out);

/* ---- constants.c ---- */
typedef struct lane {
  const char *name, *wanted; /* "i8", "an i8 constant" */
  unsigned bits;
  bool is_float;
} lane_t;
enum { LANE_I8, LANE_I16, LANE_I32, LANE_I64, LANE_F32, LANE_F64, LANE_COUNT };
extern const lane_t wh_wat_lanes[LANE_COUNT];
typedef struct shape {
  const char *name;
  const lane_t *lane;
  unsigned count;
} shape_t;
/* A number: its bits, an integer extended by its sign. */
bool wh_wat_read_lane(reader_t *r, const lane_t *lane, uint64_t *out);
/* The shape of a vector, whose lanes follow: as many as it has. NULL: an error is set. */
const shape_t *wh_wat_take_shape(reader_t *r);
/* Whether the next token begins as numbers do, good or bad. */
bool wh_wat_at_number(const reader_t *r);
/* What follows the name of a constant instruction. */
bool wh_wat_read_constant(reader_t *r, wh_imm_t kind, wh_text_t *out);

/* ---- immediates.c ---- */
/* The instruction at r->next: its opcode and immediates. */
bool wh_wat_read_plain(reader_t *r, wh_text_t *out);
bool wh_wat_fill_instructions(reader_t *r);
bool wh_wat_at_instruction(const reader_t *r); /* slow: for errors */
bool wh_wat_put_index(reader_t *r, space_t space, wh_text_t *out);
bool wh_wat_put_label(reader_t *r, wh_text_t *out);

/* ---- fields.c ---- */
bool wh_wat_declare_fields(reader_t *r, const token_t *end);
bool wh_wat_read_fields(reader_t *r, const token_t *end);
/* `(func …)` and its like, what imports have after their names, to r->imports. */
bool wh_wat_read_extern_type(reader_t *r);

/* ---- component_fields.c ---- */
/* Fields up to end, as a component. id: its identifier, NULL: none. */
bool wh_wat_read_component(reader_t *r, const token_t *id, const token_t *end, wh_text_t *out);

#endif
