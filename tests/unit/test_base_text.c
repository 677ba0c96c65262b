/* base: UTF-8, growing text, names that are near. */
#include "support.h"

#include "base/base.h"

#define TEXT(s) s, sizeof(s) - 1

static const struct {
  const char *bytes;
  size_t size;
  bool valid, ascii;
} utf8[] = {
    {TEXT(""), true, true},
    {TEXT("plain"), true, true},
    {TEXT("\0zero"), true, true},
    {TEXT("\x7f"), true, true},
    {TEXT("\xc2\x80"), true, false},
    {TEXT("\xdf\xbf"), true, false},
    {TEXT("\xe0\xa0\x80"), true, false},
    {TEXT("\xed\x9f\xbf"), true, false},
    {TEXT("\xee\x80\x80"), true, false},
    {TEXT("\xef\xbf\xbf"), true, false},
    {TEXT("\xf0\x90\x80\x80"), true, false},
    {TEXT("\xf4\x8f\xbf\xbf"), true, false},
    {TEXT("\x80"), false, false},     /* no lead */
    {TEXT("\xc0\x80"), false, false}, /* overlong */
    {TEXT("\xc1\xbf"), false, false}, /* overlong */
    {TEXT("\xc2"), false, false},     /* cut */
    {TEXT("\xc2\x41"), false, false},
    {TEXT("\xe0\x9f\xbf"), false, false}, /* overlong */
    {TEXT("\xed\xa0\x80"), false, false}, /* surrogate */
    {TEXT("\xe2\x82"), false, false},     /* cut */
    {TEXT("\xe2\x82\x41"), false, false},
    {TEXT("\xf0\x8f\xbf\xbf"), false, false}, /* overlong */
    {TEXT("\xf4\x90\x80\x80"), false, false}, /* past U+10FFFF */
    {TEXT("\xf5\x80\x80\x80"), false, false},
    {TEXT("\xf0\x90\x80"), false, false}, /* cut */
    {TEXT("\xff"), false, false},
};

static void well_formed_is_what_unicode_says(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(utf8); i++) {
    bool ascii = false;
    assert_int_equal(wh_utf8_valid(utf8[i].bytes, utf8[i].size, NULL), utf8[i].valid);
    if (utf8[i].valid) {
      assert_true(wh_utf8_valid(utf8[i].bytes, utf8[i].size, &ascii));
      assert_int_equal(ascii, utf8[i].ascii);
    }
  }
}

/* The same at every place of a long text, so that the fast path meets all of it. The block ends where
   the text does. */
static void the_place_does_not_matter(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(utf8); i++) {
    for (size_t before = 0; before < 70; before++) {
      size_t after = before % 40, size = before + utf8[i].size + after;
      char *text = malloc(size ? size : 1);
      memset(text, 'x', size);
      memcpy(text + before, utf8[i].bytes, utf8[i].size);
      assert_int_equal(wh_utf8_valid(text, size, NULL), utf8[i].valid);
      free(text);
    }
  }
}

static void text_grows(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_text_t text = {.alloc = &alloc};
  for (int i = 0; i < 1000; i++) wh_text_printf(&text, "%d,", i);
  wh_text_append(&text, "end", 3);
  assert_false(text.failed);
  assert_memory_equal(text.data, "0,1,2,3,", 8);
  assert_string_equal(text.data + text.size - 7, "999,end");
  wh_text_free(&text);
  assert_int_equal(alloc.used, 0);
}

static void failing_text_stays_failed(void **state) {
  (void)state;
  failing_t failing = {.fail_at = 1};
  wherry_allocator_t host = failing_allocator(&failing);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, &host);
  wh_text_t text = {.alloc = &alloc};
  wh_text_append(&text, "a", 1);
  failing.fail_at = 0;
  wh_text_append(&text, "b", 1);
  assert_true(text.failed);
  assert_null(text.data);
  wh_text_free(&text);
}

