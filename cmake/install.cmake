# Headers, libraries, find_package(Postino) and pkg-config.
install(DIRECTORY include/postino DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
set(targets postino)
if(TARGET postino-posix)
  list(APPEND targets postino-posix postino-openssl)
endif()
if(POSTINO_POSIX)
  install(FILES docs/postino.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
install(TARGETS ${targets} EXPORT PostinoTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT PostinoTargets NAMESPACE Postino:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Postino)
configure_package_config_file(cmake/PostinoConfig.cmake.in PostinoConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Postino)
write_basic_package_version_file(PostinoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/PostinoConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/PostinoConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Postino)
file(RELATIVE_PATH prefix_from_pkgconfig /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/postino.pc.in ${CMAKE_CURRENT_BINARY_DIR}/postino.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/postino.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
