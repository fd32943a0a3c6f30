// Which key a database file is under, told by its pages, without opening or changing it.

#ifndef HARK_DAEMON_STORE_FILE_KEY_H_
#define HARK_DAEMON_STORE_FILE_KEY_H_

#include <filesystem>

#include "daemon/base/secret.h"

namespace hark::store {

// False also when it is missing, empty or destroyed.
[[nodiscard]] bool IsUnderKey(const std::filesystem::path& file, const Secret& key);

// What a file that is to take the place of another, under another key, is called until it does.
[[nodiscard]] std::filesystem::path ReencryptedName(const std::filesystem::path& file);

// What an interrupted replacement under another key left beside the file: it never was the store.
void RemoveReencrypted(const std::filesystem::path& file);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_FILE_KEY_H_
