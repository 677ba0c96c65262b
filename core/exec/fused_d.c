#define ROWS "code/fused_d.def"
#include "fused.h"