static void names_of_guests_are_quoted(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t size;
    const char *shown;
  } names[] = {
      {TEXT("run"), "\"run\""},
      {TEXT(""), "\"\""},
      {TEXT("a\"b\\c"), "\"a\\\"b\\\\c\""},
      {TEXT("\x1b[31m\n\0"), "\"\\1b[31m\\0a\\00\""},
      {TEXT("gr\xc3\xbc\xc3\x9f"), "\"gr\xc3\xbc\xc3\x9f\""},
      {TEXT("\xff\xc3"), "\"\\ff\\c3\""},
      {TEXT("\xc2\x9b"), "\"\\c2\\9b\""}, /* a control character of two bytes */
      {TEXT("\xf0\x9f\x9b\xb6"), "\"\xf0\x9f\x9b\xb6\""},
  };
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  for (size_t i = 0; i < WH_COUNT(names); i++) {
    wh_text_t text = {.alloc = &alloc};
    wh_text_name(&text, names[i].name, names[i].size);
    assert_string_equal(text.data, names[i].shown);
    wh_text_free(&text);
  }
}

static void near_names_are_offered(void **state) {
  (void)state;
  static const char *const known[] = {"memory",    "allocate",  "greet",
                                      "greetings", "Greet_all", "sum"};
  static const struct {
    const char *wanted, *shown;
  } rows[] = {
      {"gret", "; did you mean \"greet\"?"},
      {"greet-al", "; did you mean \"Greet_all\"?"},
      {"SUM", "; did you mean \"sum\"?"},
      {"mem", NULL},
      {"xyz", NULL},
      {"", NULL},
  };
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    wh_near_t near = {.wanted = rows[i].wanted, .size = strlen(rows[i].wanted)};
    wh_text_t text = {.alloc = &alloc};
    for (size_t k = 0; k < WH_COUNT(known); k++) wh_near_offer(&near, known[k], strlen(known[k]));
    wh_near_print(&near, &text);
    if (rows[i].shown)
      assert_string_equal(text.data, rows[i].shown);
    else
      assert_int_equal(text.size, 0);
    wh_text_free(&text);
  }
}

static void the_nearest_three_come_first(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_near_t near = {.wanted = "handler", .size = 7};
  static const char *const known[] = {"hindlers", "handles", "handler2", "andler", "candle"};
  for (size_t k = 0; k < WH_COUNT(known); k++) wh_near_offer(&near, known[k], strlen(known[k]));
  wh_text_t text = {.alloc = &alloc};
  wh_near_print(&near, &text);
  assert_string_equal(text.data, "; did you mean \"handles\", \"handler2\" or \"andler\"?");
  wh_text_free(&text);
}

/* The definition, a character at a time. */
static bool well_formed(const uint8_t *at, const uint8_t *end) {
  while (at < end) {
    uint32_t code = *at, least = 0;
    unsigned more = 0;
    if (code >= 0xF8 || (code >= 0x80 && code < 0xC0)) return false;
    if (code >= 0xF0) {
      more = 3, least = 0x10000, code &= 0x07;
    } else if (code >= 0xE0) {
      more = 2, least = 0x800, code &= 0x0F;
    } else if (code >= 0xC0) {
      more = 1, least = 0x80, code &= 0x1F;
    }
    for (at++; more--; at++) {
      if (at == end || (*at & 0xC0) != 0x80) return false;
      code = code << 6 | (*at & 0x3F);
    }
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
  }
  return true;
}

/* Every four bytes out of those where a rule changes, across the border of two blocks and at the end. */
static void utf8_agrees_with_its_definition(void **state) {
  (void)state;
  static const uint8_t edges[] = {0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                  0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEE,
                                  0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
  enum { EDGES = sizeof edges };
  uint8_t text[64];
  memset(text, 'x', sizeof text);
  for (unsigned i = 0; i < EDGES * EDGES * EDGES * EDGES; i++) {
    uint8_t *at = text + 29 + i % 4;
    for (unsigned k = 0, rest = i; k < 4; k++, rest /= EDGES) at[k] = edges[rest % EDGES];
    size_t size = (size_t)(at - text) + 4;
    bool whole = well_formed(at, at + 4);
    assert_true(wh_utf8_valid(text, size, NULL) == whole);
    assert_true(wh_utf8_valid(text, sizeof text, NULL) == well_formed(at, at + 6));
    assert_true(wh_utf8_valid(at, 4, NULL) == whole);
    memset(at, 'x', 4);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(well_formed_is_what_unicode_says),
      cmocka_unit_test(the_place_does_not_matter),
      cmocka_unit_test(text_grows),
      cmocka_unit_test(failing_text_stays_failed),
      cmocka_unit_test(names_of_guests_are_quoted),
      cmocka_unit_test(near_names_are_offered),
      cmocka_unit_test(the_nearest_three_come_first),
      cmocka_unit_test(utf8_agrees_with_its_definition),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
