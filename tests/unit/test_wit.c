/* types: WIT text, the model it becomes, and the text the model becomes. */
#define _GNU_SOURCE /* memmem, strcasestr */
#include "wits.h"

#define TEXT(...) #__VA_ARGS__

static wh_alloc_t plain_alloc(void) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  return alloc;
}

/* Prints, reads what was printed: the same model. Returns the text. */
static char *round_trip(const wh_wit_t *wit) {
  wh_wit_t *again;
  char *text = print_wit(wit);
  wherry_error_t *error = read_wit(wit->alloc, text, &again);
  if (error) fail_msg("%s\nof:\n%s", wherry_error_message(error), text);
  char *told = tell_wit(wit), *told_again = tell_wit(again), *text_again = print_wit(again);
  if (strcmp(told, told_again) != 0) fail_msg("%s\nbecame\n%s", told, told_again);
  assert_string_equal(text, text_again);
  free(told);
  free(told_again);
  free(text_again);
  wh_wit_free(again);
  return text;
}

/* ---- what is printed ---- */

static void everything_prints_as_it_was_written(void **state) {
  (void)state;
  wh_alloc_t alloc = plain_alloc();
  blob_t file = blob_read("wit/everything.wit");
  assert_non_null(file.data);
  file.data[file.size] = 0;
  wh_wit_t *wit;
  assert_ok(read_wit(&alloc, (char *)file.data, &wit));
  char *text = round_trip(wit);
  assert_string_equal(text, (char *)file.data);
  free(text);
  free(file.data);
  wh_wit_free(wit);
  assert_int_equal(alloc.used, 0);
}

static void texts_print(void **state) {
  (void)state;
  static const struct {
    const char *text, *printed; /* without the package's line */
  } texts[] = {
      {"", ""},
      {"interface i{}", "\ninterface i {\n}\n"},
      /* white space, comments, commas and order do not matter */
      {"interface i { /* a /* nested */ comment */ type a = b; // line\n enum b { x, y, }\r\n}",
       "\ninterface i {\n  type a = b;\n\n  enum b {\n    x,\n    y,\n  }\n}\n"},
      {"interface i { f: func(a: u8,) -> own<r>; resource r{} }",
       "\ninterface i {\n  resource r;\n\n  f: func(a: u8) -> r;\n}\n"},
      /* doc comments of both kinds lose their indentation and their stars */
      {"/** one */ interface i {\n  /**\n   * two\n   *   lines\n   */\n  /// three\n  type a = "
       "u8; }",
       "\n/// one\ninterface i {\n  /// two\n  ///   lines\n  ///\n  /// three\n  type a = "
       "u8;\n}\n"},
      {"// no doc\n//// nor this\n/**/interface i{}", "\ninterface i {\n}\n"},
      /* the uses of an interface become imports of a world, before it */
      {"interface a { type t = u8; } interface b { use a.{t as u}; } world w { import b; }",
       "\ninterface a {\n  type t = u8;\n}\n\ninterface b {\n  use a.{t as u};\n}\n\n"
       "world w {\n  import a;\n  import b;\n}\n"},
      {"interface a { type t = u8; } interface b { use a.{t}; } world w { export b; export a; }",
       "\ninterface a {\n  type t = u8;\n}\n\ninterface b {\n  use a.{t};\n}\n\n"
       "world w {\n  export a;\n  export b;\n}\n"},
      /* a world included, with new names for what has names of its own */
      {"interface i {} world a { import i; import f: func(x: r); resource r { g: func() -> t; }\n"
       "type t = list<r>; export h: func() -> list<tuple<t, r>>; }\n"
       "world b { include a with { r as s, f as e } import i; }",
       "\ninterface i {\n}\n\nworld a {\n  import i;\n\n  resource r {\n    g: func() -> t;\n  "
       "}\n\n"
       "  type t = list<r>;\n\n  import f: func(x: r);\n\n  export h: func() -> list<tuple<t, "
       "r>>;\n"
       "}\n\nworld b {\n  import i;\n\n  resource s {\n    g: func() -> t;\n  }\n\n"
       "  type t = list<s>;\n\n  import e: func(x: s);\n\n  export h: func() -> list<tuple<t, "
       "s>>;\n"
       "}\n"},
      {"interface i {} world w { import a: i; import b: i; export i; include v; } world v { export "
       "i; }",
       "\ninterface i {\n}\n\nworld w {\n  import a: i;\n  import b: i;\n\n  export i;\n}\n\n"
       "world v {\n  export i;\n}\n"},
      /* names of files */
      {"use j as k; interface i { use k.{t}; } interface j { type t = u8; } world w { import k; }",
       "\ninterface i {\n  use j.{t};\n}\n\ninterface j {\n  type t = u8;\n}\n\nworld w {\n"
       "  import j;\n}\n"},
      {"package x:y { interface z {} } use x:y/z; world w { import z; import n: x:y/z; }",
       "\nworld w {\n  import x:y/z;\n  import n: x:y/z;\n}\n\npackage x:y {\n  interface z {\n  "
       "}\n}"
       "\n"},
      {"interface i { @external-id(\"\\u{e9}\\t\\\"\") f: func(); }",
       "\ninterface i {\n  @external-id(\"\\c3\\a9\\09\\\"\")\n  f: func();\n}\n"},
  };
  for (size_t i = 0; i < WH_COUNT(texts); i++) {
    wh_alloc_t alloc = plain_alloc();
    wh_wit_t *wit;
    char whole[1000];
    snprintf(whole, sizeof whole, "package a:b;\n%s", texts[i].text);
    assert_ok(read_wit(&alloc, whole, &wit));
    char *text = round_trip(wit);
    assert_memory_equal(text, "package a:b;\n", 13);
    assert_string_equal(text + 13, texts[i].printed);
    free(text);
    wh_wit_free(wit);
    assert_int_equal(alloc.used, 0);
  }
}

