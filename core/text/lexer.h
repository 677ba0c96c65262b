/* The text as tokens. Comments leave none; annotations have a list of their own. */
#ifndef WH_TEXT_LEXER_H
#define WH_TEXT_LEXER_H

#include "text/text.h"

typedef enum token_kind {
  TOKEN_END,
  TOKEN_OPEN,
  TOKEN_CLOSE,
  TOKEN_WORD, /* a keyword or a number */
  TOKEN_ID,   /* "$name" or "$\"name\"" */
  TOKEN_STRING,
  TOKEN_RESERVED /* what no rule of the format uses */
} token_kind_t;

typedef struct token {
  uint32_t at;   /* in the text, bytes */
  uint32_t size; /* bytes; of TOKEN_OPEN: the place of its TOKEN_CLOSE among the tokens */
  token_kind_t kind;
} token_t;

/* What the standard gives a meaning; all other annotations are white space. */
typedef enum annotation_kind {
  ANNOTATION_NAME,
  ANNOTATION_CUSTOM,
  ANNOTATION_HINT, /* metadata.code.branch_hint */
  ANNOTATION_OTHER
} annotation_kind_t;

typedef struct annotation {
  uint32_t at;           /* in the text, bytes */
  uint32_t before;       /* place of the token that follows it */
  uint32_t first, count; /* its own tokens, in lexer->inside; their parentheses are not matched */
  annotation_kind_t kind;
  bool used; /* by the construct that it belongs to */
} annotation_t;

typedef struct lexer {
  wh_alloc_t *alloc;
  const char *text;
  size_t size;
  WH_VEC(token_t) tokens;           /* ended by one TOKEN_END */
  WH_VEC(annotation_t) annotations; /* in their order */
  WH_VEC(token_t) inside;
  wherry_error_t *error; /* the first one */
} lexer_t;

/* False: lexer->error is set. Either way lexer_free is needed. */
bool wh_wat_lexer_run(lexer_t *lexer);
void wh_wat_lexer_free(lexer_t *lexer); /* not the error */

/* Sets the error, malformed, with the place in front and the line with a caret below. False always. */
bool wh_wat_lexer_fail(lexer_t *lexer, size_t at, const char *format, ...) WH_PRINTF(3, 4);
/* The same, of kind invalid. */
bool wh_wat_lexer_invalid(lexer_t *lexer, size_t at, const char *format, ...) WH_PRINTF(3, 4);
/* The same, for what needs a feature. */
bool wh_wat_lexer_needs(lexer_t *lexer, size_t at, const char *feature, const char *format, ...)
    WH_PRINTF(4, 5);
bool wh_wat_lexer_oom(lexer_t *lexer);

/* What identifiers and keywords are made of. */
bool wh_wat_is_idchar(char c);

/* Appends what a string between quotes stands for; text: after the first quote. It has been lexed. */
void wh_wat_string_decode(const char *text, wh_text_t *out);

#endif
