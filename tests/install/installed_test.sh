#!/usr/bin/env bash
# installed_test.sh BUILD SCRATCH COMPILER: installs the libraries of BUILD into SCRATCH, and builds and runs consumer.cpp
# with find_package, with pkg-config, and with the local cluster both ways.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 scratch=$2 compiler=$3

prefix=$scratch/prefix
rm -rf "$prefix" "$scratch/consumer"
cmake --install "$build" --prefix "$prefix" --component library >/dev/null

mkdir "$scratch/consumer"
cp "$here/consumer.cpp" "$scratch/consumer"
cat >"$scratch/consumer/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(ringkv 0.5 CONFIG REQUIRED)
add_executable(client consumer.cpp)
target_link_libraries(client PRIVATE ringkv::client)
add_executable(local consumer.cpp)
target_link_libraries(local PRIVATE ringkv::local)
target_compile_definitions(local PRIVATE WITH_LOCAL_CLUSTER)
END
cmake -S "$scratch/consumer" -B "$scratch/consumer/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
cmake --build "$scratch/consumer/build"
"$scratch/consumer/build/client"
"$scratch/consumer/build/local"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name ringkv.pc)")
export PKG_CONFIG_PATH
with_pkg_config() { # PACKAGE FLAGS...
    local package=$1
    shift
    # shellcheck disable=SC2046
    "$compiler" -std=c++20 "$@" "$here/consumer.cpp" -o "$scratch/consumer/$package" \
        $(pkg-config --cflags --libs "$package")
    "$scratch/consumer/$package"
}
with_pkg_config ringkv
with_pkg_config ringkv-local -DWITH_LOCAL_CLUSTER