/* ---- what is refused ---- */

static void errors_say_where_and_what(void **state) {
  (void)state;
  static const struct {
    const char *text, *error;
    wherry_error_kind_t kind;
  } texts[] = {
#define MALFORMED(text, error) {text, error, WHERRY_ERROR_MALFORMED}
#define INVALID(text, error) {text, error, WHERRY_ERROR_INVALID}
      INVALID("", "line 1, column 1: no package is named"),
      INVALID("interface i {}", "no package is named"),
      MALFORMED("package a;", "column 10: expected ':'"),
      MALFORMED("package A:b;", "'A': the names of namespaces and packages have small letters"),
      MALFORMED("package a:b@1.2;", "expected a version such as 1.2.3, got '1'"),
      MALFORMED("package a:b@01.2.3;", "expected a version"),
      MALFORMED("package a:b; package c:d;", "a file's package stands first in it"),
      MALFORMED("package a:b; package c:d { package e:f {} }", "within the braces of another"),
      MALFORMED("package a:b; interfase i {}", "got 'interfase'; did you mean \"interface\"?"),
      MALFORMED("package a:b; interface i {", "line 1, column 27: expected a type, 'use', a "
                                              "function (name: func…) or '}', got the end of the"),
      MALFORMED("package a:b;\ninterface i {\n  recrod r { a: u8 }\n}",
                "line 3, column 3: expected a type, 'use', a function (name: func…) or '}', got "
                "'recrod'; did you mean \"record\"?\n3 |   recrod r { a: u8 }\n  |   ^"),
      MALFORMED("package a:b; interface i { f: fnc(); }", "expected 'func', got 'fnc'"),
      MALFORMED("package a:b; interface list {}", "got the keyword 'list'; as a name it is written "
                                                  "'%list'"),
      MALFORMED("package a:b; interface a_b {}", "names join their words by '-', not by '_'"),
      MALFORMED("package a:b; interface a--b {}", "a word between the hyphens of a name is empty"),
      MALFORMED("package a:b; interface a- {}", "a name ends with a hyphen"),
      MALFORMED("package a:b; interface aB {}", "either in small letters or in capitals"),
      MALFORMED("package a:b; interface \xC3\xA9 {}", "a name is made of letters from a to z"),
      MALFORMED("package a:b; interface 1a {}", "expected a name, got '1'"),
      MALFORMED("package a:b; interface % {}", "expected a name after '%'"),
      MALFORMED("package a:b; #", "unexpected character '#'"),
      MALFORMED("package a:b; /* /* */", "the comment that begins here does not end"),
      MALFORMED("package a:b; \xFF", "column 14: malformed UTF-8 encoding"),
      MALFORMED("package a:b; // \x01", "control character U+0001 may not stand in WIT"),
      MALFORMED("package a:b; // \xE2\x80\xAE", "bidirectional override U+202E"),
      MALFORMED("package a:b; // \xC5\x89", "deprecated character U+0149"),
      MALFORMED("package a:b; interface i { record r {} }", "record 'r' has nothing in it"),
      MALFORMED("package a:b; interface i { type t = tuple<>; }", "a tuple has at least one type"),
      MALFORMED("package a:b; interface i { type t = list<u8, 0>; }", "from 1 to 4294967295"),
      MALFORMED("package a:b; interface i { type t = list<u8, 4294967296>; }", "from 1 to"),
      MALFORMED("package a:b; interface i { type t = result<_>; }", "expected ',', got '>'"),
      MALFORMED("package a:b; interface i { type t = option<_>; }", "'_' stands only in result"),
      MALFORMED("package a:b; interface i { type t = u8 }", "expected ';', got '}'"),
      MALFORMED("package a:b; interface i { resource r { f() } }", "expected ':', got '('"),
      MALFORMED("package a:b; interface i { use j; }", "expected '.', got ';'"),
      MALFORMED("package a:b; world w { import x:y; }",
                "expected '/' and the name of an interface"),
      MALFORMED("package a:b; world w { import a/b; }", "begins with a namespace and ':'"),
      MALFORMED("package a:b; world w { import a: 1; }",
                "expected 'func', 'interface' or the path"),
      MALFORMED("package a:b; world w { include x with { a } }", "expected 'as', got '}'"),
      MALFORMED("package a:b@1.0.0; @sinse(version = 1.0.0) interface i {}",
                "got 'sinse'; did you mean \"since\"?"),
      MALFORMED("package a:b@1.0.0; @since(version = 1) interface i {}", "expected a version"),
      MALFORMED("package a:b@1.0.0; @since(feature = x) interface i {}", "expected 'version'"),
      MALFORMED("package a:b; @deprecated(version = 1.0.0) interface i {}",
                "what is @deprecated is @since a version or @unstable too"),
      MALFORMED("package a:b@1.0.0; @unstable(feature = x) @since(version = 1.0.0) interface i {}",
                "an item is either @since a version or @unstable"),
      MALFORMED("package a:b; @unstable(feature = x) @unstable(feature = y) interface i {}",
                "an attribute that the item has already"),
      MALFORMED("package a:b; @unstable(feature = x) use c:d/e;", "has no attributes"),
      MALFORMED("package a:b; interface i { @external-id(\"\\q\") f: func(); }",
                "an escape that no"),
      MALFORMED("package a:b; interface i { @external-id(\"\\ff\") f: func(); }",
                "not well-formed"),
      MALFORMED("package a:b; interface i { @external-id(\"x\n\") f: func(); }", "does not end on"),
      INVALID("package a:b; @since(version = 1.0.0) interface i {}",
              "is in a package with a version, which a:b has not"),
      INVALID("package a:b@1.2.3-rc.2; @since(version = 1.2.3) interface i {}",
              "version 1.2.3 is later than that of the package, a:b@1.2.3-rc.2"),
      INVALID("package a:b; interface i {} world I {}", "'I' is defined twice in package a:b"),
      INVALID("package a:b; use i as j; interface i {} interface j {}", "'j' means something here"),
      INVALID("package a:b; use c:d/e;", "there is no package c:d"),
      INVALID("package a:b; use a:c/e;", "there is no package a:c; did you mean \"a:b\"?"),
      INVALID("package a:b; package c:d@1.0.0 {} use c:d/e;",
              "there is no package c:d, but there is c:d@1.0.0"),
      INVALID("package a:b; interface i { use tipes.{t}; } interface types {}",
              "column 32: there is no interface 'tipes' in package a:b; did you mean \"types\"?"),
      INVALID("package a:b; interface i { use w.{t}; } world w {}",
              "'w' is a world, not an interf"),
      INVALID("package a:b; world w { include i; } interface i {}",
              "'i' is an interface, not a wor"),
      INVALID("package a:b; interface i { use j.{poimt}; } interface j { type point = u8; }",
              "interface 'j' has no type 'poimt'; did you mean \"point\"?"),
      INVALID("package a:b; interface i { use j.{f}; } interface j { f: func(); }",
              "'f' is a function of 'j', not a type"),
      INVALID("package a:b; interface i { use j.{t}; } interface j { use i.{t}; }", "uses itself"),
      INVALID("package a:b; interface i { type t = strin; }",
              "there is no type 'strin' here; did you mean \"string\"?"),
      INVALID("package a:b; interface i { type t = float64; }", "it is called f64 now"),
      INVALID("package a:b; interface i { type t = u; record u { v: option<t> } }",
              "is defined by itself"),
      INVALID("package a:b; interface i { type t = u8; enum T { a } }",
              "differs from another name"),
      INVALID("package a:b; interface i { record r { a: u8, A: u8 } }",
              "field 'A' is there already"),
      INVALID("package a:b; interface i { f: func(a: u8, a: u8); }",
              "parameter 'a' is there alrea"),
      INVALID("package a:b; interface i { resource r { f: func(self: u8); } }",
              "'self' is there al"),
      INVALID("package a:b; interface i { f: func(a: f); }", "'f' is a function"),
      INVALID("package a:b; interface i { type t = borrow<u>; type u = u8; }",
              "'u' is not a resour"),
      INVALID("package a:b; interface i { type t = map<f32, u8>; }", "the keys of a map"),
      INVALID("package a:b; interface i { resource r; type t = stream<borrow<r>>; }",
              "a stream does not carry borrowed resources"),
      INVALID("package a:b; interface i { resource r; f: func() -> list<borrow<r>>; }",
              "'f' returns a borrowed resource"),
      INVALID("package a:b; interface i { resource r { constructor() -> r; } }",
              "returns nothing that is said, or a result<r, …>"),
      INVALID("package a:b; interface i { resource r { constructor(); constructor(a: u8); } }",
              "has a constructor already"),
      INVALID("package a:b; interface i { resource r { r: func(); } }",
              "called as its resource is"),
      INVALID(
          "package a:b; interface i { flags f { a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, "
          "q, r, s, t, u, v, w, x, y, z, aa, ab, ac, ad, ae, af, ag } }",
          "flags have at most 32 labels, not 33"),
      INVALID("package a:b; world w { import f: func(); import F: func(); }",
              "\"F\" is imported alr"),
      INVALID("package a:b; world w { import i; import i; } interface i {}",
              "\"a:b/i\" is imported already"),
      INVALID("package a:b; world w { include w; }", "world 'w' includes itself"),
      INVALID("package a:b; world v { import f: func(); } world w { include v; include v; }",
              "\"f\" is imported already; 'with { … as … }' gives another name"),
      INVALID(
          "package a:b; world v { import i; } world w { include v with { i as j } } interface i "
          "{}",
          "has no import or export of the plain name 'i'"),
      INVALID(
          "package a:b; world v { import f: func(); } world w { include v with { f as g, f as h "
          "} }",
          "'f' has a new name already"),
      INVALID(
          "package a:b; interface a { type t = u8; } interface b { use a.{t}; } interface c { use "
          "b.{t}; use a.{t as u}; } world w { export a; export c; }",
          "\"a:b/c\" is exported, and of what it uses one interface would have to be both"),
      INVALID(
          "package a:b; package c:d { interface i { use e:f/j.{}; } } package e:f { interface j "
          "{} interface k { use c:d/i.{}; } }",
          "need each other"),
      INVALID("package a:b; package c:d { interface i {} } package c:d { interface j {} }",
              "package c:d is defined in another place too"),
  };
  for (size_t i = 0; i < WH_COUNT(texts); i++) {
    wh_alloc_t alloc = plain_alloc();
    wh_wit_t *wit = NULL;
    wherry_error_t *error = read_wit(&alloc, texts[i].text, &wit);
    assert_null(wit);
    if (!error) fail_msg("no error: %s", texts[i].text);
    if (wherry_error_kind(error) != texts[i].kind ||
        !strstr(wherry_error_message(error), texts[i].error))
      fail_msg("got %s: %s\nwanted %s\nfor %s", wherry_error_kind_name(wherry_error_kind(error)),
               wherry_error_message(error), texts[i].error, texts[i].text);
    wherry_error_release(error);
    assert_int_equal(alloc.used, 0);
  }
}

