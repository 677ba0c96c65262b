/* Names and versions: the lexical rules of the component model's names, and WIT's keywords. */
#include "types/wit.h"

#include <stdlib.h>

static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* label: words in small letters or acronyms in capitals, joined by hyphens. */
static const char *problem(const char *text, size_t size, bool may_have_capitals) {
  bool lower = false, upper = false, start = true;
  if (!size) return "a name is empty";
  for (size_t i = 0; i < size; i++) {
    char c = text[i];
    if (c == '-') {
      if (start) return "a word between the hyphens of a name is empty";
      lower = upper = false;
      start = true;
      continue;
    }
    if (c == '_') return "names join their words by '-', not by '_'";
    if (!is_lower(c) && !is_upper(c) && !is_digit(c))
      return "a name is made of letters from a to z, digits and hyphens";
    if (i == 0 && is_digit(c)) return "a name begins with a letter";
    if (is_lower(c)) lower = true;
    if (is_upper(c)) upper = true;
    if (upper && !may_have_capitals)
      return "the names of namespaces and packages have small letters only";
    if (lower && upper)
      return "a word of a name is either in small letters or in capitals; words are joined by '-'";
    start = false;
  }
  return start ? "a name ends with a hyphen" : NULL;
}

const char *wh_wit_label_problem(const char *text, size_t size) {
  return problem(text, size, true);
}
const char *wh_wit_words_problem(const char *text, size_t size) {
  return problem(text, size, false);
}

static int compare_words(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The list of WIT.md, and error-context, which other readers reserve. */
bool wh_wit_is_keyword(const char *text, size_t size) {
  static const char *const words[] = {
      "as",       "async",         "bool",   "borrow", "char",    "constructor",
      "enum",     "error-context", "export", "f32",    "f64",     "flags",
      "from",     "func",          "future", "import", "include", "interface",
      "list",     "map",           "option", "own",    "package", "record",
      "resource", "result",        "s16",    "s32",    "s64",     "s8",
      "static",   "stream",        "string", "tuple",  "type",    "u16",
      "u32",      "u64",           "u8",     "use",    "variant", "with",
      "world"};
  char word[16];
  if (size >= sizeof word) return false;
  memcpy(word, text, size);
  word[size] = 0;
  const char *key = word;
  return bsearch(&key, words, WH_COUNT(words), sizeof *words, compare_words) != NULL;
}

/* ---- semantic versions ---- */

static size_t number_size(const char *text, size_t size) {
  size_t i = 0;
  while (i < size && is_digit(text[i])) i++;
  if (i > 1 && text[0] == '0') return 0;
  return i <= 19 ? i : 0; /* fits in 64 bits */
}

static bool is_part(char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '-'; }

/* Parts joined by dots; a dot belongs to them only if a part follows it. */
static size_t parts_size(const char *text, size_t size, bool zeros_may_lead) {
  size_t i = 0;
  for (;;) {
    size_t start = i;
    bool number = true;
    while (i < size && is_part(text[i])) number = is_digit(text[i++]) && number;
    if (i == start) return 0;
    if (number && !zeros_may_lead && i - start > 1 && text[start] == '0') return 0;
    if (i + 1 >= size || text[i] != '.' || !is_part(text[i + 1])) return i;
    i++;
  }
}

size_t wh_wit_version_size(const char *text, size_t size) {
  size_t i = 0;
  for (int k = 0; k < 3; k++) {
    if (k && (i >= size || text[i++] != '.')) return 0;
    size_t digits = number_size(text + i, size - i);
    if (!digits) return 0;
    i += digits;
  }
  if (i < size && text[i] == '-') {
    size_t parts = parts_size(text + i + 1, size - i - 1, false);
    if (!parts) return 0;
    i += 1 + parts;
  }
  if (i < size && text[i] == '+') {
    size_t parts = parts_size(text + i + 1, size - i - 1, true);
    if (!parts) return 0;
    i += 1 + parts;
  }
  return i;
}

/* Numbers before words; numbers by value, words by their characters. */
static int compare_parts(const char *a, size_t a_size, const char *b, size_t b_size) {
  bool a_number = strspn(a, "0123456789") >= a_size, b_number = strspn(b, "0123456789") >= b_size;
  if (a_number != b_number) return a_number ? -1 : 1;
  if (a_number && a_size != b_size) return a_size < b_size ? -1 : 1;
  int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
  if (order) return order < 0 ? -1 : 1;
  return a_size < b_size ? -1 : a_size > b_size;
}

int wh_wit_version_compare(const char *a, const char *b) {
  for (int k = 0; k < 3; k++) {
    char *a_end, *b_end;
    uint64_t a_number = strtoull(a, &a_end, 10), b_number = strtoull(b, &b_end, 10);
    if (a_number != b_number) return a_number < b_number ? -1 : 1;
    a = a_end + (*a_end == '.' && k < 2);
    b = b_end + (*b_end == '.' && k < 2);
  }
  if ((*a == '-') != (*b == '-')) return *a == '-' ? -1 : 1;
  while (*a && *a != '+' && *b && *b != '+') {
    size_t a_size = strcspn(++a, ".+"), b_size = strcspn(++b, ".+");
    int order = compare_parts(a, a_size, b, b_size);
    if (order) return order;
    a += a_size;
    b += b_size;
  }
  bool a_left = *a && *a != '+', b_left = *b && *b != '+';
  return a_left == b_left ? 0 : a_left ? 1 : -1;
}

/* ---- ids ---- */

bool wh_wit_id_split(const char *id, size_t size, wh_wit_id_t *out) {
  const char *at = memchr(id, '@', size);
  size_t whole = at ? (size_t)(at - id) : size, slash = 0, colon = 0;
  *out = (wh_wit_id_t) {.name_space = id};
  if (at) {
    out->version = at + 1;
    out->version_size = size - whole - 1;
    if (!out->version_size) return false;
  }
  for (size_t i = 0; i < whole; i++) {
    if (id[i] == ':' && slash) return false;
    if (id[i] == ':') colon = i;
    if (id[i] == '/') slash = i;
  }
  if (!colon || slash <= colon + 1 || slash + 1 >= whole) return false;
  out->name_space_size = colon;
  out->package = id + colon + 1;
  out->package_size = slash - colon - 1;
  out->name = id + slash + 1;
  out->name_size = whole - slash - 1;
  return true;
}

bool wh_wit_plain_split(const char *plain, wh_wit_plain_name_t *out) {
  static const char *const prefixes[] = {[WH_WIT_CONSTRUCTOR] = "[constructor]",
                                         [WH_WIT_METHOD] = "[method]",
                                         [WH_WIT_STATIC] = "[static]"};
  *out = (wh_wit_plain_name_t) {.kind = WH_WIT_FREE, .label = plain};
  for (wh_wit_func_kind_t kind = WH_WIT_CONSTRUCTOR; kind <= WH_WIT_STATIC; kind++) {
    size_t prefix = strlen(prefixes[kind]);
    if (strncmp(plain, prefixes[kind], prefix) != 0) continue;
    out->kind = kind;
    out->resource = out->label = plain + prefix;
    out->resource_size = strcspn(out->resource, ".");
    if (kind == WH_WIT_CONSTRUCTOR) break;
    if (!out->resource[out->resource_size]) return false;
    out->label += out->resource_size + 1;
  }
  return !wh_wit_label_problem(out->label, strlen(out->label));
}
