/* WIT text as a tree: WIT.md's grammar, rule by rule. Names are checked, not looked up. */
#include "wit_lex.h"

#include <stdlib.h>

typedef lexer_t parser_t;

#define TRY(call)              \
  do {                         \
    if (!(call)) return false; \
  } while (0)

static bool advance(parser_t *p) { return wh_wit_lex_advance(p); }
static bool is(const parser_t *p, int kind) { return p->token.kind == kind; }
static bool is_word(const parser_t *p, const char *word) { return token_is(p, &p->token, word); }

static void *make(parser_t *p, size_t size) {
  void *made = wh_arena_alloc(&p->reading->arena, size);
  if (!made) wh_wit_oom(p->reading);
  return made;
}
#define NEW(p, type) ((type *)make((p), sizeof(type)))

static bool expect(parser_t *p, int kind, const char *what) {
  return is(p, kind) ? advance(p) : wh_wit_lex_expected(p, what);
}

static bool expect_word(parser_t *p, const char *word) {
  char what[24];
  if (is_word(p, word)) return advance(p);
  what[0] = '\'';
  size_t size = strlen(word);
  memcpy(what + 1, word, size);
  memcpy(what + 1 + size, "'", 2);
  return wh_wit_lex_expected(p, what);
}

/* One of some words was expected; near ones are offered. */
static bool expected_of(parser_t *p, const char *what, const char *const *words, size_t count) {
  wh_near_t near = {.wanted = p->source->text + p->token.at, .size = p->token.size};
  if (is(p, TOKEN_WORD))
    for (size_t i = 0; i < count; i++) wh_near_offer(&near, words[i], strlen(words[i]));
  if (!near.count) return wh_wit_lex_expected(p, what);
  wh_text_t text = {.alloc = p->reading->alloc};
  wh_near_print(&near, &text);
  if (text.failed)
    wh_wit_oom(p->reading);
  else
    wh_wit_lex_fail(p, p->token.at, "expected %s, got '%.*s'%s", what, (int)near.size, near.wanted,
                    text.data);
  wh_text_free(&text);
  return false;
}

static bool check_label(parser_t *p, const name_t *name,
                        const char *(*check)(const char *, size_t)) {
  const char *problem = check(name->text, name->size);
  if (!problem) return true;
  return wh_wit_lex_fail(p, name->at, "'%.*s': %s", name->size > 60 ? 60 : (int)name->size,
                         name->text, problem);
}

static bool take_name(parser_t *p, name_t *out, const char *(*check)(const char *, size_t)) {
  const char *text = p->source->text + p->token.at;
  if (is(p, TOKEN_ESCAPED)) {
    *out = (name_t) {text + 1, p->token.size - 1, p->token.at};
  } else if (is(p, TOKEN_WORD)) {
    *out = (name_t) {text, p->token.size, p->token.at};
    if (wh_wit_is_keyword(out->text, out->size))
      return wh_wit_lex_fail(p, p->token.at,
                             "expected a name, got the keyword '%.*s'; as a name it is written "
                             "'%%%.*s'",
                             (int)out->size, out->text, (int)out->size, out->text);
  } else {
    return wh_wit_lex_expected(p, "a name");
  }
  TRY(check_label(p, out, check));
  return advance(p);
}
static bool name(parser_t *p, name_t *out) { return take_name(p, out, wh_wit_label_problem); }

/* valid-semver, at the current token. *out: NULL: the error is set. */
static bool version(parser_t *p, const char **out) {
  uint32_t at = p->token.at;
  const char *text = p->source->text + at;
  size_t size = wh_wit_version_size(text, p->source->size - at);
  if (!size || size > 255) return wh_wit_lex_expected(p, "a version such as 1.2.3");
  if (!(*out = wh_wit_text(p->reading->wit, text, size))) return wh_wit_oom(p->reading);
  return wh_wit_lex_from(p, at + (uint32_t)size);
}

/* ---- attributes ---- */