/* ---- several files ---- */

static wherry_error_t *read_files(wh_alloc_t *alloc, const wh_wit_source_t *files, size_t count,
                                  wh_wit_t **out) {
  wh_wit_source_t sources[8];
  for (size_t i = 0; i < count; i++) {
    sources[i] = files[i];
    sources[i].size = strlen(files[i].text);
  }
  return wh_wit_parse(alloc, sources, count, NULL, out);
}

static void files_of_a_package_and_dependencies(void **state) {
  (void)state;
  wh_alloc_t alloc = plain_alloc();
  wh_wit_t *wit;
  static const wh_wit_source_t good[] = {
      {"types.wit", "/// Its docs.\nuse dep:one/x as y; interface types { use y.{t}; }", 0, 0},
      {"world.wit", "package a:b; world w { import types; include dep:two/v; }", 0, 0},
      {"deps/one.wit", "package dep:one; interface x { type t = u8; }\npackage s:t { world u {} }",
       0, 1},
      {"deps/two/a.wit", "package dep:two; world v { import i; }", 0, 2},
      {"deps/two/b.wit", "interface i { use dep:one/x.{t}; }", 0, 2},
      {"deps/three.wit", "package s:t { /* the same */ world u { } }", 0, 3},
  };
  assert_ok(read_files(&alloc, good, WH_COUNT(good), &wit));
  char *text = round_trip(wit);
  assert_string_equal(text,
                      "package a:b;\n\ninterface types {\n  use dep:one/x.{t};\n}\n\n"
                      "world w {\n  import dep:one/x;\n  import types;\n  import dep:two/i;\n}\n"
                      "\npackage dep:one {\n  interface x {\n    type t = u8;\n  }\n}\n"
                      "\npackage dep:two {\n  interface i {\n    use dep:one/x.{t};\n  }\n\n"
                      "  world v {\n    import dep:one/x;\n    import i;\n  }\n}\n"
                      "\npackage s:t {\n  world u {\n  }\n}\n");
  free(text);
  wh_wit_free(wit);
  static const struct {
    wh_wit_source_t files[2];
    const char *error;
  } bad[] = {
      {{{"x.wit", "package a:b;", 0, 0}, {"y.wit", "package a:c;", 0, 0}},
       "y.wit: line 1, column 9: package a:c here, but a:b in another file beside it"},
      {{{"x.wit", "package a:b;", 0, 0}, {"deps/y.wit", "package a:b;", 0, 1}},
       "deps/y.wit: line 1, column 9: package a:b is defined in another place, x.wit too"},
      {{{"x.wit", "package a:b;", 0, 0}, {"deps/y.wit", "interface i {}", 0, 1}},
       "deps/y.wit: line 1, column 1: no package is named"},
      {{{"x.wit", "package a:b; use i as j;", 0, 0}, {"y.wit", "interface i { use j.{t}; }", 0, 0}},
       "y.wit: line 1, column 19: there is no interface 'j' in package a:b"},
      {{{"x.wit", "/// one\npackage a:b;", 0, 0}, {"y.wit", "/// two\npackage a:b;", 0, 0}},
       "y.wit: line 2, column 9: the package has doc comments in another file already"},
      {{{"x.wit", "package a:b; world w { import dep:c/i; }", 0, 0},
        {"deps/y.wit", "package dep:c; interface i { use a:b/k.{}; }", 0, 1}},
       "there is no interface 'k'"},
  };
  for (size_t i = 0; i < WH_COUNT(bad); i++) {
    wit = NULL;
    assert_error(read_files(&alloc, bad[i].files, 2, &wit), INVALID, bad[i].error);
    assert_null(wit);
  }
  assert_int_equal(alloc.used, 0);
}

