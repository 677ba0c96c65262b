/* wherry inspect --json. */
#include "inspect.h"
#include <inttypes.h>
#include <string.h>

void put_text(const char *text) {
  if (text) {
    put_json_text(stdout, text, strlen(text));
  } else {
    fputs("null", stdout);
  }
}

static void put_bytes(wherry_bytes_t bytes) {
  put_json_text(stdout, (const char *)bytes.data, bytes.size);
}

/* Begins an array's next item on a line of its own. */
static void next(bool *first) {
  fputs(*first ? "\n    " : ",\n    ", stdout);
  *first = false;
}

static void put_maximum(uint64_t maximum) {
  if (maximum == UINT64_MAX) {
    fputs("null", stdout);
  } else {
    printf("%" PRIu64, maximum);
  }
}

static void put_valtypes(const wherry_functype_t *type, bool results) {
  size_t count = results ? wherry_functype_result_count(type) : wherry_functype_param_count(type);
  fputc('[', stdout);
  for (size_t i = 0; i < count; i++) {
    wherry_valtype_t of =
        results ? wherry_functype_result(type, i) : wherry_functype_param(type, i);
    if (i) fputs(", ", stdout);
    put_text(wherry_valtype_name(of));
  }
  fputc(']', stdout);
}

static void put_memory_kind(uint64_t page_size, bool shared) {
  printf(", \"page_size\": %" PRIu64 ", \"shared\": %s", page_size, shared ? "true" : "false");
}

static void put_externtype(const wherry_externtype_t *type) {
  wherry_extern_kind_t kind = wherry_externtype_kind(type);
  fputs("\"kind\": ", stdout);
  put_text(wherry_extern_kind_name(kind));
  fputs(", \"type\": ", stdout);
  put_text(externtype_text(type));
  switch (kind) {
  case WHERRY_EXTERN_FUNC:
  case WHERRY_EXTERN_TAG:
    fputs(", \"params\": ", stdout);
    put_valtypes(wherry_externtype_functype(type), false);
    fputs(", \"results\": ", stdout);
    put_valtypes(wherry_externtype_functype(type), true);
    break;
  case WHERRY_EXTERN_GLOBAL:
    fputs(", \"value\": ", stdout);
    put_text(wherry_valtype_name(wherry_externtype_valtype(type)));
    printf(", \"mutable\": %s", wherry_externtype_mutable(type) ? "true" : "false");
    break;
  case WHERRY_EXTERN_TABLE:
    fputs(", \"element\": ", stdout);
    put_text(wherry_valtype_name(wherry_externtype_valtype(type)));
    /* fall through */
  case WHERRY_EXTERN_MEMORY:
    printf(", \"minimum\": %" PRIu64 ", \"maximum\": ", wherry_externtype_minimum(type));
    put_maximum(wherry_externtype_maximum(type));
    if (kind == WHERRY_EXTERN_MEMORY)
      put_memory_kind(wherry_externtype_page_size(type), wherry_externtype_shared(type));
    break;
  }
}

static void put_imports(const inspection_t *found, bool functions_only) {
  bool first = true;
  for (size_t i = 0; i < wherry_module_import_count(found->module); i++) {
    const wherry_externtype_t *type = wherry_module_import_type(found->module, i);
    if (functions_only && wherry_externtype_kind(type) != WHERRY_EXTERN_FUNC) continue;
    next(&first);
    fputs("{\"module\": ", stdout);
    put_bytes(wherry_module_import_module(found->module, i));
    fputs(", \"name\": ", stdout);
    put_bytes(wherry_module_import_name(found->module, i));
    fputs(", ", stdout);
    put_externtype(type);
    fputc('}', stdout);
  }
}

static void put_exports(const inspection_t *found) {
  bool first = true;
  for (size_t i = 0; i < wherry_module_export_count(found->module); i++) {
    next(&first);
    fputs("{\"name\": ", stdout);
    put_bytes(wherry_module_export_name(found->module, i));
    fputs(", ", stdout);
    put_externtype(wherry_module_export_type(found->module, i));
    fputc('}', stdout);
  }
}

