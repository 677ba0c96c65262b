/* What reader and printer share of annotations. */
#ifndef WH_TEXT_ANNOTATIONS_H
#define WH_TEXT_ANNOTATIONS_H

/* The section of an id, as (@custom "…" (after …)) writes it. */
const char *wh_wat_section_word(unsigned id);

#endif
