/* Calls back: the host gives env.on_word and env.add. */
#include "guest.h"

IMPORT("env", "on_word") void on_word(const char *text, int32_t size);
IMPORT("env", "add") int32_t add(int32_t x, int32_t y);

static char room[1024];
EXPORT("buffer") char *buffer(void) { return room; }

/* Calls on_word for every word of the text; how many there were. */
EXPORT("words_of") int32_t words_of(const char *text, int32_t size) {
  int32_t words = 0;
  for (int32_t i = 0; i < size;) {
    while (i < size && text[i] == ' ') i++;
    int32_t first = i;
    while (i < size && text[i] != ' ') i++;
    if (i > first) {
      on_word(text + first, i - first);
      words++;
    }
  }
  return words;
}

static const char sentence[] = "small boats cross wide rivers";
EXPORT("words") int32_t words(void) { return words_of(sentence, sizeof sentence - 1); }

EXPORT("add_twice") int32_t add_twice(int32_t x, int32_t y) { return add(add(x, y), y); }

/* 0 + 1 + … + (count - 1), each step by the host. */
EXPORT("add_up") int32_t add_up(int32_t count) {
  int32_t total = 0;
  for (int32_t i = 0; i < count; i++) total = add(total, i);
  return total;
}
