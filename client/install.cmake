# `cmake --install` of the library: headers, static archives, a CMake package and a pkg-config file.
# The package is written by hand: what a user links is one target, whatever rooms it is made of.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(ringkv_archives ringkv_client ringkv_client_core ringkv_edge ringkv_common)
install(TARGETS ${ringkv_archives} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/include/ringkv/client.hpp
              ${CMAKE_CURRENT_LIST_DIR}/include/ringkv/admin.hpp
              ${CMAKE_CURRENT_LIST_DIR}/../common/include/ringkv/result.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringkv COMPONENT library)

set(ringkv_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ringkv)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/ringkvConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/ringkvConfig.cmake
  INSTALL_DESTINATION ${ringkv_package_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/ringkvConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ringkvConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/ringkvConfigVersion.cmake
        DESTINATION ${ringkv_package_dir} COMPONENT library)

# Relative, so that it holds for any --prefix.
file(RELATIVE_PATH ringkv_prefix_from_pc /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${CMAKE_CURRENT_LIST_DIR}/ringkv.pc.in ${CMAKE_CURRENT_BINARY_DIR}/ringkv.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/ringkv.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
