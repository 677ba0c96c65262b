/* A program that knows wherry only as it was installed: adds two numbers in a guest. */
#include <wherry.h>

#include <stdio.h>
#include <string.h>

/* (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)) */
static const uint8_t add_wasm[] = {
    0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00, 0x01, 0x07, 0x01, 0x60, 0x02, 0x7F,
    0x7F, 0x01, 0x7F, 0x03, 0x02, 0x01, 0x00, 0x07, 0x07, 0x01, 0x03, 'a',  'd',  'd',
    0x00, 0x00, 0x0A, 0x09, 0x01, 0x07, 0x00, 0x20, 0x00, 0x20, 0x01, 0x6A, 0x0B,
};

int main(void) {
  wherry_guest_t *guest = NULL;
  int32_t sum = 0;
  wherry_error_t *error = wherry_load(add_wasm, sizeof add_wasm, NULL, &guest);
  if (!error) error = wherry_call(guest, "add", "ii:i", 5, 37, &sum);
  if (error) {
    fprintf(stderr, "%s\n", wherry_error_message(error));
    wherry_error_release(error);
  }
  wherry_guest_release(guest);
  if (strcmp(wherry_version(), WHERRY_VERSION_STRING) != 0) return 2;
  if (wherry_abi_version() != WHERRY_ABI_VERSION) return 3;
  return error || sum != 42;
}
