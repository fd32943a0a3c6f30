// One daemon per data folder and per socket: a lock that the kernel drops however the process ends.
// Holding a LockFile is the proof.

#ifndef HARK_DAEMON_APP_SINGLE_INSTANCE_H_
#define HARK_DAEMON_APP_SINGLE_INSTANCE_H_

#include <filesystem>

#include "daemon/base/result.h"

namespace hark::app {

// Move-only; the lock is held while this object lives. The file stays behind: removing it would let
// two processes hold locks on two files of one name. Processes made by fork() share the lock;
// exec() drops their share.
class [[nodiscard]] LockFile {
 public:
  // Never waits. Makes the file (0600; its folder must exist) and writes the pid into it, for
  // people. kConflict: another process holds it; the sentence names that process and the folder.
  // kInvalidArgument: it cannot be used as a lock.
  [[nodiscard]] static Result<LockFile> Acquire(const std::filesystem::path& path);

  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}
  void Release();

  int fd_;
};

// The two locks of a daemon: daemons with different data folders must not share a socket, nor the
// other way round. The names differ, so that both may be in one folder.
[[nodiscard]] std::filesystem::path DataLockPath(const std::filesystem::path& data_dir);
[[nodiscard]] std::filesystem::path SocketLockPath(const std::filesystem::path& socket);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_SINGLE_INSTANCE_H_
