# The commit that is built, as a source. Run at every build (cmake -P), and written only when it is another one: so a
# build tree need not be configured again, and what has not changed is not compiled again.
#
#     cmake -DSOURCE=<folder of the sources> -DOUT=<file> -P commit.cmake
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)
endif()
set(text "#include \"common/edge/observing/process_metrics.hpp\"

std::string_view ringkv::commit() {
    return \"${commit}\";
}
")
if(EXISTS ${OUT})
  file(READ ${OUT} before)
endif()
if(NOT text STREQUAL before)
  file(WRITE ${OUT} "${text}")
endif()
