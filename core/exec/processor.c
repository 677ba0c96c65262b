#include "exec_state.h"

/* In a file of its own, so that a program that is linked with the static library can say something else:
   a test which wants what runs on every processor. */
bool wh_exec_has_newer(void) { return wh_exec_processor_is_newer(); }
