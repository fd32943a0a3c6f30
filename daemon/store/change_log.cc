#include "daemon/store/change_log.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/limits.h"
#include "daemon/store/columns.h"
#include "daemon/store/logged_changes.h"

namespace hark::store {
namespace {

// Rows that are forgotten at a time.
constexpr std::int64_t kTrimmed = 512;

// A group whose second commit failed has left a row, of a revision that nobody was told of.
constexpr char kAppend[] =
    "INSERT OR REPLACE INTO change_log (revision, at, bytes_before, changes) VALUES (?, ?, ?, ?)";
constexpr char kEnd[] =
    "SELECT revision, bytes_before + length(changes) FROM change_log ORDER BY revision DESC LIMIT "
    "1";
constexpr char kForgetAll[] = "DELETE FROM change_log";
constexpr char kOldest[] =
    "SELECT revision, at, bytes_before FROM change_log ORDER BY revision LIMIT ?";
constexpr char kForgetTo[] = "DELETE FROM change_log WHERE revision <= ?";

struct End {
  LocalRevision revision = 0;
  std::uint64_t bytes = 0;
};

End FindEnd(Connection& cache) {
  Query query(cache.statements(), kEnd);
  return query.Next() ? End{query.GetUint(0), query.GetUint(1)} : End{};
}

void ForgetAll(Connection& cache) {
  Query(cache.statements(), kForgetAll).Run();
}

void Append(Connection& cache, LocalRevision revision, WallTime at, std::uint64_t bytes_before,
            std::string_view changes) {
  Query query(cache.statements(), kAppend);
  query.Uint(revision);
  BindTime(query, at);
  query.Uint(bytes_before).Blob(changes).Run();
}

}  // namespace

std::optional<std::string> LogCommit(Connection& cache, const Commit& commit, WallTime at) {
  const End end = FindEnd(cache);
  const std::size_t things = commit.messages.size() + commit.removed.size() +
                             commit.conversations.size() + commit.gaps_changed.size();
  if (things > limits::kLoggedThings) {
    ForgetAll(cache);
    Append(cache, commit.revision, at, end.bytes, {});
    return std::nullopt;
  }
  std::string changes = EncodeChanges(commit);
  Append(cache, commit.revision, at, end.bytes, changes);
  return changes;
}

void OpenLog(Connection& cache, const Promised& promised, LocalRevision revision, WallTime at) {
  End end = FindEnd(cache);
  if (promised.changes && end.revision != 0 && end.revision + 1 == promised.revision) {
    Append(cache, promised.revision, at, end.bytes, *promised.changes);
    end = {promised.revision, end.bytes + promised.changes->size()};
  }
  // Or behind: the files went back to a backup.
  if (end.revision < promised.revision || end.revision >= revision) ForgetAll(cache);
  Append(cache, revision, at, end.bytes, {});
}

bool TrimLog(Connection& cache, WallTime now) {
  const End end = FindEnd(cache);
  std::optional<LocalRevision> last;
  {
    Query oldest(cache.statements(), kOldest);
    oldest.Int(kTrimmed);
    while (oldest.Next()) {
      const bool too_old = GetTime(oldest, 1) + limits::kLogAge < now;
      const bool too_far = oldest.GetUint(2) + limits::kLogBytes < end.bytes;
      // The last row stays: whoever stands there has missed nothing.
      if ((!too_old && !too_far) || oldest.GetUint(0) == end.revision) break;
      last = oldest.GetUint(0);
    }
  }
  if (!last) return false;
  Query(cache.statements(), kForgetTo).Uint(*last).Run();
  return true;
}

}  // namespace hark::store
