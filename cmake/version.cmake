# SPDX-License-Identifier: Apache-2.0
# Writes which version and commit is built into one source file (common/version), at each build and
# not when CMake runs: a commit changes nothing that would make CMake run again. The file keeps its
# time unless its text changes, so that a build without a new commit compiles and links nothing.
#
# The same file is the script that does it: cmake -DVERSION=… -DSOURCE=… -DOUTPUT=… -P version.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  function(ask_git result)
    execute_process(
      COMMAND ${CMAKE_COMMAND} -E env TZ=UTC git -C "${SOURCE}" ${ARGN}
      OUTPUT_VARIABLE answer
      OUTPUT_STRIP_TRAILING_WHITESPACE
      ERROR_QUIET
      RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
      set(answer "unknown")
    endif()
    set(${result} "${answer}" PARENT_SCOPE)
  endfunction()

  ask_git(commit rev-parse --short=12 HEAD)
  ask_git(date show --no-patch "--date=format-local:%Y-%m-%dT%H:%M:%SZ" --format=%cd HEAD)
  ask_git(changed status --porcelain --untracked-files=no)
  if(NOT changed STREQUAL "" AND NOT changed STREQUAL "unknown")
    string(APPEND commit "-dirty")
  endif()
  file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY NEWLINE_STYLE UNIX CONTENT [=[
#include "common/version/revision.h"

namespace dualtrace {
const Revision kRevision{"@VERSION@", "@VERSION@ (commit @commit@, @date@)"};
}  // namespace dualtrace
]=])
  return()
endif()

set(DUALTRACE_VERSION
    ""
    CACHE STRING "What --version says, for a pre-release such as 0.2.0-rc.1 (default: the project's version)")
if(NOT DUALTRACE_VERSION)
  set(told_version "${PROJECT_VERSION}")
else()
  set(told_version "${DUALTRACE_VERSION}")
endif()
set(DUALTRACE_REVISION_FILE "${PROJECT_BINARY_DIR}/common/version/revision.cc")
add_custom_target(
  dualtrace_revision
  BYPRODUCTS "${DUALTRACE_REVISION_FILE}"
  COMMAND
    ${CMAKE_COMMAND} "-DVERSION=${told_version}" "-DSOURCE=${PROJECT_SOURCE_DIR}"
    "-DOUTPUT=${DUALTRACE_REVISION_FILE}" -P "${CMAKE_CURRENT_LIST_FILE}"
  VERBATIM)
