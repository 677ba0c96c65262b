/* Types as WIT spells them. */
#include "types/types.h"

#include "layout.h"

const char *wh_type_kind_name(wherry_type_kind_t kind) {
  return (unsigned)kind < WH_TYPE_KINDS ? wh_kinds[kind].name : "?";
}

static void print_text(wh_text_t *text, const char *what) {
  wh_text_append(text, what, strlen(what));
}

/* Types share parts, so a few bytes may spell out to gigabytes: what is longer ends in an ellipsis. */
enum { LONGEST = 400 };

typedef struct printing {
  wh_text_t *text;
  size_t end;
} printing_t;

static void print_type(printing_t *printing, const wherry_type_t *type);

static bool full(printing_t *printing) {
  return printing->text->failed || printing->text->size >= printing->end;
}

static void print_parts(printing_t *printing, const char *keyword, const wherry_type_t *first,
                        const wherry_type_t *second) {
  print_text(printing->text, keyword);
  if (!first && !second) return;
  print_text(printing->text, "<");
  if (first)
    print_type(printing, first);
  else
    print_text(printing->text, "_");
  if (second && !full(printing)) {
    print_text(printing->text, ", ");
    print_type(printing, second);
  }
  if (!full(printing)) print_text(printing->text, ">");
}

static void print_type(printing_t *printing, const wherry_type_t *type) {
  wh_text_t *text = printing->text;
  const char *keyword = wh_kinds[type->kind].name;
  switch (type->kind) {
  case WHERRY_TYPE_LIST:
  case WHERRY_TYPE_STREAM:
  case WHERRY_TYPE_FUTURE:
  case WHERRY_TYPE_OPTION: print_parts(printing, keyword, type->element, NULL); return;
  case WHERRY_TYPE_RESULT:
    print_parts(printing, keyword, type->fields[0].type, type->fields[1].type);
    return;
  case WHERRY_TYPE_TUPLE:
    print_text(text, keyword);
    for (uint32_t i = 0; i < type->field_count && !full(printing); i++) {
      print_text(text, i ? ", " : "<");
      print_type(printing, type->fields[i].type);
    }
    if (!full(printing)) print_text(text, ">");
    return;
  case WHERRY_TYPE_OWN: print_text(text, type->resource->name); return;
  case WHERRY_TYPE_BORROW:
    print_text(text, "borrow<");
    print_text(text, type->resource->name);
    print_text(text, ">");
    return;
  case WHERRY_TYPE_MAP:
    print_parts(printing, keyword, type->element->fields[0].type, type->element->fields[1].type);
    return;
  case WHERRY_TYPE_FIXED_LIST:
    wh_text_printf(text, "%s<", keyword);
    print_type(printing, type->element);
    if (!full(printing)) wh_text_printf(text, ", %u>", type->length);
    return;
  default: print_text(text, type->name ? type->name : keyword); return;
  }
}

void wh_type_print(const wherry_type_t *type, wh_text_t *text) {
  printing_t printing = {text, text->size + LONGEST};
  print_type(&printing, type);
  if (full(&printing)) print_text(text, "…");
}

void wh_type_describe(const wherry_type_t *type, wh_text_t *text) {
  if (type->kind == WHERRY_TYPE_OWN) print_text(text, "resource ");
  if (wh_kinds[type->kind].is & wh_named && type->name) {
    print_text(text, wh_kinds[type->kind].name);
    print_text(text, " ");
  }
  wh_type_print(type, text);
}

void wh_witfunc_print(const wherry_witfunc_t *func, wh_text_t *text) {
  print_text(text, func->name);
  print_text(text, "(");
  for (uint32_t i = 0; i < func->params->field_count; i++) {
    if (i) print_text(text, ", ");
    print_text(text, func->params->fields[i].name);
    print_text(text, ": ");
    wh_type_print(func->params->fields[i].type, text);
  }
  print_text(text, ")");
  if (!func->result) return;
  print_text(text, " -> ");
  wh_type_print(func->result, text);
}