static void features_switch_items_on(void **state) {
  (void)state;
  static const char text[] =
      "package a:b@1.0.0; interface i { @unstable(feature = f) type t = u8;"
      "@unstable(feature = f) use j.{u}; g: func(); @unstable(feature = f) h: func(a: t, b: u);"
      "resource r { @unstable(feature = e) m: func(); } }\n"
      "@unstable(feature = e) interface j { type u = u8; } interface k { type v = u8; }"
      "world w { @unstable(feature = e) import j; @unstable(feature = e) include x; import k; }"
      "@unstable(feature = e) world x { import l: func(); }";
  static const struct {
    const char *features[2];
    size_t count;
    const char *there, *absent, *error;
  } rows[] = {{{NULL}, 0, "import k;", "j", NULL},
              {{"e"}, 1, "import l: func();", "type t", NULL},
              {{"f"}, 1, NULL, NULL, "'j' is of feature e, which is not switched on"},
              {{"f", "e"}, 2, "h: func(a: t, b: u);", "nothing", NULL}};
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    wh_alloc_t alloc = plain_alloc();
    wh_wit_options_t options = {
        .features = rows[i].features, .feature_count = rows[i].count, .only_those_features = true};
    wh_wit_source_t source = {.text = text, .size = strlen(text)};
    wh_wit_t *wit = NULL;
    wherry_error_t *error = wh_wit_parse(&alloc, &source, 1, &options, &wit);
    if (rows[i].error) {
      assert_error(error, INVALID, rows[i].error);
    } else {
      assert_ok(error);
      char *printed = print_wit(wit);
      assert_non_null(strstr(printed, rows[i].there));
      assert_null(strstr(printed, rows[i].absent));
      free(printed);
    }
    wh_wit_free(wit);
    assert_int_equal(alloc.used, 0);
  }
}

