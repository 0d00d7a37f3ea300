# SPDX-License-Identifier: Apache-2.0
# dt_library(agent_journal HEADERS … SOURCES … DEPENDS dualtrace::common_io)
# A static library for one folder, with the alias dualtrace::<name>. Headers are a file set, so that
# `all_verify_interface_header_sets` proves each one self-contained.
function(dt_library name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;DEPENDS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(dualtrace::${name} ALIAS ${name})
  target_sources(
    ${name}
    ${scope}
    FILE_SET
    HEADERS
    BASE_DIRS
    "${PROJECT_SOURCE_DIR}"
    FILES
    ${ARG_HEADERS})
  target_link_libraries(${name} ${scope} dualtrace::options ${ARG_DEPENDS})
endfunction()

# dt_test(agent_journal_test SOURCES … DEPENDS … LABELS unit)
# A GoogleTest program; every TEST is a ctest of its own, under the given label (default: unit).
function(dt_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE dualtrace::options ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  set(seconds 120)
  if(CMAKE_CROSSCOMPILING)
    set(seconds 1200) # under emulation
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${seconds})
endfunction()

# dt_protobuf(name PROTOS a/b.proto … [GRPC]) – generated code in the build folder, its warnings silenced.
function(dt_protobuf name)
  cmake_parse_arguments(ARG "GRPC" "ROOT" "PROTOS" ${ARGN})
  set(out "${CMAKE_CURRENT_BINARY_DIR}/gen")
  file(MAKE_DIRECTORY "${out}")
  set(generated "")
  foreach(proto ${ARG_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    set(files "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h")
    set(flags "--cpp_out=${out}")
    if(ARG_GRPC)
      list(APPEND files "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h")
      find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
      list(APPEND flags "--grpc_out=${out}" "--plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN}")
    endif()
    add_custom_command(
      OUTPUT ${files}
      COMMAND protobuf::protoc ${flags} "-I${ARG_ROOT}" "${ARG_ROOT}/${proto}"
      DEPENDS "${ARG_ROOT}/${proto}"
      VERBATIM)
    list(APPEND generated ${files})
  endforeach()
  add_library(${name} STATIC ${generated})
  add_library(dualtrace::${name} ALIAS ${name})
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_include_directories(${name} SYSTEM PUBLIC "${out}")
  target_compile_options(${name} PRIVATE -w)
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf)
  if(ARG_GRPC)
    target_link_libraries(${name} PUBLIC PkgConfig::GRPCPP)
  endif()
endfunction()
