// Which SQLCipher this process is linked with. Apart from connection.h, so that others learn it
// without its headers.

#ifndef HARK_DAEMON_STORE_CIPHER_VERSION_H_
#define HARK_DAEMON_STORE_CIPHER_VERSION_H_

#include <string>

namespace hark::store {

// As SQLCipher says it: "4.6.1 community". Empty: plain SQLite. Any thread.
[[nodiscard]] std::string CipherVersion();

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CIPHER_VERSION_H_