/* ---- names and versions ---- */

static void versions_are_told_apart(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t size;
  } versions[] = {{"1.2.3", 5},
                  {"1.2.3.{a}", 5},
                  {"0.0.0-a.1+b.01", 14},
                  {"1.2", 0},
                  {"1.02.3", 0},
                  {"1.2.3-", 0},
                  {"1.2.3-01", 0},
                  {"1.2.3-0a", 8},
                  {"1.2.3-a..b", 7},
                  {"1.2.3+", 0},
                  {"v1.2.3", 0},
                  {"1.2.3-a.;", 7},
                  {"99999999999999999999.0.0", 0}};
  for (size_t i = 0; i < WH_COUNT(versions); i++)
    assert_int_equal(wh_wit_version_size(versions[i].text, strlen(versions[i].text)),
                     versions[i].size);
  static const char *const ordered[] = {"1.0.0-1",       "1.0.0-2",    "1.0.0-10", "1.0.0-alpha",
                                        "1.0.0-alpha.1", "1.0.0-beta", "1.0.0-rc", "1.0.0+a",
                                        "1.0.1",         "1.2.0",      "10.0.0"};
  for (size_t i = 0; i < WH_COUNT(ordered); i++)
    for (size_t k = 0; k < WH_COUNT(ordered); k++)
      assert_int_equal(wh_wit_version_compare(ordered[i], ordered[k]), i < k ? -1 : i > k);
  assert_int_equal(wh_wit_version_compare("1.0.0+a", "1.0.0+b"), 0);
}

/* ---- random packages ---- */

typedef struct writer {
  wh_text_t text;
  uint64_t state;
  unsigned types, interfaces; /* that have been written: t0 … of the interface, i0 … */
  bool resources[64];         /* which of the types are */
} writer_t;

static uint32_t below(writer_t *w, uint32_t limit) {
  w->state = w->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(w->state >> 33) % limit;
}

