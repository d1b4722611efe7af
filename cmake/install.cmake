# `cmake --install` of the libraries: headers, static archives, a CMake package and pkg-config files.
# The package is written by hand: what a user links is one target, whatever rooms it is made of.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(ringkv_templates ${CMAKE_CURRENT_LIST_DIR}/install)

# Of ringkv::client; then those that ringkv::local has on top.
set(ringkv_archives ringkv_client ringkv_client_core ringkv_edge ringkv_common)
list(APPEND ringkv_archives ringkv_local ringkv_registry ringkv_node)
install(TARGETS ${ringkv_archives} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
install(FILES client/include/ringkv/client.hpp client/include/ringkv/admin.hpp common/include/ringkv/result.hpp
              common/include/ringkv/exit_code.hpp common/include/ringkv/version.hpp local/include/ringkv/local_cluster.hpp
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringkv COMPONENT library)

set(ringkv_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ringkv)
configure_package_config_file(${ringkv_templates}/ringkvConfig.cmake.in ${CMAKE_BINARY_DIR}/install/ringkvConfig.cmake
  INSTALL_DESTINATION ${ringkv_package_dir}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/install/ringkvConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/install/ringkvConfig.cmake ${CMAKE_BINARY_DIR}/install/ringkvConfigVersion.cmake
        DESTINATION ${ringkv_package_dir} COMPONENT library)

# Relative, so that it holds for any --prefix.
file(RELATIVE_PATH ringkv_prefix_from_pc /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
foreach(package ringkv ringkv-local)
  configure_file(${ringkv_templates}/${package}.pc.in ${CMAKE_BINARY_DIR}/install/${package}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/install/${package}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
endforeach()