static bool attribute_value(parser_t *p, const char *key) {
  TRY(expect(p, '(', "'('"));
  if (!is_word(p, key)) {
    char what[16] = "'";
    strcat(strcat(what, key), "'");
    return wh_wit_lex_expected(p, what);
  }
  TRY(advance(p));
  return is(p, '=') ? true : wh_wit_lex_expected(p, "'='");
}

static bool attribute(parser_t *p, wh_wit_notes_t *notes, uint32_t *gate_at) {
  static const char *const known[] = {"since", "unstable", "deprecated", "external-id"};
  uint32_t at = p->token.at;
  TRY(advance(p));
  const char **out;
  if (is_word(p, "since"))
    out = &notes->since;
  else if (is_word(p, "unstable"))
    out = &notes->unstable;
  else if (is_word(p, "deprecated"))
    out = &notes->deprecated;
  else if (is_word(p, "external-id"))
    out = &notes->external_id;
  else
    return expected_of(p, "'since', 'unstable', 'deprecated' or 'external-id' after '@'", known,
                       WH_COUNT(known));
  if (*out) return wh_wit_lex_fail(p, at, "an attribute that the item has already");
  TRY(advance(p));
  if (out == &notes->external_id) {
    TRY(expect(p, '(', "'('"));
    if (!is(p, TOKEN_STRING)) return wh_wit_lex_expected(p, "a string");
    TRY(wh_wit_lex_string(p, out));
    TRY(advance(p));
  } else if (out == &notes->unstable) {
    name_t feature;
    TRY(attribute_value(p, "feature"));
    TRY(advance(p));
    TRY(name(p, &feature));
    if (!(*out = wh_wit_text(p->reading->wit, feature.text, feature.size)))
      return wh_wit_oom(p->reading);
  } else {
    if (out == &notes->since || !notes->since) *gate_at = at;
    TRY(attribute_value(p, "version"));
    TRY(advance(p));
    TRY(version(p, out));
  }
  return expect(p, ')', "')'");
}

/* Doc comments and attributes before an item. */
static bool notes_before(parser_t *p, wh_wit_notes_t *notes, uint32_t *gate_at) {
  *notes = (wh_wit_notes_t) {0};
  *gate_at = 0;
  TRY(wh_wit_lex_docs(p, &notes->docs));
  uint32_t at = p->token.at;
  while (is(p, '@')) {
    TRY(attribute(p, notes, gate_at));
    if (!notes->docs) TRY(wh_wit_lex_docs(p, &notes->docs));
  }
  if (notes->since && notes->unstable)
    return wh_wit_lex_fail(p, at, "an item is either @since a version or @unstable");
  if (notes->deprecated && !notes->since && !notes->unstable)
    return wh_wit_lex_fail(p, at, "what is @deprecated is @since a version or @unstable too");
  return true;
}

/* ---- types ---- */

static bool type(parser_t *p, ast_type_t **out, unsigned depth);

static bool plain_kind(const parser_t *p, unsigned *kind) {
  for (unsigned i = WH_WIT_BOOL; i <= WH_WIT_ERROR_CONTEXT; i++)
    if (is_word(p, wh_wit_kind_name(i))) return *kind = i, true;
  return false;
}

static bool tuple_parts(parser_t *p, ast_type_t *tuple, unsigned depth) {
  ast_type_t **last = &tuple->first;
  TRY(expect(p, '<', "'<'"));
  while (!is(p, '>')) {
    TRY(type(p, last, depth + 1));
    last = &(*last)->next;
    tuple->count++;
    if (!is(p, ',')) break;
    TRY(advance(p));
  }
  if (!tuple->count) return wh_wit_lex_fail(p, p->token.at, "a tuple has at least one type");
  return expect(p, '>', "',' or '>'");
}

