// Reads every page of a file and checks it, beside a running store.

#ifndef HARK_DAEMON_STORE_VERIFY_H_
#define HARK_DAEMON_STORE_VERIFY_H_

#include <cstdint>
#include <filesystem>
#include <vector>

#include "daemon/base/secret.h"
#include "daemon/store/page_source.h"
#include "daemon/store/state_file.h"

namespace hark::store {

// At most this many numbers are listed.
inline constexpr std::size_t kListedPages = 1'000;

struct FileVerdict {
  std::uint64_t pages = 0;  // Checked, those in the log included.
  std::uint64_t damaged = 0;
  std::vector<std::uint32_t> damaged_pages;  // The first of them, rising.
  bool log_damaged = false;                  // Finished commits in it cannot be reached.
  // Unless it works, what is called damaged may only not have been read.
  Reading reading = Reading::kWorks;

  [[nodiscard]] bool good() const {
    return damaged == 0 && !log_damaged && reading == Reading::kWorks;
  }
};

// On the caller's thread, with descriptors of its own; takes no lock, so it blocks no writer and no
// reader. What is written meanwhile is read again before it is called damaged. 1 GB takes some
// seconds. `part`: kUsed looks at nothing that SQLite would pass over.
[[nodiscard]] FileVerdict VerifyFile(const std::filesystem::path& file, const Secret& key,
                                     const NotedFile& noted, LogPart part = LogPart::kWhole,
                                     Unread unread = Unread::kUndecided);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_VERIFY_H_
