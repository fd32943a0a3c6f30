#ifndef HARK_TOOLS_BACKEND_DATA_FOLDER_H_
#define HARK_TOOLS_BACKEND_DATA_FOLDER_H_

// Where the backend keeps everything, and the lock that lets only one process at a time use the
// archive. The users' file needs no lock: commands change it while the server runs.

#include <string>

#include "tools/backend/result.h"

namespace hark::backend {

class DataFolder {
 public:
  // Makes the folder, for its owner only, if it is not there, and checks that it can be written.
  static Result<DataFolder> Open(const std::string& path);

  [[nodiscard]] std::string archive() const { return path_ + "/archive.db"; }
  [[nodiscard]] std::string users() const { return path_ + "/users.db"; }
  [[nodiscard]] std::string working_memory() const { return path_ + "/working-memory"; }
  [[nodiscard]] std::string lock_file() const { return path_ + "/lock"; }

 private:
  explicit DataFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Holding one proves that no other process has the archive open. The kernel releases it when the
// process ends, however.
class FolderLock {
 public:
  static Result<FolderLock> Take(const DataFolder& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_DATA_FOLDER_H_
