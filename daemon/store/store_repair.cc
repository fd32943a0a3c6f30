#include "daemon/store/store_repair.h"

#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/store/job_context.h"
#include "daemon/store/retention_jobs.h"
#include "daemon/store/row_repair.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

// Those who watch read everything again. The last step of a repair.
class AnnounceAllJob final : public Job {
 public:
  Result<void> Run(JobContext& context) override {
    NoteEverything(context.cache(), context.authored(), context.changes());
    return {};
  }
  void Answer(Result<LocalRevision> /*result*/) override {}
  [[nodiscard]] std::size_t Weight() const override { return 1; }
};

// Salvages cache.db into a new file while readers go on with the old one, then swaps the two while
// nobody reads, which takes a few renames. On an error the old file is in use as before, and
// nothing was set aside (kResourceExhausted: no room for the new one).
Result<RepairReport> ReplaceCache(StoreParts& parts, std::string reason) {
  RepairReport report;
  report.reason = std::move(reason);
  auto replaced = parts.writer->ReplaceCache([&]() -> Result<void> {
    const auto salvaged = parts.files.MakeNewCache(parts.options.cache_key, parts.position.store_id,
                                                   parts.state.cache, LogPart::kIndexed);
    if (!salvaged) return tl::unexpected<Error>(salvaged.error());
    report.conversations = salvaged->conversations;
    report.messages = salvaged->messages;
    report.damaged_pages = salvaged->damaged_pages;
    return parts.readers->WithoutReaders(
        [&] { return parts.files.TakeNewCache(parts.options.clock->WallNow(), report); });
  });
  if (!replaced) return tl::unexpected<Error>(std::move(replaced.error()));
  return report;
}

Result<RepairReport> ReplaceAndAnnounce(StoreParts& parts, std::string reason) {
  auto replaced = ReplaceCache(parts, std::move(reason));
  if (!replaced) return replaced;
  // What the engine read of the old file does not continue in the new one.
  parts.failed_series.Add(parts.newest_series);
  if (auto repaired = RepairRows(*parts.writer); !repaired)
    return tl::unexpected<Error>(std::move(repaired.error()));
  const std::array<std::unique_ptr<Job>, 1> announce = {std::make_unique<AnnounceAllJob>()};
  parts.writer->Run(announce);
  const std::lock_guard lock(parts.mutex);
  parts.state.cache = NoteFile(parts.writer->cache(), parts.files.cache());
  parts.SaveState();
  parts.last_repair = *replaced;
  return replaced;
}

// On the writer's thread, between groups.
void Repair(StoreParts& parts, std::string reason, const Writer::Done<RepairReport>& done) {
  const auto tell = [&parts](StoreHealth health, const RepairReport& report) {
    if (parts.options.on_health) parts.options.on_health(health, report);
  };
  tell(StoreHealth::kRepairing, {});
  auto report = Catching([&] { return ReplaceAndAnnounce(parts, std::move(reason)); });
  parts.repairing = false;
  if (report) {
    parts.thread->Submit(std::make_unique<IndexJob>(*parts.thread));
    parts.damage.Settle(File::kCache);
    LogRepair(*report);
    tell(StoreHealth::kReady, *report);
  } else {
    log::Error("cache_not_repaired", {{"why", report.error()}});
    tell(StoreHealth::kReadOnly, {});
  }
  done(std::move(report));
}

}  // namespace

void StartRepair(StoreParts& parts, std::string reason, Writer::Done<RepairReport> done) {
  if (parts.repairing.exchange(true)) {
    done(Fail(ErrorCode::kCancelled, "the cache is being repaired already"));
    return;
  }
  parts.thread->RunAlone(
      [&parts, reason = std::move(reason), done] { Repair(parts, reason, done); },
      [&parts, done] {
        parts.repairing = false;
        done(Fail(ErrorCode::kCancelled, "the store is closing"));
      });
}

void OnDamage(StoreParts& parts, File file) {
  log::Error("damage_seen",
             {log::Field::Safe("file", file == File::kCache ? "cache" : "authored")});
  if (parts.options.on_damage) parts.options.on_damage(file);
  // While the store opens, the opening itself sees to it. What of authored.db is damaged is
  // salvaged at the next opening: it holds what nobody else has, so it is not swapped under a
  // running daemon.
  if (file != File::kCache || parts.thread == nullptr) return;
  StartRepair(parts, "It was damaged while it was in use.", [](const Result<RepairReport>&) {});
}

void LogRepair(const RepairReport& report) {
  if (!report.any()) return;
  log::Error("store_repaired", {{"cache", report.cache_replaced},
                                {"authored", report.authored_replaced},
                                {"why", Error(ErrorCode::kCorrupt, report.reason)},
                                log::Field::Safe("aside", report.aside.string()),
                                {"aside_bytes", report.aside_bytes},
                                {"conversations", report.conversations},
                                {"messages", report.messages},
                                {"authored_rows", report.authored_rows}});
}

}  // namespace hark::store
