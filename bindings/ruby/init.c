/* The extension's entry: makes the classes, then lets SWIG's part define Wherry::Raw. */
#include "shim.h"

VALUE wr_mWherry, wr_cEngine, wr_cConfig, wr_cModule, wr_cStore, wr_cInstance, wr_cFunc,
    wr_cWitFunc, wr_cMemory, wr_cView, wr_cTable, wr_cGlobal, wr_cTag, wr_cLinker, wr_cValue,
    wr_cCaller, wr_cFace, wr_cGuest, wr_cExports, wr_eError;

void Init_raw(void);
void Init_wherry_native(void);

__attribute__((visibility("default"))) void Init_wherry_native(void) {
  wr_mWherry = rb_define_module("Wherry");
  wr_init_error();
  wr_init_engine();
  wr_init_module();
  wr_init_store();
  wr_init_value();
  wr_init_func();
  wr_init_host();
  wr_init_memory();
  wr_init_view();
  wr_init_table();
  wr_init_global();
  wr_init_tag();
  wr_init_linker();
  wr_init_instance();
  wr_init_face();
  wr_init_lifted();
  wr_init_part();
  Init_raw();
}
