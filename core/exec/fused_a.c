#define ROWS "code/fused_a.def"
#include "fused.h"
