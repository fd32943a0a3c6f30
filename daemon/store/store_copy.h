// Copies of a store's files as of one moment, made while it is in use: what exports read from and
// backups consist of.
//
// A copy is made inside one snapshot of both files, page by page and under a key of its own, at the
// speed of the disk; whoever then reads it slowly holds up no checkpoint. Copies are in `copies/`
// of the account's folder. What a crash leaves there has a key that nobody has any more, and goes
// with the next opening.

#ifndef HARK_DAEMON_STORE_STORE_COPY_H_
#define HARK_DAEMON_STORE_STORE_COPY_H_

#include <filesystem>
#include <string>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/store/reader_pool.h"
#include "daemon/store/store_files.h"

namespace hark::store {

// A folder for one copy, which is removed with this object. Movable.
class CopyFolder {
 public:
  // kResourceExhausted: disk full.
  [[nodiscard]] static Result<CopyFolder> Make(const StoreFiles& files);

  CopyFolder(CopyFolder&& other) noexcept;
  CopyFolder& operator=(CopyFolder&&) = delete;
  CopyFolder(const CopyFolder&) = delete;
  CopyFolder& operator=(const CopyFolder&) = delete;
  ~CopyFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit CopyFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
};

// Removes what earlier processes left. At opening.
void RemoveCopies(const StoreFiles& files);

// `from` into the empty file `to`, under `key`; durable. A page of zeros that is not free is
// damage: in the copy it is a sound page, which nothing would ever find. May throw
// SQLite::Exception; the copy is of no use then.
void CopyInto(Connection& from, const std::filesystem::path& to, const Secret& key,
              const std::function<bool()>& stop = {});

// The same into a new file, in place of what a first attempt left.
[[nodiscard]] Result<void> CopyDatabase(Connection& from, const std::filesystem::path& to,
                                        const Secret& key, const std::function<bool()>& stop);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STORE_COPY_H_
