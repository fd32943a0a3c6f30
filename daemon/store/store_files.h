// The two files of a store on the disk: making them, and looking at them before anything is opened
// for writing.

#ifndef HARK_DAEMON_STORE_STORE_FILES_H_
#define HARK_DAEMON_STORE_STORE_FILES_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/base/secret.h"

namespace hark::store {

class StoreFiles {
 public:
  explicit StoreFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] std::filesystem::path cache() const { return folder_ / "cache.db"; }
  [[nodiscard]] std::filesystem::path authored() const { return folder_ / "authored.db"; }

  // Makes both if there is neither, and answers the store's id. Otherwise proves, without changing
  // a byte, that they open with these keys, belong together and are not newer than this program;
  // the errors are those of SqlcipherStore::Open().
  //
  // A new file is made complete under another name and then renamed, so that no crash leaves one
  // that is empty or half made; after a crash between the two renames the second is done here.
  [[nodiscard]] Result<std::string> Prepare(const Secret& cache_key, const Secret& authored_key,
                                            WallTime now) const;

  // With WAL.
  [[nodiscard]] std::uint64_t CacheBytes() const;
  [[nodiscard]] std::uint64_t AuthoredBytes() const;

 private:
  [[nodiscard]] Result<void> MakeFolder() const;
  [[nodiscard]] Result<void> CreateBoth(const Secret& cache_key, const Secret& authored_key,
                                        WallTime now) const;
  [[nodiscard]] Result<std::string> ProbeBoth(const std::filesystem::path& cache,
                                              const Secret& cache_key,
                                              const Secret& authored_key) const;

  std::filesystem::path folder_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STORE_FILES_H_
