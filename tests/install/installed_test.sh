#!/usr/bin/env bash
# installed_test.sh BUILD SCRATCH COMPILER VERSION: installs the libraries of BUILD into SCRATCH, and builds and runs
# consumer.cpp with find_package, with pkg-config, and with the local cluster both ways. Then examples/, as a project of
# its own. Each way to ask for the version must say VERSION.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 scratch=$2 compiler=$3 version=$4

prefix=$scratch/prefix
rm -rf "$prefix" "$scratch/consumer" "$scratch/examples"
cmake --install "$build" --prefix "$prefix" --component library >/dev/null

mkdir "$scratch/consumer"
cp "$here/consumer.cpp" "$scratch/consumer"
cat >"$scratch/consumer/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(ringkv ${WANTED} EXACT CONFIG REQUIRED)
if(NOT ringkv_VERSION STREQUAL WANTED)
  message(FATAL_ERROR "the package says ${ringkv_VERSION}, not ${WANTED}")
endif()
add_executable(client consumer.cpp)
target_link_libraries(client PRIVATE ringkv::client)
add_executable(local consumer.cpp)
target_link_libraries(local PRIVATE ringkv::local)
target_compile_definitions(local PRIVATE WITH_LOCAL_CLUSTER)
END
configure() { # SOURCE BUILD MORE...
    cmake -S "$1" -B "$2" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$compiler" "${@:3}" >/dev/null
}
configure "$scratch/consumer" "$scratch/consumer/build" -DWANTED="$version"
cmake --build "$scratch/consumer/build"
works() { # PROGRAM
    [[ $("$1") == "ringkv $version works" ]] || {
        echo "installed_test: $1 failed, or is not of version $version" >&2
        exit 1
    }
}
works "$scratch/consumer/build/client"
works "$scratch/consumer/build/local"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name ringkv.pc)")
export PKG_CONFIG_PATH
for package in ringkv ringkv-local; do
    said=$(pkg-config --modversion "$package")
    [[ $said == "$version" ]] || {
        echo "installed_test: $package.pc says $said, not $version" >&2
        exit 1
    }
done
with_pkg_config() { # PACKAGE FLAGS...
    local package=$1
    shift
    # shellcheck disable=SC2046
    "$compiler" -std=c++20 "$@" "$here/consumer.cpp" -o "$scratch/consumer/$package" \
        $(pkg-config --cflags --libs "$package")
    works "$scratch/consumer/$package"
}
with_pkg_config ringkv
with_pkg_config ringkv-local -DWITH_LOCAL_CLUSTER

configure "$here/../../examples" "$scratch/examples"
cmake --build "$scratch/examples"
"$scratch/examples/local_cluster_test"
code=0
"$scratch/examples/first_client" "not an endpoint" 2>"$scratch/examples/said" || code=$?
[[ $code == 1 ]] && grep -q "^configuration: " "$scratch/examples/said"
