# Every library that Hark uses, found once, with its lowest version. tools/setup installs them.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers json url)
find_package(Protobuf 3.21 MODULE REQUIRED)  # as CONFIG it fails on Debian 12
find_package(gRPC 1.51 CONFIG REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(tl-expected REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(SQLCIPHER REQUIRED IMPORTED_TARGET sqlcipher)
if(NOT APPLE)
  pkg_check_modules(LIBSECRET REQUIRED libsecret-1)
endif()
# The daemon's allocator (docs/adr/0038). A sanitizer has its own, and macOS gives memory back by itself.
add_library(hark_allocator INTERFACE)
if(NOT APPLE AND NOT HARK_SANITIZE)
  pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
  target_link_libraries(hark_allocator INTERFACE PkgConfig::JEMALLOC)
  target_compile_definitions(hark_allocator INTERFACE HARK_JEMALLOC)
endif()

# SQLiteCpp on SQLCipher. SQLiteCpp's own CMake target would bring in plain libsqlite3 beside it, and the two define the
# same symbols: so the archive and SQLCipher are put together here, and a test proves that libsqlite3 stays out.
find_library(SQLITECPP_LIBRARY SQLiteCpp REQUIRED)
find_path(SQLITECPP_INCLUDE_DIR SQLiteCpp/SQLiteCpp.h REQUIRED)
add_library(hark_sqlcipher INTERFACE)
target_include_directories(hark_sqlcipher SYSTEM INTERFACE "${SQLITECPP_INCLUDE_DIR}" ${SQLCIPHER_INCLUDE_DIRS})
target_compile_definitions(hark_sqlcipher INTERFACE SQLITE_HAS_CODEC)
if(HARK_STATIC_SQLCIPHER)
  # A package for Debian 12 cannot depend on SQLCipher 4.6.1, which is Debian 13's (docs/adr/0034).
  find_library(SQLCIPHER_ARCHIVE NAMES libsqlcipher.a HINTS ${SQLCIPHER_LIBRARY_DIRS} ${SQLCIPHER_LIBDIR} REQUIRED)
  find_package(ZLIB REQUIRED)
  target_link_libraries(hark_sqlcipher INTERFACE
    "${SQLITECPP_LIBRARY}" "${SQLCIPHER_ARCHIVE}" OpenSSL::Crypto ZLIB::ZLIB m ${CMAKE_DL_LIBS} Threads::Threads)
else()
  target_link_libraries(hark_sqlcipher INTERFACE "${SQLITECPP_LIBRARY}" PkgConfig::SQLCIPHER Threads::Threads)
endif()

# Boost.Asio and Beast with one set of options, so that no two files disagree about them.
add_library(hark_asio INTERFACE)
target_link_libraries(hark_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(hark_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_ARRAY)

if(HARK_TESTS)
  find_package(GTest REQUIRED)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()
if(HARK_BENCH)
  find_package(benchmark REQUIRED)
endif()