static bool list_parts(parser_t *p, ast_type_t *list, unsigned depth) {
  TRY(expect(p, '<', "'<'"));
  TRY(type(p, &list->first, depth + 1));
  if (is(p, ',')) {
    TRY(advance(p));
    if (!is(p, TOKEN_INTEGER)) return wh_wit_lex_expected(p, "the list's length, a number");
    const char *digits = p->source->text + p->token.at;
    unsigned long long length = p->token.size <= 10 ? strtoull(digits, NULL, 10) : UINT64_MAX;
    if (digits[0] == '0' || length > UINT32_MAX)
      return wh_wit_lex_fail(p, p->token.at, "the length of a list goes from 1 to 4294967295");
    list->kind = WH_WIT_FIXED_LIST;
    list->length = (uint32_t)length;
    TRY(advance(p));
  }
  return expect(p, '>', "',' or '>'");
}

static bool result_parts(parser_t *p, ast_type_t *result, unsigned depth) {
  if (!is(p, '<')) return true;
  TRY(advance(p));
  if (is_word(p, "_")) {
    TRY(advance(p));
    TRY(expect(p, ',', "','"));
    TRY(type(p, &result->second, depth + 1));
  } else {
    TRY(type(p, &result->first, depth + 1));
    if (is(p, ',')) {
      TRY(advance(p));
      TRY(type(p, &result->second, depth + 1));
    }
  }
  return expect(p, '>', "',' or '>'");
}

static bool map_parts(parser_t *p, ast_type_t *map, unsigned depth) {
  TRY(expect(p, '<', "'<'"));
  TRY(type(p, &map->first, depth + 1));
  TRY(expect(p, ',', "','"));
  TRY(type(p, &map->second, depth + 1));
  return expect(p, '>', "'>'");
}

static bool one_part(parser_t *p, ast_type_t *made, unsigned depth, bool may_be_absent) {
  if (!is(p, '<') && may_be_absent) return true;
  TRY(expect(p, '<', "'<'"));
  TRY(type(p, &made->first, depth + 1));
  return expect(p, '>', "'>'");
}

static bool type(parser_t *p, ast_type_t **out, unsigned depth) {
  ast_type_t *made = NEW(p, ast_type_t);
  TRY(made);
  *out = made;
  made->at = p->token.at;
  if (depth > WH_MAX_TYPE_DEPTH)
    return wh_wit_fail(p->reading, WHERRY_ERROR_LIMIT, p->source, made->at,
                       "types are nested deeper than %d", WH_MAX_TYPE_DEPTH);
  if (!is(p, TOKEN_WORD) || !wh_wit_is_keyword(p->source->text + p->token.at, p->token.size)) {
    made->kind = AST_NAME;
    if (!is(p, TOKEN_WORD) && !is(p, TOKEN_ESCAPED)) return wh_wit_lex_expected(p, "a type");
    if (is_word(p, "_")) return wh_wit_lex_fail(p, p->token.at, "'_' stands only in result<_, …>");
    return name(p, &made->name);
  }
  if (plain_kind(p, &made->kind)) return advance(p);
  for (made->kind = WH_WIT_LIST_OF; made->kind <= WH_WIT_BORROW; made->kind++)
    if (made->kind != WH_WIT_FIXED_LIST && is_word(p, wh_wit_kind_name(made->kind))) break;
  if (made->kind > WH_WIT_BORROW) return wh_wit_lex_expected(p, "a type");
  TRY(advance(p));
  switch (made->kind) {
  case WH_WIT_TUPLE: return tuple_parts(p, made, depth);
  case WH_WIT_LIST_OF: return list_parts(p, made, depth);
  case WH_WIT_RESULT: return result_parts(p, made, depth);
  case WH_WIT_MAP: return map_parts(p, made, depth);
  case WH_WIT_OPTION: return one_part(p, made, depth, false);
  case WH_WIT_STREAM:
  case WH_WIT_FUTURE: return one_part(p, made, depth, true);
  default:
    TRY(expect(p, '<', "'<'"));
    TRY(name(p, &made->name));
    return expect(p, '>', "'>'");
  }
}

/* ---- functions ---- */

