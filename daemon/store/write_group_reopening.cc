// What an error means for the writer's connections, and how they are opened again.

#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "daemon/store/error_policy.h"
#include "daemon/store/settled_sends.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/write_group.h"

namespace hark::store {

void GroupWriter::Note(const SQLite::Exception& exception, bool is_rerun) {
  const int code = CodeOf(exception);
  const Verdict verdict = VerdictOf(code);
  broken_ = broken_ || NeedsReopening(verdict);
  log_doubtful_ = log_doubtful_ || MakesLogDoubtful(code);
  if (verdict == Verdict::kSetAside && is_rerun) ReportDamage(cache_.get(), authored_.get());
}

void GroupWriter::ReportDamage(const Connection* cache, const Connection* authored) {
  const auto met_it = [](const Connection* connection) {
    return connection != nullptr && VerdictOf(connection->LastFailure()) == Verdict::kSetAside;
  };
  if (met_it(cache)) damage_.Report(File::kCache);
  if (met_it(authored)) damage_.Report(File::kAuthored);
}

bool GroupWriter::Reopen() {
  if (!broken_) return true;
  pending_.reset();
  book_.Forget();  // What is hidden is looked for anew.
  for (const bool is_second : {false, true}) {
    std::unique_ptr<Connection> cache;
    std::unique_ptr<Connection> authored;
    try {
      cache = OpenAgain(open_cache_, File::kCache);
      authored = OpenAgain(open_authored_, File::kAuthored);
      PrepareHiding(*authored);
      HideSendsInCache(*authored, *cache);
      for (const std::uint64_t position : in_flight_.settled) HideSettled(*authored, position);
      cache_ = std::move(cache);
      authored_ = std::move(authored);
      broken_ = false;
      log_doubtful_ = false;
      return true;
    } catch (const SQLite::Exception& exception) {
      const bool is_damage = VerdictOf(CodeOf(exception)) == Verdict::kSetAside;
      if (is_damage && !is_second) continue;
      failure_ = ToError(exception);
      // Whoever needs the connections comes no further than here.
      if (is_damage) ReportDamage(cache.get(), authored.get());
    } catch (const std::exception& exception) {
      failure_ = ToError(exception);
    }
    return false;
  }
  return false;
}

std::unique_ptr<Connection> GroupWriter::OpenAgain(const OpenConnection& open, File file) {
  try {
    auto connection = open();
    if (log_doubtful_) connection->RewriteWal();
    return connection;
  } catch (const SQLite::Exception& exception) {
    if (VerdictOf(CodeOf(exception)) == Verdict::kSetAside) damage_.Report(file);
    throw;
  }
}

Result<void> GroupWriter::ReplaceBoth(const std::function<Result<void>()>& replace) {
  authored_.reset();
  return ReplaceCache(replace);
}

Result<void> GroupWriter::ReplaceCache(const std::function<Result<void>()>& replace) {
  cache_.reset();
  broken_ = true;
  auto replaced = replace();
  if (!Reopen() && replaced) return tl::unexpected<Error>(failure_);
  return replaced;
}

}  // namespace hark::store
