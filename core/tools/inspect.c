/* wherry inspect: what is in a module. */
#include "inspect.h"
#include <inttypes.h>
#include <string.h>

const char *externtype_text(const wherry_externtype_t *type) {
  size_t size = wherry_externtype_print(type, NULL, 0) + 1;
  char *text = arena_alloc(size);
  wherry_externtype_print(type, text, size);
  return text;
}

const char *type_text(const wherry_type_t *type) {
  size_t size = wherry_type_print(type, NULL, 0) + 1;
  char *text = arena_alloc(size);
  wherry_type_print(type, text, size);
  return text;
}

static void put_sections(const inspection_t *found) {
  puts("\nsections");
  for (size_t i = 0; i < found->sections.count; i++) {
    const section_t *section = &found->sections.items[i];
    printf("  %-10s %8zu bytes at 0x%zx", section_name(section->id), section->size,
           section->offset);
    if (section->id == 0) {
      fputs("  \"", stdout);
      put_name(stdout, section->name);
      fputs("\"", stdout);
    } else if (section->id == 8) {
      printf("  function %" PRIu64, section->items);
    } else {
      printf("  %" PRIu64 " item%s", section->items, section->items == 1 ? "" : "s");
    }
    putchar('\n');
  }
}

static void put_imports(const inspection_t *found, bool functions, const char *heading) {
  bool headed = false;
  for (size_t i = 0; i < wherry_module_import_count(found->module); i++) {
    const wherry_externtype_t *type = wherry_module_import_type(found->module, i);
    if ((wherry_externtype_kind(type) == WHERRY_EXTERN_FUNC) != functions) continue;
    if (!headed) printf("\n%s\n", heading);
    headed = true;
    fputs("  ", stdout);
    put_name(stdout, wherry_module_import_module(found->module, i));
    putchar('.');
    put_name(stdout, wherry_module_import_name(found->module, i));
    printf(": %s\n", externtype_text(type));
  }
}

static void put_exports(const inspection_t *found) {
  size_t count = wherry_module_export_count(found->module);
  if (count) puts("\nexports");
  for (size_t i = 0; i < count; i++) {
    fputs("  ", stdout);
    put_name(stdout, wherry_module_export_name(found->module, i));
    printf(": %s\n", externtype_text(wherry_module_export_type(found->module, i)));
  }
}

static void put_features(const inspection_t *found) {
  uint64_t needed = wherry_module_features(found->module);
  if (needed) puts("\nfeatures it needs");
  for (wherry_feature_t i = 0; i < WHERRY_FEATURE_COUNT; i++)
    if (needed >> i & 1) printf("  %s\n", wherry_feature_name(i));
}

static void put_memories(const inspection_t *found) {
  if (found->sections.memory_count) puts("\nmemories");
  for (size_t i = 0; i < found->sections.memory_count; i++) {
    const memory_limits_t *memory = &found->sections.memories[i];
    printf("  %" PRIu64 " page%s", memory->minimum, memory->minimum == 1 ? "" : "s");
    if (memory->page_size == WHERRY_PAGE_SIZE) {
      printf(" (%" PRIu64 " KiB)", memory->minimum * (WHERRY_PAGE_SIZE / 1024));
    } else {
      fputs(" of 1 byte", stdout);
    }
    if (memory->maximum == UINT64_MAX) {
      fputs(", no maximum", stdout);
    } else {
      printf(", at most %" PRIu64, memory->maximum);
    }
    puts(memory->shared ? ", shared" : "");
  }
}

static void put_witfunc(const wherry_witfunc_t *func) {
  const char *name = wherry_witfunc_name(func);
  fputs("  ", stdout);
  put_escaped(stdout, name, strlen(name));
  fputs(": func(", stdout);
  for (size_t i = 0; i < wherry_witfunc_param_count(func); i++) {
    const char *param = wherry_witfunc_param_name(func, i);
    if (i) fputs(", ", stdout);
    put_escaped(stdout, param, strlen(param));
    printf(": %s", type_text(wherry_witfunc_param_type(func, i)));
  }
  putchar(')');
  if (wherry_witfunc_result(func)) printf(" -> %s", type_text(wherry_witfunc_result(func)));
  putchar('\n');
}

static void put_world(const inspection_t *found) {
  if (found->world_fault) printf("\nWIT that cannot be read: %s\n", found->world_fault);
  if (!found->world) return;
  printf("\nWIT: world %s\n", wherry_world_name(found->world));
  const char *last = NULL;
  for (size_t i = 0; i < wherry_world_export_count(found->world); i++) {
    const wherry_witfunc_t *func = wherry_world_export(found->world, i);
    const char *interface = wherry_witfunc_interface(func);
    if (interface && (!last || strcmp(interface, last) != 0)) printf("  %s\n", interface);
    last = interface;
    if (interface) fputs("  ", stdout);
    put_witfunc(func);
  }
}

static wherry_error_t *inspect_text(const inspection_t *found) {
  put_escaped(stdout, found->file, strlen(found->file));
  printf(": core module, %zu bytes", found->bytes.size);
  const char *name = wherry_module_name(found->module);
  if (name) {
    fputs(", named \"", stdout);
    put_escaped(stdout, name, strlen(name));
    fputs("\"", stdout);
  }
  putchar('\n');
  put_sections(found);
  put_features(found);
  put_imports(found, true, "host functions it wants");
  put_imports(found, false, "other imports");
  put_exports(found);
  put_memories(found);
  put_world(found);
  return inspect_custom_text(found);
}

int inspect_verb(int argc, char **argv) {
  static const verb_t verb = {
      "inspect", inspect_verb, "[--json] FILE",
      "Shows a module's sections, the features it needs, what it wants from its host, its exports\n"
      "with their types, its memories, what its custom sections say, and its functions as WIT has\n"
      "them."};
  bool json = false;
  const option_t table[] = {{"--json", OPTION_FLAG, &json, NULL, "as JSON"}, {0}};
  args_t args;
  int status;
  if (!parse_args(&verb, table, PARSE_ALL, argc, argv, &args, &status)) return status;
  if (args.count != 1) return usage_error(&verb, args.count ? "one FILE at a time" : "which FILE?");
  inspection_t found = {.file = args.items[0]};
  wherry_engine_t *engine;
  wherry_error_t *error = engine_with("all", false, &engine);
  if (error) return report(NULL, error);
  if (!read_module_file(engine, found.file, &found.bytes, &status)) {
    wherry_engine_release(engine);
    return status;
  }
  error = wherry_module_new(engine, found.bytes.data, found.bytes.size, &found.module);
  wherry_engine_release(engine);
  if (error) return report(found.file, error);
  found.sections = sections_of(found.bytes);
  error = wherry_module_world(found.module, &found.world);
  if (error) {
    const char *message = wherry_error_message(error);
    found.world = NULL;
    found.world_fault = arena_text(message, strlen(message));
    wherry_error_release(error);
  }
  error = json ? inspect_json(&found) : inspect_text(&found);
  wherry_module_release(found.module);
  return error ? report(found.file, error) : STATUS_OK;
}