static bool params(parser_t *p, ast_func_t *func) {
  ast_field_t **last = &func->params;
  TRY(expect(p, '(', "'('"));
  while (!is(p, ')')) {
    ast_field_t *param = NEW(p, ast_field_t);
    TRY(param);
    *last = param;
    last = &param->next;
    func->param_count++;
    TRY(name(p, &param->name));
    TRY(expect(p, ':', "':'"));
    TRY(type(p, &param->type, 0));
    if (!is(p, ',')) break;
    TRY(advance(p));
  }
  TRY(expect(p, ')', "',' or ')'"));
  if (!is(p, TOKEN_ARROW)) return true;
  TRY(advance(p));
  return type(p, &func->result, 0);
}

static bool func_type(parser_t *p, ast_func_t **out) {
  ast_func_t *func = NEW(p, ast_func_t);
  TRY(func);
  *out = func;
  if (is_word(p, "async")) {
    func->is_async = true;
    TRY(advance(p));
  }
  TRY(expect_word(p, "func"));
  return params(p, func);
}

static bool semicolon(parser_t *p) { return expect(p, ';', "';'"); }

/* "id: func-type;", in an interface. */
static bool free_function(parser_t *p, ast_item_t *item) {
  item->kind = AST_FUNC;
  TRY(name(p, &item->name));
  TRY(expect(p, ':', "':'"));
  TRY(func_type(p, &item->func));
  return semicolon(p);
}

/* resource-method. */
static bool resource_function(parser_t *p, const name_t *resource, ast_item_t *item) {
  item->kind = AST_FUNC;
  if (is_word(p, "constructor")) {
    item->name = *resource;
    item->name.at = p->token.at;
    if (!(item->func = NEW(p, ast_func_t))) return false;
    item->func->kind = WH_WIT_CONSTRUCTOR;
    TRY(advance(p));
    TRY(params(p, item->func));
    return semicolon(p);
  }
  if (!is(p, TOKEN_ESCAPED) &&
      (!is(p, TOKEN_WORD) || wh_wit_is_keyword(p->source->text + p->token.at, p->token.size)))
    return wh_wit_lex_expected(p, "'constructor', the name of a method, or '}'");
  TRY(name(p, &item->name));
  TRY(expect(p, ':', "':'"));
  bool is_static = is_word(p, "static");
  if (is_static) TRY(advance(p));
  TRY(func_type(p, &item->func));
  item->func->kind = is_static ? WH_WIT_STATIC : WH_WIT_METHOD;
  return semicolon(p);
}

/* ---- type definitions ---- */

static bool fields(parser_t *p, ast_item_t *item) {
  ast_field_t **last = &item->fields;
  TRY(expect(p, '{', "'{'"));
  while (!is(p, '}')) {
    ast_field_t *field = NEW(p, ast_field_t);
    TRY(field);
    *last = field;
    last = &field->next;
    item->field_count++;
    TRY(wh_wit_lex_docs(p, &field->docs));
    TRY(name(p, &field->name));
    if (item->type_kind == WH_WIT_RECORD) {
      TRY(expect(p, ':', "':'"));
      TRY(type(p, &field->type, 0));
    } else if (item->type_kind == WH_WIT_VARIANT && is(p, '(')) {
      TRY(advance(p));
      TRY(type(p, &field->type, 0));
      TRY(expect(p, ')', "')'"));
    }
    if (!is(p, ',')) break;
    TRY(advance(p));
  }
  if (!item->field_count)
    return wh_wit_lex_fail(p, item->name.at, "%s '%.*s' has nothing in it",
                           wh_wit_kind_name(item->type_kind), (int)item->name.size,
                           item->name.text);
  return expect(p, '}', "',' or '}'");
}

static bool resource(parser_t *p, ast_item_t *item) {
  if (is(p, ';')) return advance(p);
  ast_item_t **last = &item->items;
  TRY(expect(p, '{', "';' or '{'"));
  while (!is(p, '}')) {
    ast_item_t *func = NEW(p, ast_item_t);
    TRY(func);
    *last = func;
    last = &func->next;
    TRY(notes_before(p, &func->notes, &func->gate_at));
    TRY(resource_function(p, &item->name, func));
  }
  return advance(p);
}

