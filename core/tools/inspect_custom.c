/* wherry inspect: what custom sections say. */
#include "inspect.h"
#include <inttypes.h>
#include <string.h>
#include <wherry/custom.h>

enum { FEW = 40, KINDS = 16 };

static bool is_index(const wherry_facts_t *facts, size_t index, size_t part) {
  return part < wherry_facts_part_count(facts, index) &&
         strcmp(wherry_facts_label(facts, index, part), "index") == 0;
}

/* "local 1 of function 3 "x"", "memory size 16 alignment 4". */
static void put_fact(const wherry_facts_t *facts, size_t index) {
  printf("    %s", wherry_facts_kind(facts, index));
  for (size_t part = 0; part < wherry_facts_part_count(facts, index); part++) {
    wherry_bytes_t text = wherry_facts_text(facts, index, part);
    if (is_index(facts, index, part + 1))
      printf(" %" PRIu64 " of", wherry_facts_number(facts, index, part + 1));
    if (is_index(facts, index, part)) {
      if (part == 0) printf(" %" PRIu64, wherry_facts_number(facts, index, part));
      continue;
    }
    if (text.data) {
      fputs(" \"", stdout);
      put_name(stdout, text);
      putchar('"');
    } else {
      printf(" %s %" PRIu64, wherry_facts_label(facts, index, part),
             wherry_facts_number(facts, index, part));
    }
  }
  putchar('\n');
}

/* Of names and hints there may be thousands: how many of each kind. */
static void put_counts(const wherry_facts_t *facts) {
  const char *kinds[KINDS];
  size_t counts[KINDS], used = 0;
  for (size_t i = 0; i < wherry_facts_count(facts); i++) {
    const char *kind = wherry_facts_kind(facts, i);
    size_t k = 0;
    while (k < used && kinds[k] != kind) k++;
    if (k == KINDS) return;
    if (k == used) {
      kinds[k] = kind;
      counts[used++] = 0;
    }
    counts[k]++;
  }
  for (size_t k = 0; k < used; k++) printf("%s %s %zu", k ? "," : "   ", kinds[k], counts[k]);
  if (used) putchar('\n');
}

static void put_fault(const wherry_error_t *fault) {
  const char *message = wherry_error_message(fault);
  uint64_t offset = 0;
  wherry_error_offset(fault, &offset);
  printf("    malformed at 0x%" PRIx64 ": ", offset);
  put_escaped(stdout, message, strlen(message));
  putchar('\n');
}

wherry_error_t *inspect_custom_text(const inspection_t *found) {
  bool headed = false;
  for (size_t i = 0; i < wherry_module_custom_section_count(found->module); i++) {
    wherry_facts_t *facts;
    wherry_error_t *error = wherry_module_facts(found->module, i, &facts);
    if (error) return error;
    if (!facts) continue;
    if (!headed) puts("\ncustom sections");
    headed = true;
    fputs("  ", stdout);
    put_name(stdout, wherry_module_custom_section_name(found->module, i));
    putchar('\n');
    size_t count = wherry_facts_count(facts);
    if (count > FEW) {
      put_counts(facts);
    } else {
      for (size_t k = 0; k < count; k++) put_fact(facts, k);
    }
    if (wherry_facts_fault(facts)) put_fault(wherry_facts_fault(facts));
    wherry_facts_release(facts);
  }
  return NULL;
}

wherry_error_t *inspect_custom_json(const inspection_t *found, size_t index) {
  wherry_facts_t *facts;
  wherry_error_t *error = wherry_module_facts(found->module, index, &facts);
  if (error || !facts) return error;
  fputs(", \"facts\": [", stdout);
  for (size_t i = 0; i < wherry_facts_count(facts); i++) {
    fputs(i ? ", {\"kind\": " : "{\"kind\": ", stdout);
    put_text(wherry_facts_kind(facts, i));
    for (size_t part = 0; part < wherry_facts_part_count(facts, i); part++) {
      wherry_bytes_t text = wherry_facts_text(facts, i, part);
      printf(", \"%s\": ", wherry_facts_label(facts, i, part));
      if (text.data) {
        put_json_text(stdout, (const char *)text.data, text.size);
      } else {
        printf("%" PRIu64, wherry_facts_number(facts, i, part));
      }
    }
    putchar('}');
  }
  putchar(']');
  const wherry_error_t *fault = wherry_facts_fault(facts);
  uint64_t offset = 0;
  if (fault) {
    fputs(", \"malformed\": {\"message\": ", stdout);
    put_text(wherry_error_message(fault));
    wherry_error_offset(fault, &offset);
    printf(", \"offset\": %" PRIu64 "}", offset);
  }
  wherry_facts_release(facts);
  return NULL;
}
