/* compile: one function's body to internal code. Called by exec at a function's first call. It trusts
   the validator: it never checks types or indices, and what validation has not accepted must not
   come here. It writes nothing of an instance into code. */
#ifndef WH_COMPILE_H
#define WH_COMPILE_H

#include "code/code.h"
#include "code/rtype.h"
#include "model/model.h"

/* function: index in the module, not an imported one. The model's types must carry their canonical
   numbers; types: the engine's, one for each of them. canonical: NaNs that operations make are made the
   canonical one. fuses: NULL: every operation has a handler of its own. *out: the caller's, freed by wh_free(alloc, code, code->size). Errors: oom. */
WH_MUST_USE wherry_error_t *wh_compile(wh_alloc_t *alloc, const wh_model_t *model,
                                       const wh_rtype_t *const *types, uint32_t function,
                                       const wh_handlers_t *handlers, const wh_fuses_t *fuses,
                                       bool canonical, wh_code_t **out);

#endif