/* typedef-item, if one begins here. */
static bool type_definition(parser_t *p, ast_item_t *item, bool *found) {
  *found = true;
  if (is_word(p, "type"))
    item->type_kind = WH_WIT_ALIAS;
  else {
    item->type_kind = WH_WIT_RECORD;
    while (item->type_kind < WH_WIT_ALIAS && !is_word(p, wh_wit_kind_name(item->type_kind)))
      item->type_kind++;
    if (item->type_kind == WH_WIT_ALIAS) return *found = false, true;
  }
  item->kind = AST_TYPE;
  TRY(advance(p));
  TRY(name(p, &item->name));
  if (item->type_kind == WH_WIT_RESOURCE) return resource(p, item);
  if (item->type_kind != WH_WIT_ALIAS) return fields(p, item);
  TRY(expect(p, '=', "'='"));
  TRY(type(p, &item->target, 0));
  return semicolon(p);
}

/* ---- paths ---- */

/* The characters of a token stand right behind those of the one before. */
static bool follows(const parser_t *p, uint32_t end) { return p->token.at == end; }
static uint32_t end_of(const parser_t *p) { return p->token.at + p->token.size; }

/* What joins names to a package's: "a:b/c", in pieces. The last name is the item's if there is one. */
typedef struct pieces {
  wh_text_t name_space, package;
  name_t last;
  bool has_package; /* a ':' was seen */
  bool has_item;    /* a '/' was seen */
} pieces_t;

static bool add_piece(parser_t *p, wh_text_t *text, char join, const name_t *piece) {
  TRY(check_label(p, piece, wh_wit_words_problem));
  if (text->size) wh_text_append(text, &join, 1);
  wh_text_append(text, piece->text, piece->size);
  return !text->failed || wh_wit_oom(p->reading);
}

/* ( id ':' )* id ( '/' id )*, its first name read. */
static bool pieces_after(parser_t *p, pieces_t *pieces) {
  while (is(p, ':') && !pieces->has_item) {
    TRY(add_piece(p, &pieces->name_space, ':', &pieces->last));
    pieces->has_package = true;
    TRY(advance(p));
    TRY(name(p, &pieces->last));
  }
  while (is(p, '/')) {
    TRY(add_piece(p, &pieces->package, '/', &pieces->last));
    pieces->has_item = true;
    TRY(advance(p));
    TRY(name(p, &pieces->last));
  }
  return true;
}

static char *package_id(parser_t *p, const pieces_t *pieces, const char *version_text) {
  char *id =
      wh_wit_printf(p->reading->wit, "%s:%s%s%s", pieces->name_space.data, pieces->package.data,
                    version_text ? "@" : "", version_text ? version_text : "");
  if (!id) wh_wit_oom(p->reading);
  return id;
}

static bool path_with(parser_t *p, pieces_t *pieces, ast_path_t *path) {
  const char *version_text = NULL;
  TRY(pieces_after(p, pieces));
  path->name = pieces->last;
  if (!pieces->has_package) {
    if (pieces->has_item)
      return wh_wit_lex_fail(p, path->at, "a path with '/' begins with a namespace and ':'");
    return true;
  }
  if (!pieces->has_item)
    return wh_wit_lex_expected(p, "'/' and the name of an interface or world in this package");
  if (is(p, '@')) {
    TRY(advance(p));
    TRY(version(p, &version_text));
  }
  return (path->package_id = package_id(p, pieces, version_text)) != NULL;
}

/* use-path, its first name read. */
static bool path_after(parser_t *p, const name_t *first, ast_path_t *path) {
  pieces_t pieces = {.name_space = {.alloc = p->reading->alloc},
                     .package = {.alloc = p->reading->alloc},
                     .last = *first};
  path->at = first->at;
  bool good = path_with(p, &pieces, path);
  wh_text_free(&pieces.name_space);
  wh_text_free(&pieces.package);
  return good;
}

