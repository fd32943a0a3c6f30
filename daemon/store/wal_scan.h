// A write-ahead log looked at without SQLite: which of its frames SQLite will use, and which it
// would pass over although they are whole, because a damaged one before them broke the chain of
// checksums.

#ifndef HARK_DAEMON_STORE_WAL_SCAN_H_
#define HARK_DAEMON_STORE_WAL_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "daemon/store/page_cipher.h"

namespace hark::store {

struct WalFrame {
  // 0: the frame is damaged, and of which page it was cannot be told.
  std::uint32_t page = 0;
  // Not 0: ends a transaction; pages of the file after it.
  std::uint32_t commit_pages = 0;
  std::uint64_t offset = 0;  // Of the page's 4096 bytes.
  // Its page is what was written with it; else it is damaged, whatever its page looks like.
  bool whole = false;
};

struct WalScan {
  std::uint64_t bytes = 0;
  // Frames of finished transactions, in order, those that SQLite passes over included. Also the
  // damaged ones among them: what they held was newer than any earlier version of their page.
  std::vector<WalFrame> frames;
  // So many of them SQLite uses: the first ones.
  std::size_t used = 0;
  // Transactions that end in the others, by all that is left of them.
  std::size_t commits_lost = 0;
  // A frame that belongs to this log is damaged: something is missing between its neighbours.
  bool damaged = false;
  // So many of the frames in the file its shared index tells of; 0: it does not.
  std::size_t told = 0;
  // Some of it could not be read; it is taken for damaged here.
  bool unread = false;
  // First four bytes each, as they are in the file; 0 when the header is unreadable.
  std::uint64_t salts = 0;

  [[nodiscard]] std::size_t lost() const { return frames.size() - used; }
  // Commits that were finished and that SQLite would not see.
  [[nodiscard]] bool lacks_commits() const { return told > used || (damaged && lost() > 0); }
};

// The first bytes of a log's shared index (-shm) that ScanWal() looks at.
inline constexpr std::size_t kIndexBytes = 96;

// Reads through `descriptor`, which may be -1 for no log. `file_pages`: pages that the file holds.
//
// `index`: the log's shared index, which is exact while the machine has not been restarted since;
// empty: not to be trusted. What is whole behind the frames that it tells of was given up: a commit
// that a power loss tore, or that failed, and that later ones were written over.
[[nodiscard]] WalScan ScanWal(int descriptor, const PageCipher& cipher, std::uint32_t file_pages,
                              std::string_view index);

enum class LoggedFrames : std::uint8_t {
  kWhole,
  kDamaged,
  kUnread,  // Reading failed: it cannot be told.
};
// Whether a log that is in use, and not written to meanwhile, still has each frame that its index
// tells of as it was written.
[[nodiscard]] LoggedFrames CheckFramesOf(std::string_view index, int descriptor);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_WAL_SCAN_H_
