// What is known of one database file before anything is opened for writing, and without changing a
// byte: good, damaged, or not ours.

#ifndef HARK_DAEMON_STORE_FILE_CHECK_H_
#define HARK_DAEMON_STORE_FILE_CHECK_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"
#include "daemon/store/migrator.h"
#include "daemon/store/page_source.h"
#include "daemon/store/state_file.h"

namespace hark::store {

enum class FileCondition : std::uint8_t {
  kGood,      // Opens with this key. Damage deep inside shows only when it is read (verify.h).
  kMissing,   // And nothing of it is in a log.
  kDamaged,   // A page proves that the key is right, and yet it cannot be used as it is.
  kUnproven,  // No page proves the key: empty, of somebody else, or destroyed altogether.
  kRefused,   // Of a newer program, or it cannot be read at present: `error`.
};

struct FileCheck {
  FileCondition condition = FileCondition::kMissing;
  std::string store_id;                  // With kGood.
  Error error{ErrorCode::kCorrupt, ""};  // Otherwise: what is wrong, for a person.
};

// What is known of the opening before.
struct LastOpening {
  bool was_open = false;   // It was not closed: the process ended, and the log must be there.
  bool same_boot = false;  // The machine was not restarted since: what was written is all there.

  // What its logs say.
  [[nodiscard]] LogPart log_part() const {
    return was_open && same_boot ? LogPart::kIndexed : LogPart::kWhole;
  }
};

// How much a lost tail of the log means. A power loss may tear commits that were not synced yet:
// any number in a cache, at most the last one in authored.db. More than that is damage.
enum class TornTail : std::uint8_t { kAnyNumber, kOneCommit };

// Looks at every page of a small authored.db, and of a file that is noted as suspect or unread.
// That reading fails is noted in `noted`.
[[nodiscard]] FileCheck CheckFile(const std::filesystem::path& file, const Secret& key,
                                  const std::vector<Migration>& migrations, NotedFile& noted,
                                  LastOpening last, TornTail torn, WallTime now);

// After an error that may be of reading: notes whether some part of the file is not given.
void NoteUnread(const std::filesystem::path& file, const Secret& key, NotedFile& noted,
                WallTime now);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_FILE_CHECK_H_