static bool path(parser_t *p, ast_path_t *out) {
  name_t first;
  TRY(name(p, &first));
  return path_after(p, &first, out);
}

/* ---- items ---- */

/* "{ a, b as c }"; with: each has its `as`. */
static bool renames(parser_t *p, ast_rename_t **list, bool all_renamed) {
  TRY(expect(p, '{', "'{'"));
  while (!is(p, '}')) {
    ast_rename_t *rename = NEW(p, ast_rename_t);
    TRY(rename);
    *list = rename;
    list = &rename->next;
    TRY(name(p, &rename->name));
    rename->as = rename->name;
    if (all_renamed || is_word(p, "as")) {
      TRY(expect_word(p, "as"));
      TRY(name(p, &rename->as));
    }
    if (!is(p, ',')) break;
    TRY(advance(p));
  }
  return expect(p, '}', "',' or '}'");
}

static bool use(parser_t *p, ast_item_t *item) {
  item->kind = AST_USE;
  TRY(advance(p));
  TRY(path(p, &item->path));
  TRY(expect(p, '.', "'.'"));
  TRY(renames(p, &item->names, false));
  return semicolon(p);
}

static bool include(parser_t *p, ast_item_t *item) {
  item->kind = AST_INCLUDE;
  TRY(advance(p));
  TRY(path(p, &item->path));
  if (!is_word(p, "with")) return semicolon(p);
  TRY(advance(p));
  TRY(renames(p, &item->names, true));
  return is(p, ';') ? advance(p) : true;
}

static bool interface_items(parser_t *p, ast_item_t **list) {
  static const char *const words[] = {"type",  "record",   "variant", "enum",
                                      "flags", "resource", "use"};
  TRY(expect(p, '{', "'{'"));
  while (!is(p, '}')) {
    bool found;
    ast_item_t *item = NEW(p, ast_item_t);
    TRY(item);
    *list = item;
    list = &item->next;
    TRY(notes_before(p, &item->notes, &item->gate_at));
    if (is_word(p, "use")) {
      TRY(use(p, item));
      continue;
    }
    TRY(type_definition(p, item, &found));
    if (found) continue;
    if (is(p, TOKEN_ESCAPED) ||
        (is(p, TOKEN_WORD) && !wh_wit_is_keyword(p->source->text + p->token.at, p->token.size))) {
      token_t first = p->token;
      uint32_t next = p->next;
      TRY(advance(p));
      bool is_function = is(p, ':');
      p->token = first;
      p->next = next;
      if (is_function || first.kind == TOKEN_ESCAPED) {
        TRY(free_function(p, item));
        continue;
      }
    }
    return expected_of(p, "a type, 'use', a function (name: func…) or '}'", words, WH_COUNT(words));
  }
  return advance(p);
}

/* What follows `import` or `export`. */
static bool extern_item(parser_t *p, ast_item_t *item) {
  name_t first;
  TRY(advance(p));
  uint32_t end = end_of(p);
  TRY(name(p, &first));
  item->extern_kind = AST_EXTERN_PATH;
  if (!is(p, ':')) {
    TRY(path_after(p, &first, &item->path));
    return semicolon(p);
  }
  token_t colon = p->token;
  uint32_t after_colon = p->next;
  bool joined = follows(p, end);
  end = end_of(p);
  TRY(advance(p));
  joined = joined && follows(p, end);
  item->has_name = true;
  item->name = first;
  if (is_word(p, "func") || is_word(p, "async")) {
    item->extern_kind = AST_EXTERN_FUNC;
    TRY(func_type(p, &item->func));
    return semicolon(p);
  }
  if (is_word(p, "interface")) {
    item->extern_kind = AST_EXTERN_INTERFACE;
    TRY(advance(p));
    return interface_items(p, &item->items);
  }
  /* "a:b/c" is the path of an interface; "a: b" an interface b under the name a. */
  if (!joined && (is(p, TOKEN_WORD) || is(p, TOKEN_ESCAPED))) {
    name_t second;
    TRY(name(p, &second));
    if (!is(p, '/')) {
      TRY(path_after(p, &second, &item->path));
      return semicolon(p);
    }
  } else if (!joined) {
    return wh_wit_lex_expected(p, "'func', 'interface' or the path of an interface");
  }
  p->token = colon;
  p->next = after_colon;
  item->has_name = false;
  TRY(path_after(p, &first, &item->path));
  return semicolon(p);
}

