/* base: the reader of untrusted bytes. */
#include "support.h"

#include "base/base.h"

#define BYTES(s) s, sizeof(s) - 1

/* Unsigned: bits 32 or 64; signed: -32, -33, -64. problem NULL: value. */
static const struct {
  int bits;
  const char *bytes;
  size_t size;
  int64_t value;
  const char *problem;
} numbers[] = {
    {32, BYTES("\x00"), 0, NULL},
    {32, BYTES("\x7f"), 127, NULL},
    {32, BYTES("\x80\x01"), 128, NULL},
    {32, BYTES("\xff\xff\xff\xff\x0f"), 0xFFFFFFFF, NULL},
    {32, BYTES("\x80\x80\x80\x80\x00"), 0, NULL},
    {32, BYTES("\xff\xff\xff\xff\x1f"), 0, "integer too large"},
    {32, BYTES("\x80\x80\x80\x80\x10"), 0, "integer too large"},
    {32, BYTES("\x80\x80\x80\x80\x80\x00"), 0, "integer representation too long"},
    {32, BYTES("\x80\x80\x80\x80"), 0, "unexpected end"},
    {32, BYTES(""), 0, "unexpected end"},
    {64, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), -1, NULL},
    {64, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 0, "integer too large"},
    {64, BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), 0,
     "integer representation too long"},
    {-32, BYTES("\x7f"), -1, NULL},
    {-32, BYTES("\x3f"), 63, NULL},
    {-32, BYTES("\x40"), -64, NULL},
    {-32, BYTES("\xff\x00"), 127, NULL},
    {-32, BYTES("\x80\x7f"), -128, NULL},
    {-32, BYTES("\xff\xff\xff\xff\x07"), INT32_MAX, NULL},
    {-32, BYTES("\x80\x80\x80\x80\x78"), INT32_MIN, NULL},
    {-32, BYTES("\xff\xff\xff\xff\x7f"), -1, NULL},
    {-32, BYTES("\xff\xff\xff\xff\x0f"), 0, "integer too large"},
    {-32, BYTES("\x80\x80\x80\x80\x70"), 0, "integer too large"},
    {-32, BYTES("\x80\x80\x80\x80\x08"), 0, "integer too large"},
    {-32, BYTES("\x80\x80\x80\x80\x80\x00"), 0, "integer representation too long"},
    {-33, BYTES("\xff\xff\xff\xff\x0f"), 0xFFFFFFFF, NULL},
    {-33, BYTES("\x80\x80\x80\x80\x70"), -0x100000000, NULL},
    {-33, BYTES("\x80\x80\x80\x80\x10"), 0, "integer too large"},
    {-64, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"), INT64_MAX, NULL},
    {-64, BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f"), INT64_MIN, NULL},
    {-64, BYTES("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), 0, "integer too large"},
};

static bool read_number(wh_reader_t *reader, int bits, int64_t *out) {
  uint32_t u32;
  uint64_t u64;
  int32_t s32;
  bool good;
  switch (bits) {
  case 32: return good = wh_read_u32(reader, &u32), *out = u32, good;
  case 64: return good = wh_read_u64(reader, &u64), *out = (int64_t)u64, good;
  case -32: return good = wh_read_s32(reader, &s32), *out = s32, good;
  case -33: return wh_read_s33(reader, out);
  default: return wh_read_s64(reader, out);
  }
}

static void leb128_as_the_format_has_it(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(numbers); i++) {
    uint8_t *bytes = malloc(numbers[i].size + 1); /* ends where the bytes do */
    uint8_t *copy = realloc(bytes, numbers[i].size ? numbers[i].size : 1);
    memcpy(copy, numbers[i].bytes, numbers[i].size);
    wh_reader_t reader = {copy, copy, copy + numbers[i].size, 100};
    int64_t value = 0;
    bool good = read_number(&reader, numbers[i].bits, &value);
    assert_int_equal(good, numbers[i].problem == NULL);
    if (good) {
      assert_true(value == numbers[i].value);
      assert_int_equal(wh_reader_offset(&reader), 100 + numbers[i].size);
      const uint8_t *at = copy;
      int64_t again = numbers[i].bits < 0 ? wh_leb_s(&at) : (int64_t)wh_leb_u(&at);
      assert_true(again == value);
      assert_ptr_equal(at, reader.end);
    } else {
      unsigned bits = (unsigned)(numbers[i].bits < 0 ? -numbers[i].bits : numbers[i].bits);
      assert_int_equal(wh_reader_offset(&reader), 100);
      assert_string_equal(wh_read_problem(&reader, bits, numbers[i].bits < 0), numbers[i].problem);
    }
    free(copy);
  }
}

/* Every value of a few bits in every length it may have. */
static void lengths_do_not_change_values(void **state) {
  (void)state;
  for (int64_t value = -70; value < 300; value++) {
    for (unsigned length = 2; length <= 5; length++) {
      uint8_t bytes[5];
      for (unsigned i = 0; i < length; i++)
        bytes[i] = (uint8_t)((value >> (7 * i) & 0x7F) | (i + 1 < length ? 0x80 : 0));
      wh_leb_t leb = wh_leb_read(bytes, bytes + length, 33, true);
      assert_ptr_equal(leb.next, bytes + length);
      assert_true((int64_t)leb.value == value);
      assert_null(wh_leb_read(bytes, bytes + length - 1, 33, true).next);
    }
  }
}

static void bytes_end_where_they_end(void **state) {
  (void)state;
  const uint8_t bytes[] = {1, 2, 3};
  wh_reader_t reader = {bytes, bytes, bytes + 3, 0};
  const uint8_t *out;
  uint8_t byte;
  assert_false(wh_read_bytes(&reader, 4, &out));
  assert_false(wh_read_bytes(&reader, SIZE_MAX, &out));
  assert_true(wh_read_bytes(&reader, 2, &out) && out == bytes);
  assert_true(wh_read_u8(&reader, &byte) && byte == 3);
  assert_false(wh_read_u8(&reader, &byte));
  assert_true(wh_read_bytes(&reader, 0, &out));
  assert_string_equal(wh_read_problem(&reader, 0, false), "unexpected end");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(leb128_as_the_format_has_it),
      cmocka_unit_test(lengths_do_not_change_values),
      cmocka_unit_test(bytes_end_where_they_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
