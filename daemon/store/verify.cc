#include "daemon/store/verify.h"

#include <algorithm>

#include "daemon/store/salvage_scan.h"

namespace hark::store {
namespace {

// SQLite never writes the page that holds this byte: its locks are there.
constexpr std::uint64_t kLockByte = 0x40000000;
// A page or log that is being written may be caught half written.
constexpr int kLooks = 4;

// What looks damaged now.
FileVerdict LookOnce(const std::filesystem::path& file, const Secret& key, const NotedFile& noted,
                     LogPart part, Unread unread) {
  FileVerdict verdict;
  const PageSource pages(file, key, noted.salt, part, unread);
  if (!pages.proven()) {
    verdict.reading = pages.reading();
    verdict.damaged = 1;
    verdict.damaged_pages.push_back(1);
    return verdict;
  }
  verdict.pages = pages.page_count();
  verdict.log_damaged = pages.wal().lacks_commits();
  std::vector<std::uint32_t> zeroed;
  const auto note = [&verdict](std::uint32_t page) {
    ++verdict.damaged;
    if (verdict.damaged_pages.size() < kListedPages) verdict.damaged_pages.push_back(page);
  };
  for (std::uint32_t page = 1; page <= pages.page_count(); ++page) {
    if (page == kLockByte / kFilePageBytes + 1) continue;
    const auto read = pages.Read(page);
    if (page == 1 && pages.salt_is_damaged()) {
      note(page);
      continue;
    }
    if (read && !read->stale) continue;
    if (!read && pages.IsZeroed(page)) {
      zeroed.push_back(page);
    } else {
      note(page);
    }
  }
  if (!zeroed.empty()) {
    // A page that was taken and given back in one transaction was never written: a hole.
    const SalvageScan scan(pages, noted.roots);
    for (const std::uint32_t page : zeroed) {
      if (!scan.IsFree(page)) note(page);
    }
  }
  std::sort(verdict.damaged_pages.begin(), verdict.damaged_pages.end());
  verdict.reading = pages.reading();
  return verdict;
}

}  // namespace

FileVerdict VerifyFile(const std::filesystem::path& file, const Secret& key, const NotedFile& noted,
                       LogPart part, Unread unread) {
  FileVerdict verdict = LookOnce(file, key, noted, part, unread);
  for (int look = 1; look < kLooks && !verdict.good(); ++look)
    verdict = LookOnce(file, key, noted, part, unread);
  return verdict;
}

}  // namespace hark::store
