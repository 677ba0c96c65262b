#define ROWS "code/fused_c.def"
#include "fused.h"
