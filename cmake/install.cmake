# cmake --install: library, headers, wherry.pc, WherryConfig.cmake, the command, the licence.
if(NOT TARGET wherry_static)
  return()
endif()
include(CMakePackageConfigHelpers)

install(TARGETS wherry_static wherry_shared EXPORT wherry
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET wherry_cli)
  install(TARGETS wherry_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY core/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(EXISTS ${PROJECT_SOURCE_DIR}/docs/wherry.1)
  install(FILES docs/wherry.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Wherry)
install(EXPORT wherry NAMESPACE Wherry:: FILE WherryTargets.cmake DESTINATION ${package_dir})
configure_package_config_file(cmake/WherryConfig.cmake.in ${CMAKE_BINARY_DIR}/cmake/WherryConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/cmake/WherryConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/cmake/WherryConfig.cmake
              ${CMAKE_BINARY_DIR}/cmake/WherryConfigVersion.cmake DESTINATION ${package_dir})

# The prefix is told relative to the file, so that an installed tree can be moved.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
           BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE pc_up)
configure_file(cmake/wherry.pc.in ${CMAKE_BINARY_DIR}/cmake/wherry.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/cmake/wherry.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
