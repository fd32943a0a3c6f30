#include "daemon/store/store_repair.h"

#include <array>
#include <chrono>
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

// The disk is full, or changes all that it is given. By itself nothing tells that it could be
// mended now, and each repair sets a file aside.
constexpr std::chrono::minutes kRepairAgainAfter{1};

// Those who watch read everything again. The last step of a repair.
class AnnounceAllJob final : public Job {
 public:
  explicit AnnounceAllJob(GroupWriter& writer) : writer_(writer) {}

  Result<void> Run(JobContext& context) override {
    NoteEverything(context.cache(), context.authored(), context.changes());
    return {};
  }
  void Answer(Result<LocalRevision> result) override {
    if (!result) writer_.TellLater();
  }
  [[nodiscard]] std::size_t Weight() const override { return 1; }

 private:
  GroupWriter& writer_;
};

// Salvages cache.db into a new file while readers go on with the old one, then swaps the two while
// nobody reads, which takes a few renames. On an error the old file is in use as before, and
// nothing was set aside (kResourceExhausted: no room for the new one, or the old one cannot be
// read). No error once they are swapped, whatever becomes of opening the new one.
Result<RepairReport> ReplaceCache(StoreParts& parts, std::string reason) {
  RepairReport report;
  report.reason = std::move(reason);
  NotedFile noted = parts.state.cache;
  const WallTime now = parts.options.clock->WallNow();
  auto replaced = parts.writer->ReplaceCache([&]() -> Result<void> {
    const auto salvaged = parts.files.MakeNewCache(parts.options.cache_key, parts.position.store_id,
                                                   noted, LogPart::kIndexed, now);
    if (!salvaged) return tl::unexpected<Error>(salvaged.error());
    report.conversations = salvaged->conversations;
    report.messages = salvaged->messages;
    report.damaged_pages = salvaged->damaged_pages;
    return parts.readers->WithoutReaders([&] { return parts.files.TakeNewCache(now, report); });
  });
  if (replaced || report.cache_replaced) return report;
  const std::lock_guard lock(parts.mutex);
  if (noted != parts.state.cache) {
    parts.state.cache = std::move(noted);
    parts.SaveState();
  }
  return tl::unexpected<Error>(std::move(replaced.error()));
}

// Nothing known, if it cannot be opened now.
NotedFile NoteCache(StoreParts& parts) {
  auto noted = Catching([&parts]() -> Result<NotedFile> {
    if (auto open = parts.writer->EnsureOpen(); !open)
      return tl::unexpected<Error>(std::move(open.error()));
    return NoteFile(parts.writer->cache(), parts.files.cache());
  });
  return noted.value_or(NotedFile());
}

struct Repaired {
  RepairReport report;
  bool is_damaged_again = false;
};

Result<Repaired> ReplaceAndAnnounce(StoreParts& parts, std::string reason) {
  auto replaced = ReplaceCache(parts, std::move(reason));
  if (!replaced) return tl::unexpected<Error>(std::move(replaced.error()));
  // What the engine read of the old file does not continue in the new one.
  parts.failed_series.Add(parts.newest_series);
  // The new file is in use, whatever fails from here on. Rows are repaired at each opening.
  const auto repaired = RepairRows(*parts.writer);
  if (!repaired) log::Error("rows_not_repaired", {{"why", repaired.error()}});
  const std::array<std::unique_ptr<Job>, 1> announce = {
      std::make_unique<AnnounceAllJob>(*parts.writer)};
  parts.writer->Run(announce);
  NotedFile noted = NoteCache(parts);
  const std::lock_guard lock(parts.mutex);
  parts.state.cache = std::move(noted);
  parts.SaveState();
  parts.last_repair = *replaced;
  return Repaired{*std::move(replaced), !repaired && repaired.error().code == ErrorCode::kCorrupt};
}

// On the writer's thread, between groups.
void Repair(StoreParts& parts, std::string reason, const Writer::Done<RepairReport>& done) {
  const auto tell = [&parts](StoreHealth health, const RepairReport& report) {
    if (parts.options.on_health) parts.options.on_health(health, report);
  };
  tell(StoreHealth::kRepairing, {});
  auto repaired = Catching([&] { return ReplaceAndAnnounce(parts, std::move(reason)); });
  parts.repairing = false;
  if (repaired && !repaired->is_damaged_again) {
    parts.damage.Settle(File::kCache);
  } else {
    parts.damage.SettleAt(File::kCache, parts.options.clock->Now() + kRepairAgainAfter);
  }
  if (repaired) {
    parts.thread->Submit(std::make_unique<IndexJob>(*parts.thread));
    LogRepair(repaired->report);
    tell(StoreHealth::kReady, repaired->report);
    done(std::move(repaired->report));
  } else {
    log::Error("cache_not_repaired", {{"why", repaired.error()}});
    tell(StoreHealth::kReadOnly, {});
    done(tl::unexpected<Error>(std::move(repaired.error())));
  }
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
  // While the store opens, the opening itself sees to it.
  if (parts.thread == nullptr) return;
  if (file == File::kAuthored) {
    // It holds what nobody else has, so it is not swapped under a running daemon: the next opening
    // looks at all of it, and salvages it.
    const std::lock_guard lock(parts.mutex);
    parts.state.authored.suspect = true;
    parts.SaveState();
    return;
  }
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