static void write_type(writer_t *w, unsigned depth, bool may_borrow) {
  static const char *const plain[] = {"bool", "u8",     "s64",          "f32",
                                      "char", "string", "error-context"};
  static const char *const one[] = {"list", "option", "stream", "future", "result"};
  static const char *const keys[] = {"u8", "s64", "string", "char"};
  uint32_t form = below(w, depth < 4 ? 12 : 6);
  if (form < 3 || (form < 6 && !w->types)) {
    wh_text_printf(&w->text, "%s", plain[below(w, WH_COUNT(plain))]);
  } else if (form < 6) {
    uint32_t type = below(w, w->types);
    bool borrow = may_borrow && w->resources[type] && below(w, 2);
    wh_text_printf(&w->text, borrow ? "borrow<t%u>" : "t%u", type);
  } else if (form < 8) {
    uint32_t kind = below(w, WH_COUNT(one));
    wh_text_printf(&w->text, "%s<", one[kind]);
    write_type(w, depth + 1, may_borrow && kind != 2 && kind != 3);
    wh_text_printf(&w->text, kind == 0 && below(w, 3) == 0 ? ", %u>" : ">", below(w, 9) + 1);
  } else if (form == 8) {
    wh_text_printf(&w->text, "%s", below(w, 2) ? "result" : "stream");
  } else if (form == 9) {
    wh_text_printf(&w->text, "map<%s, ", keys[below(w, WH_COUNT(keys))]);
    write_type(w, depth + 1, may_borrow);
    wh_text_printf(&w->text, ">");
  } else {
    bool tuple = form == 10;
    wh_text_printf(&w->text, tuple ? "tuple<" : below(w, 2) ? "result<_, " : "result<u8, ");
    for (uint32_t i = 0, count = tuple ? below(w, 4) + 1 : 1; i < count; i++) {
      if (i) wh_text_printf(&w->text, ", ");
      write_type(w, depth + 1, may_borrow);
    }
    wh_text_printf(&w->text, ">");
  }
}

static void write_notes(writer_t *w) {
  if (below(w, 6) == 0) wh_text_printf(&w->text, "/// line\n///\n///   indented %u\n", below(w, 9));
  if (below(w, 8) == 0) wh_text_printf(&w->text, "@since(version = 0.%u.0) ", below(w, 9));
  if (below(w, 12) == 0) wh_text_printf(&w->text, "@external-id(\"id %u\") ", below(w, 9));
}

static void write_func(writer_t *w, const char *name, unsigned number, const char *before) {
  write_notes(w);
  wh_text_printf(&w->text, "%s%u: %s%sfunc(", name, number, before, below(w, 3) ? "" : "async ");
  for (uint32_t i = 0, count = below(w, 4); i < count; i++) {
    wh_text_printf(&w->text, "p%u: ", i);
    write_type(w, 0, true);
    wh_text_printf(&w->text, ", ");
  }
  wh_text_printf(&w->text, ")");
  if (below(w, 2)) {
    wh_text_printf(&w->text, " -> ");
    write_type(w, 0, false);
  }
  wh_text_printf(&w->text, ";\n");
}

static void write_definition(writer_t *w) {
  static const char *const words[] = {"record", "variant", "enum", "flags"};
  uint32_t kind = below(w, 6);
  write_notes(w);
  w->resources[w->types] = kind == 4;
  if (kind == 5) {
    wh_text_printf(&w->text, "type t%u = ", w->types);
    /* An alias of a name may be one of a resource, of which nothing is known here. */
    wh_text_printf(&w->text, "option<");
    write_type(w, 0, false);
    wh_text_printf(&w->text, ">;\n");
  } else if (kind == 4) {
    wh_text_printf(&w->text, "resource t%u {\n", w->types);
    if (below(w, 2)) wh_text_printf(&w->text, "constructor(a: u8);\n");
    for (uint32_t i = 0, count = below(w, 4); i < count; i++)
      write_func(w, "m", i, below(w, 2) ? "static " : "");
    wh_text_printf(&w->text, "}\n");
  } else {
    wh_text_printf(&w->text, "%s t%u {\n", words[kind], w->types);
    for (uint32_t i = 0, count = below(w, 5) + 1; i < count; i++) {
      if (below(w, 5) == 0) wh_text_printf(&w->text, "/// of a field\n");
      wh_text_printf(&w->text, "f%u", i);
      if (kind == 0 || (kind == 1 && below(w, 2))) {
        wh_text_printf(&w->text, kind ? "(" : ": ");
        write_type(w, 0, false);
        if (kind) wh_text_printf(&w->text, ")");
      }
      wh_text_printf(&w->text, ",\n");
    }
    wh_text_printf(&w->text, "}\n");
  }
  w->types++;
}

static void write_interface_body(writer_t *w) {
  wh_text_printf(&w->text, "{\n");
  w->types = 0;
  for (uint32_t i = 0, count = below(w, 8); i < count; i++) write_definition(w);
  for (uint32_t i = 0, count = below(w, 5); i < count; i++) write_func(w, "f", i, "");
  if (w->interfaces && below(w, 2))
    wh_text_printf(&w->text, "use i%u.{base as %%from};\n", below(w, w->interfaces));
  wh_text_printf(&w->text, "type base = u8;\n}\n");
}