static wherry_error_t *put_sections(const inspection_t *found, bool custom_only) {
  wherry_error_t *error = NULL;
  bool first = true;
  size_t custom = 0;
  for (size_t i = 0; i < found->sections.count; i++) {
    const section_t *section = &found->sections.items[i];
    if (custom_only && section->id != 0) continue;
    next(&first);
    fputs(custom_only ? "{\"name\": " : "{\"section\": ", stdout);
    if (custom_only) {
      put_bytes(section->name);
    } else {
      put_text(section_name(section->id));
    }
    printf(", \"offset\": %zu, \"size\": %zu", section->offset, section->size);
    if (!custom_only && section->id == 0) {
      fputs(", \"name\": ", stdout);
      put_bytes(section->name);
    } else if (section->id == 8) {
      printf(", \"function\": %" PRIu64, section->items);
    } else if (section->id != 0) {
      printf(", \"items\": %" PRIu64, section->items);
    }
    if (custom_only && !error) error = inspect_custom_json(found, custom++);
    fputc('}', stdout);
  }
  return error;
}

static void put_memories(const inspection_t *found) {
  bool first = true;
  for (size_t i = 0; i < found->sections.memory_count; i++) {
    const memory_limits_t *memory = &found->sections.memories[i];
    next(&first);
    printf("{\"minimum\": %" PRIu64 ", \"maximum\": ", memory->minimum);
    put_maximum(memory->maximum);
    put_memory_kind(memory->page_size, memory->shared);
    fputc('}', stdout);
  }
}

static void put_witfuncs(const inspection_t *found) {
  bool first = true;
  for (size_t i = 0; i < wherry_world_export_count(found->world); i++) {
    const wherry_witfunc_t *func = wherry_world_export(found->world, i);
    next(&first);
    fputs("{\"name\": ", stdout);
    put_text(wherry_witfunc_name(func));
    fputs(", \"interface\": ", stdout);
    put_text(wherry_witfunc_interface(func));
    fputs(", \"core_name\": ", stdout);
    put_text(wherry_witfunc_core_name(func));
    fputs(", \"params\": [", stdout);
    for (size_t j = 0; j < wherry_witfunc_param_count(func); j++) {
      fputs(j ? ", {\"name\": " : "{\"name\": ", stdout);
      put_text(wherry_witfunc_param_name(func, j));
      fputs(", \"type\": ", stdout);
      put_text(type_text(wherry_witfunc_param_type(func, j)));
      fputc('}', stdout);
    }
    fputs("], \"result\": ", stdout);
    const wherry_type_t *result = wherry_witfunc_result(func);
    put_text(result ? type_text(result) : NULL);
    fputc('}', stdout);
  }
}

static void put_features(const inspection_t *found) {
  uint64_t needed = wherry_module_features(found->module);
  const char *between = "";
  for (wherry_feature_t i = 0; i < WHERRY_FEATURE_COUNT; i++) {
    if (!(needed >> i & 1)) continue;
    fputs(between, stdout);
    put_text(wherry_feature_name(i));
    between = ", ";
  }
}

wherry_error_t *inspect_json(const inspection_t *found) {
  fputs("{\n  \"file\": ", stdout);
  put_text(found->file);
  printf(",\n  \"kind\": \"module\",\n  \"size\": %zu,\n  \"name\": ", found->bytes.size);
  put_text(wherry_module_name(found->module));
  fputs(",\n  \"sections\": [", stdout);
  put_sections(found, false);
  fputs("],\n  \"features\": [", stdout);
  put_features(found);
  fputs("],\n  \"imports\": [", stdout);
  put_imports(found, false);
  fputs("],\n  \"host_functions\": [", stdout);
  put_imports(found, true);
  fputs("],\n  \"exports\": [", stdout);
  put_exports(found);
  fputs("],\n  \"memories\": [", stdout);
  put_memories(found);
  fputs("],\n  \"custom_sections\": [", stdout);
  wherry_error_t *error = put_sections(found, true);
  fputs("],\n  \"world\": ", stdout);
  put_text(found->world ? wherry_world_name(found->world) : NULL);
  if (found->world_fault) {
    fputs(",\n  \"world_error\": ", stdout);
    put_text(found->world_fault);
  }
  fputs(",\n  \"functions\": [", stdout);
  if (found->world) put_witfuncs(found);
  fputs("]\n}\n", stdout);
  return error;
}
