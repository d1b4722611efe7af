# One interface target that every target of ours links: warnings are errors, sanitizers as the preset says.
add_library(ringkv_flags INTERFACE)
target_compile_options(ringkv_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror)
target_include_directories(ringkv_flags INTERFACE ${PROJECT_SOURCE_DIR})
if(RINGKV_SANITIZE)
  target_compile_options(ringkv_flags INTERFACE -fsanitize=${RINGKV_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(ringkv_flags INTERFACE -fsanitize=${RINGKV_SANITIZE})
  # Third-party templates that the sanitizers' extra inlining makes g++ 12 warn about wrongly.
  target_compile_options(ringkv_flags INTERFACE -Wno-error=maybe-uninitialized)
endif()

# ringkv_library(NAME [LINK targets...]): a static library of this folder's own sources (and of the folders
# named after DIRS).
function(ringkv_library name)
  cmake_parse_arguments(ARG "" "" "DIRS;LINK;EXCLUDE" ${ARGN})
  if(NOT ARG_DIRS)
    set(ARG_DIRS .)
  endif()
  set(sources)
  foreach(dir ${ARG_DIRS})
    file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cpp)
    list(APPEND sources ${found})
  endforeach()
  list(FILTER sources EXCLUDE REGEX "main\\.cpp$")
  foreach(pattern ${ARG_EXCLUDE})
    list(FILTER sources EXCLUDE REGEX ${pattern})
  endforeach()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE ringkv_flags)
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()
