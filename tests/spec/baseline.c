/* The command without handlers for newer processors: this function comes before the library's. */
#include <stdbool.h>

bool wh_exec_has_newer(void);
bool wh_exec_has_newer(void) { return false; }
