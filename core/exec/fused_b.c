#define ROWS "code/fused_b.def"
#include "fused.h"
