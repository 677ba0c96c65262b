/* The `wherry` command, on the public headers only.

   One file a verb; this header holds what they share. Memory comes from an arena that lives until the
   process ends: a command is short, and running out of memory ends it with a message.
   Verbs return the exit status: 0; 1 an error; 2 wrong usage; 134 a trap; else the guest's own. */
#ifndef TOOL_H
#define TOOL_H

#include <stdio.h>
#include <wherry.h>

enum { STATUS_OK = 0, STATUS_ERROR = 1, STATUS_USAGE = 2, STATUS_TRAP = 134 };

/* ---- memory.c ---- */

/* Zeroed, aligned for anything, never NULL. */
void *arena_alloc(size_t size);
/* For arrays that double; the old block stays behind in the arena. */
void *arena_grow(void *old, size_t old_size, size_t new_size);
char *arena_text(const char *text, size_t size);

/* A growing text, always ended by a zero byte that size does not count. Zero-initialize. */
typedef struct text {
  char *data;
  size_t size, room;
} text_t;
void text_add(text_t *text, const void *data, size_t size);
void text_print(text_t *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A code point as UTF-8. */
void text_add_code_point(text_t *text, uint32_t code_point);

/* ---- output.c ---- */

/* Writes what may come from a guest: control characters, bytes that are not UTF-8 and marks that
   turn the direction of text are shown escaped. */
void put_escaped(FILE *out, const char *data, size_t size);
void put_name(FILE *out, wherry_bytes_t name);
/* Between double quotes, as JSON has it. */
void put_json_text(FILE *out, const char *data, size_t size);

/* "wherry: SUBJECT: message" on standard error; returns STATUS_ERROR. */
int complain(const char *subject, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for an error of the library, with offset or guest's stack; ends the error and returns the
   exit status that goes with its kind. */
int report(const char *file, wherry_error_t *error);

/* ---- files.c ---- */

/* Reads a whole file. Complains and returns false if it cannot. */
bool read_file(const char *path, wherry_bytes_t *out);

bool ends_with(const char *text, const char *end);

/* A module's text becomes its binary, in the arena. */
wherry_error_t *text_to_binary(wherry_engine_t *engine, wherry_bytes_t *module);

/* Reads a module; what ends in .wat is text, and becomes its binary. The same, but *status instead of
   false. */
/* Of a module or a component. */
wherry_error_t *validate_bytes(wherry_engine_t *engine, wherry_bytes_t bytes);
bool read_module_file(wherry_engine_t *engine, const char *path, wherry_bytes_t *out, int *status);
/* path "-": standard output. Returns STATUS_OK, or complains. */
int write_file(const char *path, wherry_bytes_t bytes);

/* ---- args.c ---- */

typedef enum option_kind {
  OPTION_FLAG,     /* bool */
  OPTION_TEXT,     /* const char * */
  OPTION_TEXTS,    /* texts_t, may be given again */
  OPTION_NUMBER,   /* uint64_t */
  OPTION_SIZE,     /* uint64_t of bytes: 65536, 64KB, "64 MB", 1GiB */
  OPTION_DURATION, /* uint64_t of nanoseconds, given in seconds */
  OPTION_LATER     /* known, and not there yet */
} option_kind_t;

typedef struct texts {
  const char **items;
  size_t count, room;
} texts_t;
void texts_add(texts_t *texts, const char *item);

typedef struct option {
  const char *name; /* "--fuel" */
  option_kind_t kind;
  void *value;
  const char *argument; /* its name in the help text, NULL for flags */
  const char *help;
} option_t;

typedef struct verb {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *synopsis; /* without "wherry NAME" */
  const char *help;
} verb_t;

typedef struct args {
  const char **items; /* what is no option, in order */
  size_t count;
} args_t;

typedef enum parse_mode {
  PARSE_ALL,  /* options may stand anywhere */
  PARSE_FIRST /* all that follows the first non-option is the guest's */
} parse_mode_t;

/* Reads argv[1] and on. Handles --help and wrong usage by itself: true: go on; false: return *status. */
bool parse_args(const verb_t *verb, const option_t *options, parse_mode_t mode, int argc,
                char **argv, args_t *out, int *status);
int usage_error(const verb_t *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- program.c: a guest, loaded as the options of run and call say ---- */

typedef struct program_options {
  texts_t links;
  uint64_t fuel, timeout, memory_limit; /* UINT64_MAX: not given */
  const char *features;
  bool deterministic;
  bool stats;
  void *later; /* where options that come later would go */
} program_options_t;

#define PROGRAM_OPTIONS_INIT {.fuel = UINT64_MAX, .timeout = UINT64_MAX, .memory_limit = UINT64_MAX}

/* The rows of a verb's option table for the above. */
#define PROGRAM_OPTION_ROWS(o)                                                                     \
  {"--link", OPTION_TEXTS, &(o).links, "NAME=FILE", "a module whose exports are imports of NAME"}, \
      {"--fuel", OPTION_NUMBER, &(o).fuel, "N", "wasm instructions that may run in all"},          \
      {"--timeout", OPTION_DURATION, &(o).timeout, "SECONDS", "how long a call may last"},         \
      {"--memory-limit", OPTION_SIZE, &(o).memory_limit, "SIZE", "for all memories: 64MB, 1GiB"},  \
      {"--features", OPTION_TEXT, &(o).features, "LIST", "on,-off,…; also all and none"},          \
      {"--deterministic", OPTION_FLAG, &(o).deterministic, NULL,                                   \
       "floats and relaxed SIMD the same on every machine"},                                       \
      {"--stats", OPTION_FLAG, &(o).stats, NULL, "afterwards tell what it took (standard error)"}

typedef struct program {
  const char *file;
  wherry_engine_t *engine;
  wherry_guest_t *guest; /* NULL with --link: the explicit level is used then */
  wherry_linker_t *linker;
  wherry_store_t *store;
  wherry_module_t *module;
  wherry_instance_t instance;
  const program_options_t *options;
  uint64_t started; /* nanoseconds */
} program_t;

/* An engine with the features of a list; NULL: those that are on anyway. */
wherry_error_t *engine_with(const char *features, bool deterministic, wherry_engine_t **out);
/* And where wanted, one that collects at every allocation. */
wherry_error_t *engine_of(const char *features, bool deterministic, bool gc_stress,
                          wherry_engine_t **out);

/* Loads and instantiates; complains by itself. *out is to be closed in every case.
   Returns the exit status. */
int program_open(const char *file, const program_options_t *options, program_t *out);
void program_close(program_t *program);
uint64_t clock_now(void);

/* Calls an export with literals as arguments and prints its results. Returns the exit status. */
int program_call(program_t *program, const char *name, const char *const *args, size_t count,
                 bool json);

/* ---- literals.c: values as text ---- */

typedef enum literal_kind {
  LITERAL_NUMBER,
  LITERAL_BOOL,
  LITERAL_CHAR,
  LITERAL_STRING,
  LITERAL_LIST,
  LITERAL_TUPLE,
  LITERAL_RECORD,
  LITERAL_NULL
} literal_kind_t;

typedef struct literal literal_t;
struct literal {
  literal_kind_t kind;
  bool boolean;
  uint32_t character;
  const char *text; /* string: UTF-8; number: as it was written */
  size_t size;
  literal_t *items;   /* list, tuple, record */
  const char **names; /* record */
  size_t count;
};

/* Reads one literal that fills the text. NULL: fine; else what is wrong (in the arena). */
const char *literal_parse(const char *text, literal_t *out);

/* "a number", "a string", … */
const char *literal_kind_name(const literal_t *literal);

/* Both return NULL or what is wrong, beginning with "expected". */
const char *literal_to_value(const literal_t *literal, wherry_valtype_t type, wherry_value_t *out);
const char *literal_to_val(const literal_t *literal, const wherry_type_t *type, wherry_val_t *out);

void put_value(FILE *out, const wherry_value_t *value, bool json);
void put_val(FILE *out, const wherry_val_t *val, const wherry_type_t *type, bool json);

/* Shortest text that reads back as the same number. text: room for 32. */
void float_text(double value, bool single, char *text);

/* ---- The verbs ---- */

int run_verb(int argc, char **argv);
int call_verb(int argc, char **argv);
int validate_verb(int argc, char **argv);
int inspect_verb(int argc, char **argv);
int wast_verb(int argc, char **argv);
int wasm_verb(int argc, char **argv);
int wat_verb(int argc, char **argv);
int wit_verb(int argc, char **argv);

#endif
