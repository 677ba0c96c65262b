/* WIT text as tokens, one after another: within types. */
#ifndef WH_TYPES_WIT_LEX_H
#define WH_TYPES_WIT_LEX_H

#include "wit_text.h"

/* Of one character: that character. */
enum {
  TOKEN_END = 0,
  TOKEN_WORD = 256, /* a name or a keyword; as written */
  TOKEN_ESCAPED,    /* "%name" */
  TOKEN_INTEGER,
  TOKEN_STRING,
  TOKEN_ARROW /* "->" */
};

typedef struct token {
  int kind;
  uint32_t at, size;
  uint32_t docs_at, docs_end; /* the doc comments before it; the same: none */
} token_t;

typedef struct lexer {
  wh_wit_reading_t *reading;
  const wh_wit_source_t *source;
  token_t token; /* that comes next */
  uint32_t next; /* where the one after it is looked for */
} lexer_t;

/* Checks the source's characters and reads the first token. All return false with the error set. */
bool wh_wit_lex_start(lexer_t *lexer, wh_wit_reading_t *reading, const wh_wit_source_t *source);
/* From the middle of a source that has been checked. */
bool wh_wit_lex_from(lexer_t *lexer, uint32_t at);
bool wh_wit_lex_advance(lexer_t *lexer);
bool wh_wit_lex_fail(lexer_t *lexer, size_t at, const char *format, ...) WH_PRINTF(3, 4);
/* "line 1, column 2: expected WHAT, got …". */
bool wh_wit_lex_expected(lexer_t *lexer, const char *what);

static inline bool token_is(const lexer_t *lexer, const token_t *token, const char *word) {
  size_t size = strlen(word);
  return token->kind == TOKEN_WORD && token->size == size &&
         !memcmp(lexer->source->text + token->at, word, size);
}

/* The doc comments before the current token, as lines. *out: NULL if there are none. */
bool wh_wit_lex_docs(lexer_t *lexer, const char **out);
/* What the current string token stands for. */
bool wh_wit_lex_string(lexer_t *lexer, const char **out);

#endif
