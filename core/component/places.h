/* Maps that types share, kept until their component ends. */
#ifndef WH_COMPONENT_PLACES_H
#define WH_COMPONENT_PLACES_H

#include "component/component.h"

struct wh_places {
  wh_places_t *next;
  wh_map_t map;
};

#endif
