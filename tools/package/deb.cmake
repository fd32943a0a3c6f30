# The .deb packages, by CPack: `tools/dev package`. docs/adr/0034 says how they are cut and why SQLCipher is linked in.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME hark)
set(CPACK_PACKAGE_CONTACT "The Hark maintainers <maintainers@hark.example>")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_BINARY_DIR}/packages")
set(CPACK_PACKAGING_INSTALL_PREFIX "${CMAKE_INSTALL_PREFIX}")
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL harkd hark backend sdk)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# From what each program is really linked with.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The first line of each package's own description is its summary.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
# A person's umask is not a package's.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_HARKD_PACKAGE_NAME harkd)
set(CPACK_COMPONENT_HARKD_DESCRIPTION "daemon that keeps a person's conversations at hand
harkd owns an encrypted local copy of one user's conversations, keeps it in
step with a backend, and serves programs of that user over gRPC on a Unix
socket: at once, with or without a network. With systemd units of the user's.")
# Loaded when it is needed, with dlopen: no program says of itself that it wants it.
set(CPACK_DEBIAN_HARKD_PACKAGE_RECOMMENDS "hark, libsecret-1-0")
set(CPACK_DEBIAN_HARKD_PACKAGE_CONTROL_EXTRA
  "${CMAKE_CURRENT_SOURCE_DIR}/debian/postinst;${CMAKE_CURRENT_SOURCE_DIR}/debian/prerm")

set(CPACK_DEBIAN_HARK_PACKAGE_NAME hark)
set(CPACK_COMPONENT_HARK_DESCRIPTION "command line client of harkd
Shows conversations, sends and follows them; installs harkd as a service of
the user's, and finds out what is wrong when something is.")
set(CPACK_DEBIAN_HARK_PACKAGE_RECOMMENDS "harkd")

set(CPACK_DEBIAN_BACKEND_PACKAGE_NAME hark-backend)
set(CPACK_COMPONENT_BACKEND_DESCRIPTION "backend for harkd on one machine
Keeps conversations of several users and serves them to harkd over WebSocket:
for development, tests, and one machine.")

# The SDK is one static archive, so that there is no library to be there at run time and no package of one.
set(CPACK_DEBIAN_SDK_PACKAGE_NAME libhark-client-dev)
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_SDK_DESCRIPTION "C++ library for programs that show conversations of harkd
Headers, a static archive, a CMake package and a pkg-config file; and the
protocol, for programs in other languages.")
set(CPACK_DEBIAN_SDK_PACKAGE_DEPENDS "libgrpc++-dev, libprotobuf-dev")
set(CPACK_DEBIAN_SDK_PACKAGE_RECOMMENDS "harkd")

# What Debian wants of every package.
configure_file(debian/changelog.in "${share}/changelog.Debian" @ONLY)
add_custom_command(OUTPUT "${share}/changelog.Debian.gz"
  COMMAND gzip -9 -n -f -k "${share}/changelog.Debian" DEPENDS "${share}/changelog.Debian" VERBATIM)
add_custom_target(hark_debian_changelog ALL DEPENDS "${share}/changelog.Debian.gz")
foreach(pair harkd=harkd hark=hark backend=hark-backend sdk=libhark-client-dev)
  string(REGEX MATCH "^([a-z]+)=(.*)$" matched "${pair}")
  set(component "${CMAKE_MATCH_1}")
  set(package "${CMAKE_MATCH_2}")
  install(FILES debian/copyright DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${package}" COMPONENT ${component})
  # Who built one part only can still install that part.
  install(FILES "${share}/changelog.Debian.gz" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${package}"
    COMPONENT ${component} OPTIONAL)
  if(HARK_STATIC_SQLCIPHER AND component MATCHES "^(harkd|backend)$")
    configure_file(debian/overrides.in "${share}/${package}.overrides" @ONLY)
    install(FILES "${share}/${package}.overrides" DESTINATION "${CMAKE_INSTALL_DATADIR}/lintian/overrides"
      RENAME "${package}" COMPONENT ${component})
  endif()
endforeach()
install(DIRECTORY "${CMAKE_SOURCE_DIR}/proto/hark" DESTINATION "${CMAKE_INSTALL_DATADIR}/hark/proto" COMPONENT sdk
  FILES_MATCHING PATTERN "*.proto")
include(CPack)
