/* wherry: carries calls, strings and lists between WebAssembly guests and their hosts.

   This is the umbrella; each noun has a header of its own, and the headers are the manual.
   What holds for all of them:

   Success and failure. A function that can fail returns wherry_error_t *: NULL is success, anything
   else is an error that belongs to the caller until wherry_error_release. Out parameters are
   written on success only. Running out of memory is an error like any other.

   Ownership. Opaque handles are made by _new, shared by _retain, ended by _release; a child keeps
   its parent alive, so the order of release does not matter. _release takes NULL. Entities of a
   store (instance, func, memory, table, global) are plain values of two words: copied freely, never
   released, and refused with an error when they are used with the wrong store. References to what is
   collected (wherry_ref_t, wherry_externref_t) are handles: see value.h.

   Threads. Engines, modules, configs that are no longer changed, and types may be used by any number
   of threads at once. A store and everything in it belong to one thread at a time.

   Lengths are in bytes unless a comment says otherwise; names and strings are UTF-8, not ended by
   a zero byte unless they are `const char *` without a length. */
#ifndef WHERRY_H
#define WHERRY_H

#include <wherry/common.h>
#include <wherry/error.h>
#include <wherry/config.h>
#include <wherry/engine.h>
#include <wherry/types.h>
#include <wherry/value.h>
#include <wherry/module.h>
#include <wherry/component.h>
#include <wherry/store.h>
#include <wherry/func.h>
#include <wherry/memory.h>
#include <wherry/sharedmemory.h>
#include <wherry/table.h>
#include <wherry/global.h>
#include <wherry/tag.h>
#include <wherry/linker.h>
#include <wherry/instance.h>
#include <wherry/call.h>
#include <wherry/interface.h>
#include <wherry/guest.h>
#include <wherry/text.h>
#include <wherry/custom.h>
#include <wherry/script.h>

#endif
