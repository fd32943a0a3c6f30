#include "daemon/store/file_check.h"

#include <utility>

#include "daemon/store/connection.h"
#include "daemon/store/page_source.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_info_rows.h"
#include "daemon/store/verify.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

// Some milliseconds to read.
constexpr std::uint64_t kSmallFile = std::uint64_t{8} * 1024 * 1024;

Result<std::string> Probe(const fs::path& file, const Secret& key,
                          const std::vector<Migration>& migrations) {
  return Catching([&]() -> Result<std::string> {
    const auto connection = OpenSurely(file, key, Access::kProbe, Durability::kAuthored);
    if (auto known = CheckVersion(*connection, migrations); !known)
      return tl::unexpected<Error>(known.error());
    return ReadStoreId(*connection);
  });
}

// A log was there, and it held what is not in the file. The name of a log that was never synced may
// go with a power loss: in authored.db the first commit of every opening syncs it, in a cache
// nothing was copied out of it then.
bool LacksLog(const fs::path& file, LastOpening last, TornTail torn) {
  return last.was_open && (last.same_boot || torn == TornTail::kOneCommit) &&
         !Exists(file.string() + "-wal");
}

// Commits that were finished and that SQLite would not see.
bool LacksCommits(const WalScan& log, LastOpening last, TornTail torn) {
  if (!log.lacks_commits()) return false;
  return (last.same_boot && last.was_open) ||
         (torn == TornTail::kOneCommit && log.commits_lost > 1);
}

}  // namespace

void NoteUnread(const fs::path& file, const Secret& key, NotedFile& noted, WallTime now) {
  (void)ReadingWorked(VerifyFile(file, key, noted).reading, noted, now);
}

FileCheck CheckFile(const fs::path& file, const Secret& key,
                    const std::vector<Migration>& migrations, NotedFile& noted, LastOpening last,
                    TornTail torn, WallTime now) {
  const std::string name = file.filename().string();
  const fs::path log = file.string() + "-wal";
  const Unread unread = JudgeUnread(noted, now);
  const auto answer = [&](FileCondition condition, ErrorCode code, const std::string& what) {
    return FileCheck{condition, {}, Error(code, name + what)};
  };
  const auto unreadable = [&] {
    return answer(FileCondition::kRefused, ErrorCode::kResourceExhausted, " cannot be read");
  };
  {
    // What is there and is not given has no size either.
    const auto there = OpenIfThere(file);
    const auto log_there = OpenIfThere(log);
    if (!there || !log_there) return unreadable();
  }
  const bool is_there = Exists(file);
  const bool is_empty = SizeOf(file) == 0;
  const bool has_log = SizeOf(log) > 0;
  if (is_empty && !has_log) {
    return is_there ? answer(FileCondition::kUnproven, ErrorCode::kCorrupt, " is empty")
                    : answer(FileCondition::kMissing, ErrorCode::kCorrupt, " is missing");
  }
  if (is_empty) {
    // All that is left may be in the log.
    const PageSource pages(file, key, noted.salt, LogPart::kWhole, unread);
    if (!ReadingWorked(pages.reading(), noted, now)) return unreadable();
    if (pages.proven())
      return answer(FileCondition::kDamaged, ErrorCode::kCorrupt, " has lost its content");
    return is_there ? answer(FileCondition::kUnproven, ErrorCode::kCorrupt, " is empty")
                    : answer(FileCondition::kMissing, ErrorCode::kCorrupt, " is missing");
  }
  if (last.was_open || has_log) {
    const PageSource pages(file, key, noted.salt, last.log_part(), unread);
    if (!ReadingWorked(pages.reading(), noted, now)) return unreadable();
    if (pages.proven()) {
      // The note is of the file that this one replaced, as the process ended.
      if (!noted.salt.empty() && pages.salt() != noted.salt) last = {};
      if (LacksLog(file, last, torn))
        return answer(FileCondition::kDamaged, ErrorCode::kCorrupt, " has lost its log");
      if (LacksCommits(pages.wal(), last, torn))
        return answer(FileCondition::kDamaged, ErrorCode::kCorrupt, " has a damaged log");
    }
  }
  // Nothing of authored.db can be fetched again: unless it is large, every page is looked at. Not
  // what SQLite would pass over: it was found above to be a commit that a power loss tore.
  if (noted.suspect || noted.unread_since > 0 ||
      (torn == TornTail::kOneCommit && SizeOf(file) <= kSmallFile)) {
    const PageSource pages(file, key, noted.salt, LogPart::kWhole, unread);
    if (!ReadingWorked(pages.reading(), noted, now)) return unreadable();
    if (pages.proven()) {
      const FileVerdict verdict = VerifyFile(file, key, noted, LogPart::kUsed, unread);
      if (!ReadingWorked(verdict.reading, noted, now)) return unreadable();
      if (!verdict.good())
        return answer(FileCondition::kDamaged, ErrorCode::kCorrupt, " has damaged pages");
    }
  }
  auto store_id = Probe(file, key, migrations);
  // A failed allocation looks like damage: what is damaged is so twice.
  if (!store_id && store_id.error().code == ErrorCode::kCorrupt)
    store_id = Probe(file, key, migrations);
  if (store_id) return {FileCondition::kGood, *std::move(store_id), Error(ErrorCode::kCorrupt, "")};
  Error error(store_id.error().code, name + ": " + store_id.error().message);
  if (error.code == ErrorCode::kResourceExhausted) NoteUnread(file, key, noted, now);
  if (error.code != ErrorCode::kCorrupt) return {FileCondition::kRefused, {}, std::move(error)};
  const PageSource pages(file, key, noted.salt, LogPart::kWhole, unread);
  if (!ReadingWorked(pages.reading(), noted, now)) return unreadable();
  return {
      pages.proven() ? FileCondition::kDamaged : FileCondition::kUnproven, {}, std::move(error)};
}

}  // namespace hark::store
