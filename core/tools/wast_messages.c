/* What the standard's texts for failures mean here. */
#include "wast.h"
#include <string.h>

/* How a message of ours must begin, once its place ("line 1, column 2: ") is off; with a star before
   it, the words may stand further on. Without any: it begins with the standard's text.
   Several: the modules of that text break several rules, and what is found first differs. */
enum { WORDS = 5 };
typedef struct row {
  wherry_error_kind_t kind;
  const char *text;
  const char *words[WORDS];
} row_t;

#define ROW(of, standard, ...)                                              \
  {                                                                         \
    .kind = WHERRY_ERROR_##of, .text = (standard), .words = { __VA_ARGS__ } \
  }
#define MALFORMED(...) ROW(MALFORMED, __VA_ARGS__)
#define INVALID(...) ROW(INVALID, __VA_ARGS__)
#define UNLINKABLE(...) ROW(UNLINKABLE, __VA_ARGS__)
#define TRAP(...) ROW(TRAP, __VA_ARGS__)

static const row_t rows[] = {
    /* ---- text and binary ---- */
    MALFORMED("END opcode expected", "unexpected end of section or function: END opcode"),
    MALFORMED("alignment"),
    MALFORMED("alignment must be a power of two"),
    MALFORMED("constant out of range", "*constant out of range"),
    MALFORMED("data count and data section have inconsistent lengths"),
    MALFORMED("data count section required"),
    MALFORMED("duplicate field"),
    MALFORMED("duplicate func"),
    MALFORMED("duplicate global"),
    MALFORMED("duplicate local"),
    MALFORMED("duplicate memory"),
    MALFORMED("duplicate table"),
    /* names between quotes that end, or go wrong, before they are seen to be empty */
    MALFORMED("empty annotation id", "empty annotation id", "unclosed string"),
    MALFORMED("empty identifier", "empty identifier", "unclosed string",
              "illegal character in a string"),
    MALFORMED("function and code section have inconsistent lengths"),
    MALFORMED("i32 constant out of range"),
    MALFORMED("i64 constant out of range"),
    MALFORMED("i8 constant out of range"),
    MALFORMED("identifier not allowed"),
    MALFORMED("illegal character"),
    MALFORMED("illegal opcode"),
    MALFORMED("illegal opcode ff"),
    MALFORMED("import after function"),
    MALFORMED("import after global"),
    MALFORMED("import after memory"),
    MALFORMED("import after table"),
    MALFORMED("inline function type"),
    /* numbers that are too long for the section they stand in, or push a section's end forward */
    MALFORMED("integer representation too long", "integer representation too long",
              "unexpected end: expected the m", "unexpected end: expected a type index",
              "malformed section id: 128"),
    MALFORMED("integer too large", "integer too large", "unexpected end: expected the m",
              "malformed section id: 128"),
    MALFORMED("invalid custom page size"),
    MALFORMED("invalid lane length"),
    /* a section that ends before what it counts */
    MALFORMED("length out of bounds", "length out of bounds",
              "unexpected end of section or function: expected the name"),
    MALFORMED("magic header not detected"),
    MALFORMED("malformed UTF-8"),
    MALFORMED("malformed UTF-8 encoding"),
    MALFORMED("malformed import kind"),
    MALFORMED("malformed limits flags"),
    MALFORMED("malformed memop flags"),
    MALFORMED("malformed mutability"),
    MALFORMED("malformed reference type"),
    MALFORMED("malformed section id"),
    MALFORMED("mismatching label"),
    MALFORMED("multiple start sections"),
    /* a body without end: the standard's reader takes the next section's id for one */
    MALFORMED("section size mismatch", "section size mismatch",
              "unexpected end of section or function: END opcode"),
    MALFORMED("too many locals"),
    MALFORMED("unclosed annotation"),
    MALFORMED("unclosed string"),
    /* a second code section, the first of which does not fit already */
    MALFORMED("unexpected content after last section", "unexpected content after last section",
              "function and code section have inconsistent lengths: 2 functions, 1 bodies"),
    MALFORMED("unexpected end"),
    MALFORMED("unexpected end of section or function"),
    MALFORMED("unexpected token"),
    MALFORMED("unknown binary version"),
    MALFORMED("unknown label"),
    MALFORMED("unknown operator"),
    MALFORMED("unknown operator anyfunc"),
    MALFORMED("unknown operator current_memory"),
    MALFORMED("unknown operator f32x4.convert_s/i32x4"),
    MALFORMED("unknown operator get_global"),
    MALFORMED("unknown operator get_local"),
    MALFORMED("unknown operator grow_memory"),
    MALFORMED("unknown operator i32.trunc_s:sat/f32"),
    MALFORMED("unknown operator i32.wrap/i64"),
    MALFORMED("unknown operator set_global"),
    MALFORMED("unknown operator set_local"),
    MALFORMED("unknown operator tee_local"),
    MALFORMED("unknown type"),
    MALFORMED("wrong number of lane literals"),

    /* ---- annotations and custom sections ---- */
    MALFORMED("@custom annotation: malformed UTF-8 encoding"),
    MALFORMED("@custom annotation: malformed placement"),
    MALFORMED("@custom annotation: malformed section kind"),
    MALFORMED("@custom annotation: missing section name"),
    MALFORMED("@custom annotation: unexpected token"),
    MALFORMED("@metadata.code.branch_hint annotation: duplicate annotation"),
    MALFORMED("@metadata.code.branch_hint annotation: not in a function"),
    MALFORMED("@name annotation: multiple module"),
    MALFORMED("misplaced @custom annotation"),
    MALFORMED("misplaced @name annotation"),
    INVALID("@metadata.code.branch_hint annotation: invalid target", "*invalid target"),

    /* ---- validation ---- */
    INVALID("alignment must not be larger than natural"),
    INVALID("array type is not numeric or vector"),
    INVALID("array types do not match"),
    INVALID("constant expression required"),
    INVALID("duplicate export name"),
    INVALID("immutable array"),
    INVALID("immutable field"),
    INVALID("immutable global"),
    INVALID("invalid custom page size"),
    INVALID("invalid lane index"),
    INVALID("invalid result arity"),
    INVALID("invalid rethrow label"),
    INVALID("memory size"),
    INVALID("memory size must be at most"),
    INVALID("memory size must be at most 65536 pages (4GiB)"),
    INVALID("multiple memories"),
    INVALID("multiple tables"),
    INVALID("non-empty tag result type"),
    INVALID("offset out of range"),
    INVALID("shared memory must have maximum"),
    INVALID("size minimum must not be greater than maximum"),
    INVALID("start function"),
    INVALID("sub type"),
    INVALID("table size"),
    INVALID("type mismatch"),
    INVALID("type mismatch: block requires [] but stack has [i32]", "type mismatch"),
    INVALID("type mismatch: instruction requires [i32] but stack has []", "type mismatch"),
    INVALID("type mismatch: instruction requires [i32] but stack has [i64]", "type mismatch"),
    INVALID("undeclared function reference"),
    INVALID("uninitialized local"),
    INVALID("unknown data segment"),
    INVALID("unknown data segment 1"),
    INVALID("unknown elem segment 0"),
    INVALID("unknown elem segment 4"),
    INVALID("unknown function"),
    INVALID("unknown function 0"),
    INVALID("unknown function 7"),
    INVALID("unknown global"),
    INVALID("unknown global 0"),
    INVALID("unknown global 1"),
    INVALID("unknown label"),
    INVALID("unknown local"),
    INVALID("unknown local 2"),
    INVALID("unknown memory"),
    /* in the binary a segment's index stands before the memory's or the table's, and both are unknown */
    INVALID("unknown memory 0", "unknown memory 0", "unknown data segment 1: memory.init"),
    INVALID("unknown memory 1"),
    INVALID("unknown table"),
    INVALID("unknown table 0", "unknown table 0", "unknown elem segment"),
    INVALID("unknown tag 0"),
    INVALID("unknown type"),

    /* ---- linking: one message tells all imports that are wrong ---- */
    UNLINKABLE("incompatible import type", "* wanted, "),
    UNLINKABLE("unknown import", "*: missing; the module wants "),

    /* ---- execution ---- */
    TRAP("call stack exhausted"),
    TRAP("cast failure"),
    TRAP("indirect call type mismatch"),
    TRAP("integer divide by zero"),
    TRAP("integer overflow"),
    TRAP("invalid conversion to integer"),
    TRAP("null array reference"),
    TRAP("null function reference"),
    TRAP("null i31 reference"),
    TRAP("null reference"),
    TRAP("null structure reference"),
    TRAP("out of bounds array access"),
    TRAP("out of bounds memory access"),
    TRAP("out of bounds table access"),
    TRAP("unaligned atomic"),
    TRAP("undefined element"),
    TRAP("uninitialized element"),
    TRAP("uninitialized element 2", "uninitialized element"),
    TRAP("unreachable"),
};

