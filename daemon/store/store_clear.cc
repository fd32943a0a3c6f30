#include "daemon/store/store_clear.h"

#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/store/clear_files.h"
#include "daemon/store/job_context.h"
#include "daemon/store/retention_jobs.h"
#include "daemon/store/row_repair.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

// Those who watch forget what they show and read again. The last step.
class AnnounceClearedJob final : public Job {
 public:
  Result<void> Run(JobContext& context) override {
    NoteEverything(context.cache(), context.authored(), context.changes());
    context.changes().cleared = true;
    return {};
  }
  void Answer(Result<LocalRevision> /*result*/) override {}
  [[nodiscard]] std::size_t Weight() const override { return 1; }
};

// While nobody has the cache open.
Result<std::uint64_t> ReplaceByEmpty(StoreParts& parts, const RenewKey& renew) {
  const AtPoint& at = parts.options.at_step;
  at();
  if (auto marked = MarkClearing(parts.files); !marked)
    return tl::unexpected<Error>(std::move(marked.error()));
  at();
  Result<Secret> key = renew();
  if (!key) {
    UnmarkClearing(parts.files);
    return tl::unexpected<Error>(std::move(key.error()));
  }
  at();
  auto removed = RemoveCacheFiles(parts.files, at);
  if (!removed) return removed;
  {
    const std::lock_guard lock(parts.mutex);
    parts.options.cache_key = *std::move(key);
  }
  if (auto made =
          MakeClearedCache(parts.files, parts.options.cache_key, parts.position.store_id, at);
      !made) {
    return tl::unexpected<Error>(std::move(made.error()));
  }
  return removed;
}

Result<std::uint64_t> ClearAndAnnounce(StoreParts& parts, const RenewKey& renew) {
  // What the cache has of an acknowledged send is about to go: its row goes before it. Where the
  // disk does not take that (a full one is no reason to keep the cache), the send is UNKNOWN once
  // more, and the backend knows its id.
  parts.writer->DoIdleWork();
  std::uint64_t bytes = 0;
  auto replaced = parts.writer->ReplaceCache([&] {
    return parts.readers->WithoutReaders([&]() -> Result<void> {
      auto removed = ReplaceByEmpty(parts, renew);
      if (!removed) return tl::unexpected<Error>(std::move(removed.error()));
      bytes = *removed;
      return {};
    });
  });
  // Whatever became of it: what the engine read before does not continue.
  parts.failed_series.Add(parts.newest_series);
  if (!replaced) return tl::unexpected<Error>(std::move(replaced.error()));
  if (auto repaired = RepairRows(*parts.writer); !repaired)
    return tl::unexpected<Error>(std::move(repaired.error()));
  const std::array<std::unique_ptr<Job>, 1> announce = {std::make_unique<AnnounceClearedJob>()};
  parts.writer->Run(announce);
  const std::lock_guard lock(parts.mutex);
  parts.state.cache = NoteFile(parts.writer->cache(), parts.files.cache());
  parts.SaveState();
  return bytes;
}

// On the writer's thread, between groups.
void Clear(StoreParts& parts, const RenewKey& renew, const Writer::Done<std::uint64_t>& done) {
  const auto tell = [&parts](StoreHealth health) {
    if (parts.options.on_health) parts.options.on_health(health, {});
  };
  tell(StoreHealth::kClearing);
  auto bytes = Catching([&] { return ClearAndAnnounce(parts, renew); });
  parts.repairing = false;
  if (bytes) {
    parts.thread->Submit(std::make_unique<IndexJob>(*parts.thread));
    parts.damage.Settle(File::kCache);
    log::Info("cache_cleared", {{"bytes", *bytes}});
    tell(StoreHealth::kReady);
  } else {
    // As far as it came; the next opening, or the next attempt, goes on.
    log::Error("cache_not_cleared", {{"why", bytes.error()}});
    parts.damage.Settle(File::kCache);
    tell(StoreHealth::kReadOnly);
  }
  done(std::move(bytes));
}

}  // namespace

void StartClear(StoreParts& parts, RenewKey renew, Writer::Done<std::uint64_t> done) {
  if (parts.repairing.exchange(true)) {
    done(Fail(ErrorCode::kResourceExhausted,
              "The local copy is being replaced already. Try again."));
    return;
  }
  parts.thread->RunAlone([&parts, renew = std::move(renew), done] { Clear(parts, renew, done); },
                         [&parts, done] {
                           parts.repairing = false;
                           done(Fail(ErrorCode::kCancelled, "the store is closing"));
                         });
}

}  // namespace hark::store
