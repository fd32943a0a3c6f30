// Putting files of a backup in the place of a store's own.
//
// First the new files are made complete in `restoring/` of the account's folder, verified and under
// the account's own keys; that changes nothing. Then a mark says that they count: from then on
// whoever opens the store finishes what is left, a few renames. What was there before is set aside.

#ifndef HARK_DAEMON_STORE_RESTORE_H_
#define HARK_DAEMON_STORE_RESTORE_H_

#include <cstdint>
#include <filesystem>
#include <functional>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/store/authored_state.h"
#include "daemon/store/backup.h"
#include "daemon/store/store_files.h"

namespace hark::store {

// Files of a backup, each under its own key. Nobody writes them.
struct RestoreSource {
  std::filesystem::path cache;
  std::filesystem::path authored;
  StoreKeys keys;
};

// What is staged.
struct StagedRestore {
  AuthoredState authored;
  std::uint64_t conversations = 0;
  std::uint64_t messages = 0;
};

// Reads every page of both files, then writes them anew under `keys`; takes as long as that takes,
// and changes nothing of the store, which may be open. An earlier stage is replaced, or
// finished if it was being taken (then nobody has the store open). kCorrupt: a
// file is damaged, or the two do not belong together. kConflict: of a newer program.
// kResourceExhausted: disk full. kCancelled: `stop` said so, which is asked now and then; nothing
// is staged.
[[nodiscard]] Result<StagedRestore> StageRestore(
    const StoreFiles& files, const RestoreSource& source, StoreKeys keys,
    const std::function<bool()>& stop = [] { return false; });

// What of `present` would be lost if the staged files were taken: what they neither have waiting
// nor, of sends, as delivered messages.
[[nodiscard]] Result<LostAuthored> CountLostByRestore(const StoreFiles& files,
                                                      const StagedRestore& staged,
                                                      AuthoredState present,
                                                      const Secret& cache_key);

// The staged files count from now on, and take the place of the present ones, which nobody has
// open. `generation`: of the present authored.db, as far as it is known. Answers the folder with
// what was replaced. After an error before the mark nothing has changed.
[[nodiscard]] Result<std::filesystem::path> TakeRestored(
    const StoreFiles& files, const Secret& authored_key, std::uint32_t generation, WallTime now,
    const AtPoint& at = [] {});

// The stage is not taken.
void DropStaged(const StoreFiles& files);

// Before an opening: finishes what TakeRestored() began, or drops a stage that was never taken.
[[nodiscard]] Result<void> FinishRestore(const StoreFiles& files);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_RESTORE_H_