static void write_world(writer_t *w, unsigned number, const char *direction) {
  uint32_t form = below(w, 4);
  write_notes(w);
  wh_text_printf(&w->text, "%s ", direction);
  if (form == 0 || !w->interfaces) {
    wh_text_printf(&w->text, "x%u: interface ", number);
    write_interface_body(w);
    w->types = 0;
  } else if (form == 1) {
    wh_text_printf(&w->text, "x%u: func();\n", number);
  } else if (form == 2) {
    wh_text_printf(&w->text, "x%u: i%u;\n", number, below(w, w->interfaces));
  } else {
    wh_text_printf(&w->text, "x%u: async func(a: list<u8>) -> string;\n", number);
  }
}

static void write_package(writer_t *w) {
  wh_text_printf(&w->text, "package r:p@0.9.0;\n");
  for (uint32_t i = 0, count = below(w, 6); i < count; i++) {
    if (below(w, 3) == 0) wh_text_printf(&w->text, "@since(version = 0.1.0)\n");
    wh_text_printf(&w->text, "interface i%u ", i);
    write_interface_body(w);
    w->interfaces++;
  }
  for (uint32_t i = 0, count = below(w, 4); i < count; i++) {
    wh_text_printf(&w->text, "world w%u {\n", i);
    w->types = 0;
    for (uint32_t k = 0, types = below(w, 4); k < types; k++) write_definition(w);
    for (uint32_t k = 0, items = below(w, 5); k < items; k++)
      write_world(w, k, below(w, 2) ? "import" : "export");
    if (i) wh_text_printf(&w->text, "include w%u with { };\n", 0u);
    if (w->interfaces) wh_text_printf(&w->text, "import i%u;\n", below(w, w->interfaces));
    wh_text_printf(&w->text, "}\n");
  }
}

static void random_packages_come_back(void **state) {
  (void)state;
  size_t good = 0;
  for (uint64_t seed = 0; seed < 600; seed++) {
    wh_alloc_t alloc = plain_alloc();
    writer_t w = {.text = {.alloc = &alloc}, .state = seed * UINT64_C(0x9E3779B97F4A7C15)};
    write_package(&w);
    wh_wit_t *wit = NULL;
    wherry_error_t *error = read_wit(&alloc, w.text.data, &wit);
    /* Names that meet are all that may be wrong with it. */
    if (error) {
      if (!strstr(wherry_error_message(error), "already"))
        fail_msg("%s\nof\n%s", wherry_error_message(error), w.text.data);
      wherry_error_release(error);
    } else {
      free(round_trip(wit));
      good++;
    }
    wh_wit_free(wit);
    wh_text_free(&w.text);
    assert_int_equal(alloc.used, 0);
  }
  assert_true(good > 200);
}

/* ---- hostile texts ---- */

static void repeat(wh_text_t *text, const char *format, unsigned from, unsigned count) {
  for (unsigned i = from; i < from + count; i++)
    wh_text_printf(text, format, i, i + 1, i + 2); /* as many as the format takes */
}

static void assert_limited(wh_text_t *text, const char *message) {
  wh_wit_t *wit = NULL;
  wherry_error_t *error = read_wit(text->alloc, text->data, &wit);
  assert_null(wit);
  assert_error(error, LIMIT, message);
  wh_text_free(text);
  assert_int_equal(text->alloc->used, 0);
}

