# Every third-party library, each wrapped in a target of ours, so that a file's use of one shows in the link line.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(absl REQUIRED)
find_package(Boost 1.74 REQUIRED)  # Beast and Asio: headers only
find_package(rapidcheck REQUIRED)
pkg_check_modules(zmq REQUIRED IMPORTED_TARGET libzmq)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(rocksdb REQUIRED IMPORTED_TARGET rocksdb)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(libedit REQUIRED IMPORTED_TARGET libedit)
pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)

# Its flags name the include folders of its own dependencies, which zmq.h does not need, and come out in another form
# when CMake runs again: everything that links it would be built anew.
set_target_properties(PkgConfig::zmq PROPERTIES INTERFACE_COMPILE_OPTIONS "" INTERFACE_INCLUDE_DIRECTORIES "")

add_library(ringkv_msgpack INTERFACE)
target_compile_definitions(ringkv_msgpack INTERFACE MSGPACK_NO_BOOST)

# Instead of the C library's malloc. Sanitizers bring their own.
add_library(ringkv_malloc INTERFACE)
if(NOT RINGKV_SANITIZE)
  target_link_libraries(ringkv_malloc INTERFACE PkgConfig::jemalloc)
endif()

add_library(ringkv_zmq INTERFACE)  # cppzmq is headers only, beside libzmq's own
target_link_libraries(ringkv_zmq INTERFACE PkgConfig::zmq)
