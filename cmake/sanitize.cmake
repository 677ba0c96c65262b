# WHERRY_SANITIZE for all that is compiled, and what an interpreter needs in order to load such a
# library: the sanitizer's runtime must come first, and the interpreter's own leaks are not ours.
set(WHERRY_HOST_ENV "" CACHE INTERNAL "Environment in which tests start an interpreter")
if(NOT WHERRY_SANITIZE)
  return()
endif()

add_compile_options(-fsanitize=${WHERRY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
add_link_options(-fsanitize=${WHERRY_SANITIZE})

if(WHERRY_SANITIZE MATCHES "address" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  set(runtimes "")
  foreach(name IN ITEMS libasan.so libubsan.so)
    execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=${name}
                    OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(IS_ABSOLUTE "${path}")
      file(REAL_PATH ${path} path)
      list(APPEND runtimes ${path})
    endif()
  endforeach()
  list(JOIN runtimes ":" runtimes)
  set(WHERRY_HOST_ENV
      "LD_PRELOAD=${runtimes};ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:quarantine_size_mb=1:thread_local_quarantine_size_kb=64:allocator_release_to_os_interval_ms=100"
      CACHE INTERNAL "Environment in which tests start an interpreter")
endif()
