// Small files that only this user may read, written so that a crash or a power loss leaves the old
// file or the new one, whole. Reading refuses what somebody else could have read or put there.

#ifndef HARK_DAEMON_KEYS_PRIVATE_FILE_H_
#define HARK_DAEMON_KEYS_PRIVATE_FILE_H_

#include <filesystem>
#include <string_view>
#include <utility>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"

namespace hark::keys {

// The whole file. kNotFound: it is not there. kCorrupt: it is a link or no plain file, belongs to
// another user, others may read it, its folder may be written by others, or it is longer than
// `max_bytes`.
[[nodiscard]] Result<Secret> ReadPrivateFile(const std::filesystem::path& path,
                                             std::size_t max_bytes);

// Makes the file, mode 0600, and its folder, mode 0700, if that is missing. kConflict: something of
// this name is there already, and is not touched; of two racing callers one gets it. Durable on
// return.
[[nodiscard]] Result<void> CreatePrivateFile(const std::filesystem::path& path,
                                             std::string_view bytes);

// As CreatePrivateFile(), but takes the place of an older file.
[[nodiscard]] Result<void> ReplacePrivateFile(const std::filesystem::path& path,
                                              std::string_view bytes);

// Keeps other processes out of a folder, among those that do the same, as long as it lives: for
// changes that read first. Waits for its turn, which is never long.
class FolderLock {
 public:
  // Makes the folder, mode 0700, if it is missing.
  [[nodiscard]] static Result<FolderLock> Take(const std::filesystem::path& folder);
  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}

  int fd_;
};

// Removes the file and what a crash while replacing it may have left. No error if there is none.
// Durable on return, but the bytes are not overwritten: no file system promises that this reaches
// the medium.
[[nodiscard]] Result<void> RemovePrivateFile(const std::filesystem::path& path);

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_PRIVATE_FILE_H_
