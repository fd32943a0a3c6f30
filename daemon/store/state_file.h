// What is noted of a store outside its two databases (store.state), so that damage can be seen and
// mended: whether the store is open, and what a damaged file can no longer tell of itself.
//
// Plain text and no secret: salts, page numbers, ids of our own making. Whatever the file lacks, or
// if it is not there at all, only makes less salvageable; nothing depends on it.

#ifndef HARK_DAEMON_STORE_STATE_FILE_H_
#define HARK_DAEMON_STORE_STATE_FILE_H_

#include <cstdint>
#include <filesystem>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/store/connection.h"
#include "daemon/store/salvage_scan.h"

namespace hark::store {

struct NotedFile {
  std::string salt;  // 16 bytes; the first of the file.
  Roots roots;
  std::uint32_t version = 0;  // Of the schema. 0: not known.
  // Damage of it was seen while it was in use: the next opening looks at every page.
  bool suspect = false;
  // When a part of it was not given by the disk first, in seconds since 1970, and it was not opened
  // since. 0: it was.
  std::int64_t unread_since = 0;

  friend bool operator==(const NotedFile&, const NotedFile&) = default;
};

struct StoreState {
  // From opening to a clean close: if it is still set at the next opening, the process was ended
  // and both files have their logs (-wal).
  bool open = false;
  // Of the machine's boot in which it was opened: within the same one, what the process had
  // written is all there, synced or not. Empty: not known.
  std::string boot_id;
  std::string store_id;
  std::uint32_t generation = 0;  // Of the opening that wrote this.
  NotedFile cache;
  NotedFile authored;

  friend bool operator==(const StoreState&, const StoreState&) = default;
};

// The default for a file that is missing, cut short or of another format.
[[nodiscard]] StoreState ReadStoreState(const std::filesystem::path& file);

// Durable when it returns.
[[nodiscard]] Result<void> WriteStoreState(const std::filesystem::path& file,
                                           const StoreState& state);

// What `connection`, which is open on `file`, can tell now. May throw SQLite::Exception.
[[nodiscard]] NotedFile NoteFile(Connection& connection, const std::filesystem::path& file);

// What it means at `now` that a part of the file is not given. A device that is being reset gives
// it again soon; a bad sector never does, and the store must not be unusable for ever. (One that is
// gone for longer takes no salvage either.)
[[nodiscard]] Unread JudgeUnread(const NotedFile& noted, WallTime now);

// Whether reading worked. Else notes since when it does not.
[[nodiscard]] bool ReadingWorked(Reading reading, NotedFile& noted, WallTime now);

// The system's name for this boot; empty where there is none.
[[nodiscard]] std::string ReadBootId();

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_STATE_FILE_H_