static bool world_items(parser_t *p, ast_item_t **list) {
  static const char *const words[] = {"import", "export",  "include", "use",   "type",
                                      "record", "variant", "enum",    "flags", "resource"};
  TRY(expect(p, '{', "'{'"));
  while (!is(p, '}')) {
    bool found = true;
    ast_item_t *item = NEW(p, ast_item_t);
    TRY(item);
    *list = item;
    list = &item->next;
    TRY(notes_before(p, &item->notes, &item->gate_at));
    if (is_word(p, "import") || is_word(p, "export")) {
      item->kind = is_word(p, "import") ? AST_IMPORT : AST_EXPORT;
      TRY(extern_item(p, item));
    } else if (is_word(p, "use")) {
      TRY(use(p, item));
    } else if (is_word(p, "include")) {
      TRY(include(p, item));
    } else {
      TRY(type_definition(p, item, &found));
    }
    if (!found)
      return expected_of(p, "'import', 'export', 'include', 'use', a type or '}'", words,
                         WH_COUNT(words));
  }
  return advance(p);
}

/* ---- files ---- */

static ast_part_t *new_part(parser_t *p) {
  ast_part_t *part = NEW(p, ast_part_t);
  if (!part) return NULL;
  part->source = p->source;
  *p->reading->last_part = part;
  p->reading->last_part = &part->next;
  return part;
}

static bool package_name(parser_t *p, pieces_t *pieces, ast_part_t *part) {
  part->at = p->token.at;
  TRY(name(p, &pieces->last));
  TRY(pieces_after(p, pieces));
  if (!pieces->has_package) return wh_wit_lex_expected(p, "':' and the package's name");
  TRY(add_piece(p, &pieces->package, '/', &pieces->last));
  if (is(p, '@')) {
    TRY(advance(p));
    TRY(version(p, &part->version));
  }
  wh_wit_t *wit = p->reading->wit;
  part->name_space = wh_wit_text(wit, pieces->name_space.data, pieces->name_space.size);
  part->name = wh_wit_text(wit, pieces->package.data, pieces->package.size);
  if (!part->name_space || !part->name) return wh_wit_oom(p->reading);
  return (part->package_id = package_id(p, pieces, part->version)) != NULL;
}

/* After `package`. */
static bool package_declaration(parser_t *p, ast_part_t *part) {
  pieces_t pieces = {.name_space = {.alloc = p->reading->alloc},
                     .package = {.alloc = p->reading->alloc}};
  bool good = package_name(p, &pieces, part);
  wh_text_free(&pieces.name_space);
  wh_text_free(&pieces.package);
  return good;
}

static bool toplevel_use(parser_t *p, ast_use_t ***last) {
  ast_use_t *made = NEW(p, ast_use_t);
  TRY(made);
  **last = made;
  *last = &made->next;
  TRY(advance(p));
  TRY(path(p, &made->path));
  made->as = made->path.name;
  if (is_word(p, "as")) {
    TRY(advance(p));
    TRY(name(p, &made->as));
  }
  return semicolon(p);
}

static bool declaration(parser_t *p, ast_part_t *part, const wh_wit_notes_t *notes,
                        uint32_t gate_at, ast_decl_t ***last) {
  ast_decl_t *decl = NEW(p, ast_decl_t);
  TRY(decl);
  **last = decl;
  *last = &decl->next;
  decl->part = part;
  decl->notes = *notes;
  decl->gate_at = gate_at;
  decl->is_world = is_word(p, "world");
  TRY(advance(p));
  TRY(name(p, &decl->name));
  return decl->is_world ? world_items(p, &decl->items) : interface_items(p, &decl->items);
}