static void depth_and_multiplication_end(void **state) {
  (void)state;
  wh_alloc_t alloc = plain_alloc();
  wh_text_t text = {.alloc = &alloc};
  wh_wit_t *wit;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
  wh_text_printf(&text, "package a:b; interface i { type t = ");
  for (int i = 0; i < 100000; i++) wh_text_append(&text, "list<", 5);
  assert_limited(&text, "types are nested deeper than 100");

  wh_text_printf(&text, "package a:b; interface i {");
  repeat(&text, "type t%u = list<t%u>;", 0, 30000);
  wh_text_printf(&text, "type t30000 = u8; }");
  assert_limited(&text, "nested deeper than 100");

  wh_text_printf(&text, "package a:b; interface i { type t0 = u8;");
  for (unsigned i = 0; i < 30000; i++) wh_text_printf(&text, "type t%u = list<t%u>;", i + 1, i);
  wh_text_printf(&text, "}");
  assert_limited(&text, "types are nested deeper than 100");

  wh_text_printf(&text, "package a:b; interface i0 { type t = u8; }");
  for (unsigned i = 0; i < 20000; i++)
    wh_text_printf(&text, "interface i%u { use i%u.{t}; }", i + 1, i);
  assert_limited(&text, "interfaces that use others are nested deeper than 100");

  wh_text_printf(&text, "package a:b; world w0 {");
  repeat(&text, "import fn%u: func();", 0, 20000);
  wh_text_printf(&text, "}");
  repeat(&text, "world v%u { include w0; }", 0, 20000);
  assert_limited(&text, "worlds with more than 1000000 items in all");

  /* An alias is no deeper than what it is of. */
  wh_text_printf(&text, "package a:b; interface i { type t0 = u8;");
  for (unsigned i = 0; i < 30000; i++) wh_text_printf(&text, "type t%u = t%u;", i + 1, i);
  wh_text_printf(&text, "}");
  assert_ok(read_wit(&alloc, text.data, &wit));
  wh_wit_free(wit);
  wh_text_free(&text);

  /* A megabyte each: comments within comments, docs of every line, one long name, many errors' worth
     of near names. */
  for (int i = 0; i < 250000; i++) wh_text_append(&text, "/*", 2);
  for (int i = 0; i < 250000; i++) wh_text_append(&text, "*/", 2);
  wh_text_printf(&text, "package a:b;");
  assert_ok(read_wit(&alloc, text.data, &wit));
  wh_wit_free(wit);
  wh_text_free(&text);
  for (int i = 0; i < 100000; i++) wh_text_append(&text, "///   line\n", 11);
  wh_text_printf(&text, "package a:b;");
  assert_ok(read_wit(&alloc, text.data, &wit));
  wh_wit_free(wit);
  wh_text_free(&text);
  wh_text_printf(&text, "package a:b; interface i { type ");
  for (int i = 0; i < 1000000; i++) wh_text_append(&text, "x", 1);
  wh_text_printf(&text, " = nothing-there; }");
  assert_error(read_wit(&alloc, text.data, &wit), INVALID, "there is no type 'nothing-there'");
  wh_text_free(&text);
#pragma GCC diagnostic pop
  assert_int_equal(alloc.used, 0);
}

static void use_wit(wh_wit_t *wit) {
  if (!wit) return;
  wh_text_t text = {.alloc = wit->alloc};
  wherry_error_t *error = wh_wit_print(wit, &text);
  if (error) wherry_error_release(error);
  wherry_world_t *world = NULL;
  error = wh_world_of(wit->alloc, wit, wit->worlds.items, wit->worlds.count, &world);
  if (error) wherry_error_release(error);
  wh_world_free(world);
  wh_text_free(&text);
  wh_wit_free(wit);
}

static void mutations_do_no_harm(void **state) {
  (void)state;
  static const char replacements[] = "{}<>();:,.@%/*\"-=a0 \n\xC3";
  wh_alloc_t alloc = plain_alloc();
  blob_t file = blob_read("wit/everything.wit");
  assert_non_null(file.data);
  file.data[file.size] = 0;
  char *text = (char *)file.data;
  for (size_t i = 0; i < file.size; i++) {
    char kept = text[i];
    for (size_t k = 0; k <= sizeof replacements; k++) {
      /* cut short at first, then one character by another */
      text[i] = k == 0 ? 0 : replacements[(i + k * 5) % (sizeof replacements - 1)];
      if (k > 4) break;
      wh_wit_t *wit = NULL;
      wherry_error_t *error = read_wit(&alloc, text, &wit);
      if (error) wherry_error_release(error);
      use_wit(wit);
    }
    text[i] = kept;
  }
  free(file.data);
  assert_int_equal(alloc.used, 0);
}

static void every_failing_allocation_is_an_error(void **state) {
  (void)state;
  blob_t file = blob_read("wit/everything.wit");
  assert_non_null(file.data);
  wh_wit_source_t source = {.text = (char *)file.data, .size = file.size};
  for (size_t fail_at = 1;; fail_at++) {
    assert_true(fail_at < 100000);
    failing_t failing = {.fail_at = fail_at};
    wherry_allocator_t host = failing_allocator(&failing);
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, &host);
    wh_wit_t *wit = NULL;
    wherry_world_t *world = NULL;
    wh_text_t text = {.alloc = &alloc};
    wherry_error_t *error = wh_wit_parse(&alloc, &source, 1, NULL, &wit);
    if (!error) error = wh_wit_print(wit, &text);
    if (!error) error = wh_world_of(&alloc, wit, wit->worlds.items, wit->worlds.count, &world);
    bool done = !error;
    if (error) assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    wh_world_free(world);
    wh_text_free(&text);
    wh_wit_free(wit);
    assert_int_equal(failing.live_bytes, 0);
    if (done) break;
  }
  free(file.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_prints_as_it_was_written),
      cmocka_unit_test(texts_print),
      cmocka_unit_test(errors_say_where_and_what),
      cmocka_unit_test(files_of_a_package_and_dependencies),
      cmocka_unit_test(features_switch_items_on),
      cmocka_unit_test(versions_are_told_apart),
      cmocka_unit_test(random_packages_come_back),
      cmocka_unit_test(depth_and_multiplication_end),
      cmocka_unit_test(mutations_do_no_harm),
      cmocka_unit_test(every_failing_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
