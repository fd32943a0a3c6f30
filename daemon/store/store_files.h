// The two files of a store on the disk: making them, looking at them before anything is opened for
// writing, and replacing what is damaged.

#ifndef HARK_DAEMON_STORE_STORE_FILES_H_
#define HARK_DAEMON_STORE_STORE_FILES_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/store/file_check.h"
#include "daemon/store/salvage.h"
#include "daemon/store/state_file.h"
#include "daemon/store/store_health.h"

namespace hark::store {

struct StoreKeys {
  const Secret& cache;
  const Secret& authored;
};

// What Prepare() found and did.
struct PreparedStore {
  std::string store_id;
  RepairReport repair;
};

// Opening came upon damage, although the files look good.
enum class Suspects : std::uint8_t {
  kNone,
  kAuthored,  // Every page of it is looked at.
  kEither,    // The same; if they are good, it is the cache.
};

class StoreFiles {
 public:
  // `must_exist`: as of StoreOptions.
  explicit StoreFiles(std::filesystem::path folder, bool must_exist = false)
      : folder_(std::move(folder)), must_exist_(must_exist) {}

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path cache() const { return folder_ / "cache.db"; }
  [[nodiscard]] std::filesystem::path authored() const { return folder_ / "authored.db"; }
  [[nodiscard]] std::filesystem::path state() const { return folder_ / "store.state"; }

  // Makes both if there is neither. Otherwise looks, without changing a byte, whether they open
  // with these keys, are whole as far as opening shows, belong together and are not newer than this
  // program; the errors are those of SqlcipherStore::Open().
  //
  // A cache.db that cannot be used as it is, is set aside and replaced by what can be salvaged of
  // it, whatever is wrong with it, as soon as authored.db proves that the key is right: all of it
  // can be fetched again. An authored.db is replaced only if one of its own pages proves that it is
  // ours and damaged. One that is missing, empty or not ours beside a good cache.db is more likely
  // a mix-up of files or keys than damage: nothing is touched, and a person has to look.
  //
  // A new file is made complete under another name and then renamed, so that no crash leaves one
  // that is empty or half made; after a crash between two renames the second is done here.
  //
  // A cache that was being cleared (clear_files.h) and is gone, is made anew. Once there are two
  // good files, what a crash left beside them goes.
  //
  // What the disk does not give is no damage until it lasts (JudgeUnread()): then nothing is
  // touched but the note of it.
  //
  // `boot_id`: as of ReadBootId().
  [[nodiscard]] Result<PreparedStore> Prepare(StoreKeys keys, WallTime now,
                                              const std::string& boot_id,
                                              Suspects suspects = Suspects::kNone) const;

  // Salvages cache.db into a new file beside it, which TakeNewCache() puts in its place. Reads the
  // old file only, which may be open for reading. Otherwise as SalvageCache().
  [[nodiscard]] Result<SalvageReport> MakeNewCache(const Secret& key, const std::string& store_id,
                                                   NotedFile& noted, LogPart part,
                                                   WallTime now) const;
  // Nobody may have cache.db open. Fills in the report.
  [[nodiscard]] Result<void> TakeNewCache(WallTime now, RepairReport& report) const;

  // With WAL.
  [[nodiscard]] std::uint64_t CacheBytes() const;
  [[nodiscard]] std::uint64_t AuthoredBytes() const;

 private:
  struct Found {
    StoreState state;
    LastOpening last;
    FileCheck cache;
    FileCheck authored;
  };

  [[nodiscard]] Result<void> MakeFolder() const;
  [[nodiscard]] Found Look(StoreKeys keys, const std::string& boot_id, WallTime now,
                           Suspects suspects) const;
  // What Look() and Mend() added to the note.
  void SaveNote(const StoreState& state) const;
  [[nodiscard]] Result<std::string> CreateBoth(StoreKeys keys, WallTime now) const;
  // What no opening needs any more, once there are two good files.
  void RemoveLeftovers() const;
  // After a crash between two renames. With a folder of what was set aside: something was done.
  [[nodiscard]] Result<RepairReport> FinishRenames(StoreKeys keys, const Found& found,
                                                   WallTime now) const;
  [[nodiscard]] Result<PreparedStore> Mend(StoreKeys keys, Found& found, WallTime now) const;
  [[nodiscard]] Result<void> ReplaceAuthored(StoreKeys keys, Found& found,
                                             const std::string& store_id, WallTime now,
                                             RepairReport& report) const;
  [[nodiscard]] Result<std::string> StoreIdOf(StoreKeys keys, Found& found, WallTime now) const;
  [[nodiscard]] Result<void> TakeNew(const std::filesystem::path& file, WallTime now,
                                     RepairReport& report) const;

  std::filesystem::path folder_;
  bool must_exist_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STORE_FILES_H_