static wherry_error_kind_t kind_of(wherry_command_kind_t command) {
  switch (command) {
  case WHERRY_COMMAND_ASSERT_MALFORMED:
  case WHERRY_COMMAND_ASSERT_MALFORMED_CUSTOM: return WHERRY_ERROR_MALFORMED;
  case WHERRY_COMMAND_ASSERT_INVALID:
  case WHERRY_COMMAND_ASSERT_INVALID_CUSTOM: return WHERRY_ERROR_INVALID;
  case WHERRY_COMMAND_ASSERT_UNLINKABLE: return WHERRY_ERROR_UNLINKABLE;
  case WHERRY_COMMAND_ASSERT_EXCEPTION: return WHERRY_ERROR_EXCEPTION;
  default: return WHERRY_ERROR_TRAP;
  }
}

static const row_t *find(wherry_error_kind_t kind, wherry_bytes_t text) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].kind == kind && strlen(rows[i].text) == text.size &&
        memcmp(rows[i].text, text.data, text.size) == 0) {
      return &rows[i];
    }
  }
  return NULL;
}

static const char *without_place(const char *message) {
  static const char line[] = "line ", column[] = ", column ";
  const char *at = message;
  if (strncmp(at, line, sizeof line - 1) != 0) return message;
  at += sizeof line - 1;
  at += strspn(at, "0123456789");
  if (strncmp(at, column, sizeof column - 1) != 0) return message;
  at += sizeof column - 1;
  at += strspn(at, "0123456789");
  return at[0] == ':' && at[1] == ' ' ? at + 2 : message;
}

static bool says(const char *message, const char *words) {
  return *words == '*' ? strstr(message, words + 1) != NULL
                       : strncmp(message, words, strlen(words)) == 0;
}

const char *wast_message_fault(const wherry_command_t *command, const wherry_error_t *error) {
  wherry_error_kind_t kind = kind_of(command->kind);
  const char *wanted = arena_text((const char *)command->text.data, command->text.size);
  const char *message = without_place(wherry_error_message(error));
  text_t fault = {0};
  if (wherry_error_kind(error) != kind) {
    text_print(&fault, "expected %s \"%s\"", wherry_error_kind_name(kind), wanted);
    return fault.data;
  }
  if (kind == WHERRY_ERROR_EXCEPTION) return NULL;
  const row_t *row = find(kind, command->text);
  if (!row) {
    text_print(&fault, "the table of messages has no row %s \"%s\"", wherry_error_kind_name(kind),
               wanted);
    return fault.data;
  }
  if (!row->words[0] && says(message, row->text)) return NULL;
  for (size_t i = 0; i < WORDS && row->words[i]; i++) {
    if (says(message, row->words[i])) return NULL;
  }
  text_print(&fault, "expected the words of \"%s\"", wanted);
  return fault.data;
}
