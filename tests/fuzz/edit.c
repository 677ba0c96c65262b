/* A module written anew with changes: the sizes of the sections and bodies that hold them, and the
   counts of vectors that grew or shrank, are put right. */
#include "fuzz.h"

static bool meets(const edit_t *edit, uint32_t start, uint32_t end) {
  return start < edit->end && edit->start < end;
}

bool edit_begin(edits_t *edits, uint32_t start, uint32_t end) {
  if (edits->count == MOST_EDITS) return false;
  for (size_t i = 0; i < edits->count; i++)
    if (meets(&edits->items[i], start, end) ||
        (start == edits->items[i].start && end == edits->items[i].end))
      return false;
  edits->items[edits->count++] = (edit_t) {.start = start, .end = end, .at = edits->bytes.size};
  return true;
}

void edit_end(edits_t *edits) {
  edit_t *edit = &edits->items[edits->count - 1];
  edit->size = edits->bytes.size - edit->at;
}

void edit_count(edits_t *edits, uint32_t place, int32_t more) {
  for (size_t i = 0; i < edits->count_count; i++)
    if (edits->counts[i].place == place) {
      edits->counts[i].more += more;
      return;
    }
  if (edits->count_count == MOST_EDITS / 2) return;
  edits->counts[edits->count_count].place = place;
  edits->counts[edits->count_count++].more = more;
}

/* A count that goes away with what it counts is left alone. */
static void add_counts(edits_t *edits) {
  for (size_t i = 0; i < edits->count_count; i++) {
    const place_t *place = &edits->places->all.items[edits->counts[i].place];
    const uint8_t *at = edits->module + place->start;
    uint64_t count = wh_leb_u(&at) + (uint64_t)(int64_t)edits->counts[i].more;
    if (!edit_begin(edits, place->start, place->end)) continue;
    bytes_u(&edits->bytes, count & UINT32_MAX);
    edit_end(edits);
  }
}

static int by_start(const void *a, const void *b) {
  const edit_t *left = a, *right = b;
  if (left->start != right->start) return left->start < right->start ? -1 : 1;
  return left->end < right->end ? -1 : left->end > right->end;
}

typedef struct writer {
  edits_t *edits;
  size_t edit, sized; /* the next ones */
  uint32_t at;
} writer_t;

static void copy(writer_t *w, uint32_t to, bytes_t *out) {
  if (to <= w->at) return;
  bytes_add(out, w->edits->module + w->at, to - w->at);
  w->at = to;
}

/* Up to a place, or (all) to the end and what is put there. What is put where something sized ends
   stands behind that. */
static void write_up_to(writer_t *w, uint32_t to, bool all, bytes_t *out) {
  const edits_t *edits = w->edits;
  while (w->edit < edits->count) {
    const edit_t *edit = &edits->items[w->edit];
    if (edit->start >= to && !all) break;
    const sized_t *sized = NULL;
    for (; w->sized < edits->places->sized.count; w->sized++) {
      sized = &edits->places->sized.items[w->sized];
      if (sized->size_start >= w->at && edit->start < sized->end) break;
      sized = NULL;
    }
    if (sized && sized->start <= edit->start) {
      bytes_t inside = {0};
      copy(w, sized->size_start, out);
      w->at = sized->start;
      w->sized++;
      write_up_to(w, sized->end, false, &inside);
      bytes_u(out, inside.size);
      bytes_add(out, inside.data, inside.size);
      free(inside.data);
      continue;
    }
    copy(w, edit->start, out);
    bytes_add(out, edits->bytes.data + edit->at, edit->size);
    if (edit->end > w->at) w->at = edit->end;
    w->edit++;
  }
  copy(w, to, out);
}

void edit_apply(edits_t *edits, bytes_t *out) {
  add_counts(edits);
  qsort(edits->items, edits->count, sizeof edits->items[0], by_start);
  writer_t w = {.edits = edits};
  write_up_to(&w, (uint32_t)edits->size, true, out);
}
