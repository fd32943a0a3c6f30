# Installs the SDK into an empty folder and builds a program with it, both ways that its README names.
#   cmake -DBUILD=… -DWORK=… -DSOURCE=… -DEXAMPLE=… -DCXX=… -P package_test.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "failed (${code}): ${ARGN}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --component sdk --prefix "${WORK}/prefix")
file(GLOB_RECURSE pc_file "${WORK}/prefix/hark-client.pc")
cmake_path(GET pc_file PARENT_PATH pc_folder)
set(ENV{PKG_CONFIG_PATH} "${pc_folder}")
run("${CMAKE_COMMAND}" -S "${SOURCE}" -B "${WORK}/build" -G Ninja "-DCMAKE_PREFIX_PATH=${WORK}/prefix"
  "-DCMAKE_CXX_COMPILER=${CXX}" "-DEXAMPLE=${EXAMPLE}" -DCMAKE_BUILD_TYPE=Debug)
run("${CMAKE_COMMAND}" --build "${WORK}/build")

# They run, and say what is the matter.
foreach(program by_package by_pkg_config)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E env "HARK_SOCKET=${WORK}/none.sock" "${WORK}/build/${program}"
    RESULT_VARIABLE code ERROR_VARIABLE said OUTPUT_QUIET)
  if(NOT code EQUAL 1 OR NOT said MATCHES "no daemon is running")
    message(FATAL_ERROR "${program} gave ${code} and said: ${said}")
  endif()
endforeach()
file(REMOVE_RECURSE "${WORK}")
