# SPDX-License-Identifier: Apache-2.0
# One INTERFACE target that every target of ours links: language level, warnings, hardening and sanitizers.
option(DUALTRACE_WERROR "Treat warnings as errors" ON)
set(DUALTRACE_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize, comma separated")
option(DUALTRACE_COVERAGE "Instrument for gcov" OFF)
option(DUALTRACE_FUZZ "Build the libFuzzer targets (clang)" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

add_library(dualtrace_options INTERFACE)
add_library(dualtrace::options ALIAS dualtrace_options)
target_compile_features(dualtrace_options INTERFACE cxx_std_20)
target_include_directories(dualtrace_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(
  dualtrace_options
  INTERFACE -Wall
            -Wextra
            -Wshadow
            -Wnon-virtual-dtor
            -Wold-style-cast
            -Woverloaded-virtual
            -Wconversion
            -Wno-sign-conversion
            -fno-omit-frame-pointer
            -fstack-protector-strong
            $<$<BOOL:${DUALTRACE_WERROR}>:-Werror>
            $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
            # gcc 12 reports false overflows and dangling values in inlined library code at -O2.
            $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-restrict;-Wno-stringop-overflow>
            $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  # There char is unsigned, and on amd64, where the tests run, it is signed: let both compute the same.
  target_compile_options(dualtrace_options INTERFACE -fsigned-char)
endif()
target_link_options(dualtrace_options INTERFACE -Wl,-z,relro,-z,now)
if(DUALTRACE_SANITIZE)
  target_compile_options(dualtrace_options INTERFACE -fsanitize=${DUALTRACE_SANITIZE}
                                                     -fno-sanitize-recover=all)
  target_link_options(dualtrace_options INTERFACE -fsanitize=${DUALTRACE_SANITIZE})
endif()
if(DUALTRACE_FUZZ)
  # So that libFuzzer sees which branches of the libraries an input takes.
  target_compile_options(dualtrace_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(DUALTRACE_SANITIZE MATCHES thread)
  # ThreadSanitizer does not know the fences that Asio puts beside its locks; the locks suffice.
  target_compile_definitions(dualtrace_options INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
  target_compile_options(dualtrace_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
endif()
if(DUALTRACE_COVERAGE)
  target_compile_options(dualtrace_options INTERFACE --coverage)
  target_link_options(dualtrace_options INTERFACE --coverage)
endif()

find_package(Threads REQUIRED)
target_link_libraries(dualtrace_options INTERFACE Threads::Threads)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
