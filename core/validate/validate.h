/* validate: whether a model obeys the rules of Validation; also what is malformed inside function
   bodies, which decode leaves alone. Called once for each module, after decode. It emits nothing:
   compile goes over a body again when its function is first called, and trusts what was found
   here. */
#ifndef WH_VALIDATE_H
#define WH_VALIDATE_H

#include "model/model.h"

/* Errors: invalid and malformed, with the offset; limit; oom. */
wherry_error_t *wh_validate(wh_model_t *model, wh_features_t features);

#endif
