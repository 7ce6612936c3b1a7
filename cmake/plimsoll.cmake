# Flags every target shares, and the three kinds of target: a room (static library), its tests, a fuzz target.

add_library(plimsoll_flags INTERFACE)
target_include_directories(plimsoll_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(plimsoll_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
# Designated initialisers leave members to their defaults on purpose; every scalar member has one.
target_compile_options(plimsoll_flags INTERFACE -Wno-missing-field-initializers)
target_compile_definitions(plimsoll_flags INTERFACE PLIMSOLL_VERSION="${PROJECT_VERSION}")
# Sanitizers' instrumentation makes g++ 12 see uninitialised values in libstdc++'s own headers.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  target_compile_options(plimsoll_flags INTERFACE -Wmaybe-uninitialized)
endif()
# g++ 12 forgets that what it has from a precompiled header is a system header, and warns of libstdc++'s own strings.
if(PLIMSOLL_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(plimsoll_flags INTERFACE -Wno-array-bounds -Wno-stringop-overread -Wno-stringop-overflow -Wno-restrict)
endif()
# libstdc++ 12 uses what it has deprecated itself (std::stable_sort, get_temporary_buffer); g++ does not look there.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(plimsoll_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(PLIMSOLL_WERROR)
  target_compile_options(plimsoll_flags INTERFACE -Werror)
endif()

# For rooms whose pages count for more than their time (docs/decisions/0059).
set(PLIMSOLL_SMALL "")
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(PLIMSOLL_SMALL -Os -ffunction-sections -fdata-sections)
endif()

# The standard library's headers, read once for all rooms and once, with GoogleTest, for all tests
# (docs/decisions/0043). Sources include what they use all the same: the preset dev does without.
if(PLIMSOLL_PCH)
  set(precompiled_source ${PROJECT_BINARY_DIR}/precompiled.cc)
  file(CONFIGURE OUTPUT ${precompiled_source} CONTENT "int main() { return 0; }\n")
  add_library(plimsoll_precompiled STATIC EXCLUDE_FROM_ALL ${precompiled_source})
  target_link_libraries(plimsoll_precompiled PUBLIC plimsoll_flags)
  target_precompile_headers(plimsoll_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h)
  if(PLIMSOLL_SMALL)
    # A compiler takes a precompiled header of its own optimisation only.
    add_library(plimsoll_precompiled_small STATIC EXCLUDE_FROM_ALL ${precompiled_source})
    target_link_libraries(plimsoll_precompiled_small PUBLIC plimsoll_flags)
    target_compile_options(plimsoll_precompiled_small PRIVATE ${PLIMSOLL_SMALL})
    target_precompile_headers(plimsoll_precompiled_small PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h)
  endif()
  if(PLIMSOLL_TESTS)
    # A program, as they are: the compilers ask for the same kind of code.
    add_executable(plimsoll_precompiled_tests EXCLUDE_FROM_ALL ${precompiled_source})
    target_link_libraries(plimsoll_precompiled_tests PRIVATE plimsoll_flags GTest::gmock)
    target_precompile_headers(plimsoll_precompiled_tests PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled_tests.h)
  endif()
endif()
function(plimsoll_reuse target from)
  if(PLIMSOLL_PCH)
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()

# Without libFuzzer a fuzz target replays its corpus; compiled once for all of them.
if(PLIMSOLL_TESTS AND NOT PLIMSOLL_FUZZ)
  add_library(plimsoll_replay_main OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cc)
  target_link_libraries(plimsoll_replay_main PUBLIC plimsoll_flags)
endif()

# plimsoll_room(name [SMALL] SOURCES a.cc ... DEPS plimsoll_base ...)
# SMALL: a release's objects are compiled for size. Not for rooms that a scrape or the plan of a limit goes through.
function(plimsoll_room name)
  cmake_parse_arguments(ARG "SMALL" "" "SOURCES;DEPS" ${ARGN})
  add_library(plimsoll_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(plimsoll_${name} PUBLIC plimsoll_flags ${ARG_DEPS})
  if(ARG_SMALL AND PLIMSOLL_SMALL)
    target_compile_options(plimsoll_${name} PRIVATE ${PLIMSOLL_SMALL})
    plimsoll_reuse(plimsoll_${name} plimsoll_precompiled_small)
  else()
    plimsoll_reuse(plimsoll_${name} plimsoll_precompiled)
  endif()
endfunction()

# The programs of the tests that touch a kernel, this one's or the guest's: the rings that use the release
# build make these of it. Every label but those of the ring asan, so that a new one is not forgotten.
add_custom_target(plimsoll_kernel_tests)
# Those of the ring asan: unit tests, fixtures, corpora. It needs no more of the program than they link.
add_custom_target(plimsoll_unit_tests)

# plimsoll_test(name SOURCES a_test.cc ... DEPS plimsoll_base ... [LABELS unit])
# One binary; every TEST becomes a ctest entry with the label(s). The default label is "unit".
function(plimsoll_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT PLIMSOLL_TESTS)
    return()
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(plimsoll_${name} ${ARG_SOURCES})
  target_link_libraries(plimsoll_${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  plimsoll_reuse(plimsoll_${name} plimsoll_precompiled_tests)
  if(NOT ("unit" IN_LIST ARG_LABELS OR "fixtures" IN_LIST ARG_LABELS))
    add_dependencies(plimsoll_kernel_tests plimsoll_${name})
  else()
    add_dependencies(plimsoll_unit_tests plimsoll_${name})
  endif()
  # Discovered at test time: sanitizer builds need no run at build time. Values of parameters would put
  # bytes and addresses into the names.
  gtest_discover_tests(plimsoll_${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}:" NO_PRETTY_VALUES
                       PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()

# plimsoll_fuzz(name SOURCE x_fuzz.cc CORPUS dir DEPS ...): x_fuzz.cc defines LLVMFuzzerTestOneInput. Built with
# -DPLIMSOLL_FUZZ=ON (clang) it fuzzes; otherwise it replays its corpus as a test with the label "fuzz".
function(plimsoll_fuzz name)
  cmake_parse_arguments(ARG "" "SOURCE;CORPUS" "DEPS" ${ARGN})
  if(PLIMSOLL_FUZZ)
    add_executable(fuzz_${name} ${ARG_SOURCE})
    target_link_libraries(fuzz_${name} PRIVATE ${ARG_DEPS})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  elseif(PLIMSOLL_TESTS)
    add_executable(fuzz_${name} ${ARG_SOURCE})
    target_link_libraries(fuzz_${name} PRIVATE plimsoll_replay_main ${ARG_DEPS})
    plimsoll_reuse(fuzz_${name} plimsoll_precompiled_tests)
    # As gtest's own: else gcc does not take the header.
    target_compile_options(fuzz_${name} PRIVATE $<TARGET_PROPERTY:GTest::gtest,INTERFACE_COMPILE_OPTIONS>)
    add_dependencies(plimsoll_unit_tests fuzz_${name})
    add_test(NAME fuzz:${name} COMMAND fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_CORPUS})
    set_tests_properties(fuzz:${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
endfunction()