static bool has_attributes(const wh_wit_notes_t *notes) {
  return notes->since || notes->unstable || notes->deprecated || notes->external_id;
}

/* A file's own package is named by the first thing in it; any other `package` has braces. */
static bool part_items(parser_t *p, ast_part_t *part);

static bool package_item(parser_t *p, ast_part_t *part, const wh_wit_notes_t *notes, uint32_t start,
                         bool first) {
  ast_part_t named = {0};
  TRY(advance(p));
  if (has_attributes(notes)) return wh_wit_lex_fail(p, start, "a package has no attributes");
  if (part->is_nested) return wh_wit_lex_fail(p, start, "a package within the braces of another");
  TRY(package_declaration(p, &named));
  if (is(p, ';')) {
    if (!first)
      return wh_wit_lex_fail(p, start,
                             "a file's package stands first in it, once; further ones have their "
                             "contents in braces");
    part->name_space = named.name_space;
    part->name = named.name;
    part->version = named.version;
    part->package_id = named.package_id;
    part->at = named.at;
    part->docs = notes->docs;
    return advance(p);
  }
  if (!is(p, '{')) return wh_wit_lex_expected(p, "';' or '{'");
  ast_part_t *nested = new_part(p);
  TRY(nested);
  nested->is_nested = true;
  nested->name_space = named.name_space;
  nested->name = named.name;
  nested->version = named.version;
  nested->package_id = named.package_id;
  nested->at = named.at;
  nested->docs = notes->docs;
  nested->body_at = end_of(p);
  TRY(advance(p));
  TRY(part_items(p, nested));
  nested->body_end = p->token.at;
  return advance(p);
}

static bool part_items(parser_t *p, ast_part_t *part) {
  static const char *const words[] = {"interface", "world", "use", "package"};
  ast_decl_t **last_decl = &part->decls;
  ast_use_t **last_use = &part->uses;
  for (bool first = true; !is(p, part->is_nested ? '}' : TOKEN_END); first = false) {
    wh_wit_notes_t notes;
    uint32_t gate_at, start = p->token.at;
    TRY(notes_before(p, &notes, &gate_at));
    if (is_word(p, "interface") || is_word(p, "world")) {
      if (notes.external_id)
        return wh_wit_lex_fail(p, start, "an interface or a world has no external id");
      TRY(declaration(p, part, &notes, gate_at, &last_decl));
    } else if (is_word(p, "use")) {
      if (has_attributes(&notes))
        return wh_wit_lex_fail(p, start, "a 'use' outside of an interface has no attributes");
      TRY(toplevel_use(p, &last_use));
    } else if (is_word(p, "package")) {
      TRY(package_item(p, part, &notes, start, first));
    } else {
      return expected_of(p,
                         part->is_nested ? "'interface', 'world', 'use' or '}'"
                                         : "'interface', 'world', 'use' or 'package'",
                         words, WH_COUNT(words));
    }
  }
  return true;
}

bool wh_wit_read_source(wh_wit_reading_t *reading, const wh_wit_source_t *source) {
  parser_t parser;
  TRY(wh_wit_lex_start(&parser, reading, source));
  ast_part_t *part = new_part(&parser);
  return part && part_items(&parser, part);
}

bool wh_wit_same_text(const ast_part_t *a, const ast_part_t *b) {
  /* Both have been read: no token of them is an error. */
  lexer_t one = {.source = a->source}, other = {.source = b->source};
  wh_wit_lex_from(&one, a->body_at);
  wh_wit_lex_from(&other, b->body_at);
  while (one.token.at < a->body_end && other.token.at < b->body_end) {
    if (one.token.size != other.token.size ||
        memcmp(one.source->text + one.token.at, other.source->text + other.token.at,
               one.token.size))
      return false;
    wh_wit_lex_advance(&one);
    wh_wit_lex_advance(&other);
  }
  return one.token.at >= a->body_end && other.token.at >= b->body_end;
}
