/* Options and arguments of a verb. */
#include "tool.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void texts_add(texts_t *texts, const char *item) {
  if (texts->count == texts->room) {
    size_t room = texts->room ? texts->room * 2 : 8;
    texts->items =
        arena_grow(texts->items, texts->count * sizeof *texts->items, room * sizeof *texts->items);
    texts->room = room;
  }
  texts->items[texts->count++] = item;
}

int usage_error(const verb_t *verb, const char *format, ...) {
  fprintf(stderr, "wherry: %s: ", verb->name);
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fprintf(stderr, "\nusage: wherry %s %s\nMore: wherry %s --help\n", verb->name, verb->synopsis,
          verb->name);
  return STATUS_USAGE;
}

static void print_help(const verb_t *verb, const option_t *options) {
  printf("usage: wherry %s %s\n\n%s\n", verb->name, verb->synopsis, verb->help);
  bool headed = false;
  for (const option_t *option = options; option->name; option++) {
    if (option->kind == OPTION_LATER) continue;
    if (!headed) fputs("\nOptions:\n", stdout);
    headed = true;
    char left[64];
    snprintf(left, sizeof left, "%s%s%s", option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
    printf("  %-22s %s\n", left, option->help);
  }
}

static bool parse_number(const char *text, uint64_t *out) {
  if (*text < '0' || *text > '9') return false;
  char *end;
  errno = 0;
  *out = strtoull(text, &end, 10);
  return !*end && !errno;
}

static bool parse_size(const char *text, uint64_t *out) {
  static const struct {
    const char *name;
    uint64_t factor;
  } units[] = {{"", 1},
               {"B", 1},
               {"K", 1024},
               {"KB", 1000},
               {"KiB", 1024},
               {"M", 1024 * 1024},
               {"MB", 1000 * 1000},
               {"MiB", 1024 * 1024},
               {"G", 1024 * 1024 * 1024},
               {"GB", 1000 * 1000 * 1000},
               {"GiB", 1024 * 1024 * 1024}};
  if (*text < '0' || *text > '9') return false;
  char *end;
  errno = 0;
  uint64_t number = strtoull(text, &end, 10);
  if (errno) return false;
  while (*end == ' ') end++;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcasecmp(end, units[i].name) != 0) continue;
    return !__builtin_mul_overflow(number, units[i].factor, out);
  }
  return false;
}

static bool parse_duration(const char *text, uint64_t *out) {
  char *end;
  double seconds = strtod(text, &end);
  if (end == text || *end || !isfinite(seconds) || seconds < 0 || seconds > 1e9) return false;
  *out = (uint64_t)(seconds * 1e9);
  return true;
}

static bool take_option(const option_t *option, const char *text) {
  switch (option->kind) {
  case OPTION_FLAG: *(bool *)option->value = true; return true;
  case OPTION_TEXT: *(const char **)option->value = text; return true;
  case OPTION_TEXTS: texts_add(option->value, text); return true;
  case OPTION_NUMBER: return parse_number(text, option->value);
  case OPTION_SIZE: return parse_size(text, option->value);
  case OPTION_DURATION: return parse_duration(text, option->value);
  case OPTION_LATER: break;
  }
  return false;
}

static const option_t *find_option(const option_t *options, const char *text, size_t size) {
  for (const option_t *option = options; option->name; option++) {
    if (strlen(option->name) == size && memcmp(option->name, text, size) == 0) return option;
  }
  return NULL;
}

/* Long options begin with two dashes; a dash and a letter is a short one where the table has it.
   Anything else ("-5") is an argument. */
static bool looks_like_option(const option_t *options, const char *text) {
  if (text[0] != '-') return false;
  return text[1] == '-' || find_option(options, text, strlen(text));
}

bool parse_args(const verb_t *verb, const option_t *options, parse_mode_t mode, int argc,
                char **argv, args_t *out, int *status) {
  texts_t rest = {0};
  bool ended = false;
  for (int i = 1; i < argc; i++) {
    const char *text = argv[i];
    if (ended || !looks_like_option(options, text)) {
      texts_add(&rest, text);
      if (mode == PARSE_FIRST) ended = true;
      continue;
    }
    if (strcmp(text, "--") == 0) {
      ended = true;
      continue;
    }
    if (strcmp(text, "--help") == 0) {
      print_help(verb, options);
      *status = STATUS_OK;
      return false;
    }
    const char *equals = strchr(text, '=');
    size_t size = equals ? (size_t)(equals - text) : strlen(text);
    const option_t *option = find_option(options, text, size);
    if (!option) {
      *status = usage_error(verb, "there is no option %.*s", (int)size, text);
      return false;
    }
    if (option->kind == OPTION_LATER) {
      *status = usage_error(verb, "%s: %s", option->name, option->help);
      return false;
    }
    if ((option->kind == OPTION_FLAG) && equals) {
      *status = usage_error(verb, "%s takes no value", option->name);
      return false;
    }
    const char *value = equals ? equals + 1 : NULL;
    if (option->kind != OPTION_FLAG && !equals) {
      if (i + 1 == argc) {
        *status = usage_error(verb, "%s wants %s", option->name, option->argument);
        return false;
      }
      value = argv[++i];
    }
    if (!take_option(option, value)) {
      *status = usage_error(verb, "%s: \"%s\" is no %s", option->name, value, option->argument);
      return false;
    }
  }
  out->items = rest.items;
  out->count = rest.count;
  return true;
}
