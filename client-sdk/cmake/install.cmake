# What `cmake --install` puts there for programs that use the SDK: headers, one archive, a CMake package, a pkg-config file.
include(CMakePackageConfigHelpers)

# The archive that is installed holds the generated code too: its users need neither Hark's .proto files nor its build.
add_library(hark_client_package STATIC $<TARGET_OBJECTS:hark_client> $<TARGET_OBJECTS:hark_proto_local>)
set_target_properties(hark_client_package PROPERTIES
  OUTPUT_NAME hark_client
  ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/package"
  EXPORT_NAME client
  LINKER_LANGUAGE CXX)
target_include_directories(hark_client_package INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_compile_features(hark_client_package INTERFACE cxx_std_20)
target_link_libraries(hark_client_package PRIVATE gRPC::grpc++ protobuf::libprotobuf Threads::Threads)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/hark")
# Component "sdk": what a program that uses the SDK needs, without the daemon and the tools.
install(TARGETS hark_client_package EXPORT hark-targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT sdk)
install(FILES ${headers} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/hark" COMPONENT sdk)
install(EXPORT hark-targets NAMESPACE hark:: DESTINATION "${package_dir}" COMPONENT sdk)

configure_package_config_file(
  cmake/hark-config.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/hark-config.cmake"
  INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(
  "${CMAKE_CURRENT_BINARY_DIR}/hark-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(
  FILES "${CMAKE_CURRENT_BINARY_DIR}/hark-config.cmake" "${CMAKE_CURRENT_BINARY_DIR}/hark-config-version.cmake"
  DESTINATION "${package_dir}" COMPONENT sdk)

# From the pkg-config file up to the prefix, so that the installed tree can be moved.
file(RELATIVE_PATH hark_prefix_from_pc "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" hark_prefix_from_pc "${hark_prefix_from_pc}")
configure_file(cmake/hark-client.pc.in "${CMAKE_CURRENT_BINARY_DIR}/hark-client.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/hark-client.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig"
  COMPONENT sdk)
