#include "base/base.h"

const char *wherry_version(void) { return WHERRY_VERSION_STRING; }

uint32_t wherry_abi_version(void) { return WHERRY_ABI_VERSION; }
