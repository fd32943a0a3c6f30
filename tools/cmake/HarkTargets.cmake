# The few verbs that the folders' CMakeLists.txt are written in.
include(GoogleTest)

# hark_library(NAME SOURCES … [LINK PUBLIC … PRIVATE …]): one static library for one folder. Includes are written from the
# repository's root, so that each shows its layer.
function(hark_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} hark_warnings)
endfunction()

# hark_interface(NAME …): headers only, an API that others implement.
function(hark_interface name)
  add_library(${name} INTERFACE)
  target_include_directories(${name} INTERFACE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} INTERFACE ${ARGN})
endfunction()

# hark_test(NAME SOURCES … [LINK …] [LABELS …]): one gtest binary; each of its cases is a ctest. Default label: unit.
function(hark_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main hark_warnings)
  if(HARK_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)  # Optimising instrumented assertions takes longer than running them.
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()

# hark_fuzz(NAME SOURCES … [LINK …]): a libFuzzer binary; built only with HARK_FUZZ.
function(hark_fuzz name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_LINK} hark_warnings)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
