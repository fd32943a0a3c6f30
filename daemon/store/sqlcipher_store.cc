#include "daemon/store/sqlcipher_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/store/action_jobs.h"
#include "daemon/store/cache_repair.h"
#include "daemon/store/connection.h"
#include "daemon/store/fetch_planner.h"
#include "daemon/store/list_reader.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/opened_rows.h"
#include "daemon/store/page_reader.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/reader_pool.h"
#include "daemon/store/repair.h"
#include "daemon/store/retention_jobs.h"
#include "daemon/store/retention_planner.h"
#include "daemon/store/schema_upgrade.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/state_file.h"
#include "daemon/store/store_files.h"
#include "daemon/store/store_info_rows.h"
#include "daemon/store/store_position.h"
#include "daemon/store/user_jobs.h"
#include "daemon/store/write_group.h"
#include "daemon/store/writer_thread.h"

namespace hark::store {

struct SqlcipherStore::Parts {
  explicit Parts(StoreOptions given)
      : options(std::move(given)),
        files(options.folder),
        damage([this](File file) { SqlcipherStore::OnDamage(*this, file); }) {}

  [[nodiscard]] OpenConnection Opens(bool cache, Access access) const {
    return [this, cache, access] {
      return OpenSurely(cache ? files.cache() : files.authored(),
                        cache ? options.cache_key : options.authored_key, access,
                        cache ? Durability::kFetchable : Durability::kAuthored);
    };
  }

  StoreOptions options;
  const StoreFiles files;
  StorePosition position;
  DamageReport damage;
  FailedSeries failed_series;
  std::once_flag closed;
  bool prepared = false;  // While opening: the files passed their checks.

  // Guards what follows.
  mutable std::mutex mutex;
  StoreState state;  // As written to the disk.
  RepairReport last_repair;

  std::atomic<bool> repairing = false;
  std::atomic<std::uint64_t> newest_series = 0;  // Of the batches that were accepted.
  std::atomic<std::uint64_t> series_before = 0;  // Of the engines before the present one.

  std::unique_ptr<ReaderPool> readers;
  std::unique_ptr<GroupWriter> writer;
  std::unique_ptr<WriterThread> thread;
};

namespace {

// Puts right what two files that do not quite fit lack of each other.
Result<void> RepairRows(GroupWriter& writer) {
  Result<void> repaired;
  const std::array<std::unique_ptr<Job>, 1> jobs = {std::make_unique<RepairJob>(repaired)};
  writer.Run(jobs);
  return repaired;
}

// Only makes damage easier to mend: that it cannot be written is no error.
void WriteState(const StoreFiles& files, const StoreState& state) {
  if (auto written = WriteStoreState(files.state(), state); !written)
    log::Warning("store_state_not_written", {{"why", written.error()}});
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

}  // namespace

// Everything that has to be right before the first call. `replace_cache`: although it looks good.
Result<void> SqlcipherStore::OpenFiles(Parts& parts, bool replace_cache) {
  return Catching([&]() -> Result<void> {
    const Clock& clock = *parts.options.clock;
    const StoreKeys keys{parts.options.cache_key, parts.options.authored_key};
    StoreState& state = parts.state;
    state.boot_id = parts.options.boot_id.empty() ? ReadBootId() : parts.options.boot_id;
    auto prepared = parts.files.Prepare(keys, clock.WallNow(), state.boot_id, replace_cache);
    if (!prepared) return tl::unexpected<Error>(std::move(prepared.error()));
    parts.prepared = true;
    LogRepair(prepared->repair);
    // The second time round, authored.db may have been mended before.
    prepared->repair.authored_replaced =
        prepared->repair.authored_replaced || parts.last_repair.authored_replaced;
    prepared->repair.authored_rows += parts.last_repair.authored_rows;
    parts.last_repair = std::move(prepared->repair);
    parts.position.store_id = std::move(prepared->store_id);
    if (auto upgraded = UpgradeSchemas(parts.files, keys); !upgraded)
      return tl::unexpected<Error>(std::move(upgraded.error()));

    parts.writer = std::make_unique<GroupWriter>(parts.Opens(true, Access::kWrite),
                                                 parts.Opens(false, Access::kWrite), clock,
                                                 parts.position, parts.damage);
    state.generation = NextGeneration(parts.writer->authored());
    parts.position.revision = LocalRevision{state.generation} << 32;
    if (auto repaired = RepairRows(*parts.writer); !repaired)
      return tl::unexpected<Error>(std::move(repaired.error()));
    state.open = true;
    state.store_id = parts.position.store_id;
    state.cache = NoteFile(parts.writer->cache(), parts.files.cache());
    state.authored = NoteFile(parts.writer->authored(), parts.files.authored());
    WriteState(parts.files, state);
    return {};
  });
}

SqlcipherStore::SqlcipherStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<SqlcipherStore>> SqlcipherStore::Open(StoreOptions options) {
  return Catching([&options]() -> Result<std::unique_ptr<SqlcipherStore>> {
    auto parts = std::make_unique<Parts>(std::move(options));
    const Clock& clock = *parts->options.clock;
    auto opened = OpenFiles(*parts, false);
    // What opening needs of the cache is on a damaged page. Of authored.db every page was checked.
    if (!opened && opened.error().code == ErrorCode::kCorrupt && parts->prepared) {
      parts->writer.reset();
      opened = OpenFiles(*parts, true);
    }
    if (!opened) return tl::unexpected<Error>(std::move(opened.error()));
    parts->readers = std::make_unique<ReaderPool>(
        parts->Opens(true, Access::kRead), parts->Opens(false, Access::kRead),
        std::max<std::size_t>(parts->options.readers, 1), clock, parts->position, parts->damage);
    // From here on: nobody is there yet to hear of the repair.
    parts->writer->Announce(parts->options.on_commit);
    parts->thread = std::make_unique<WriterThread>(*parts->writer, parts->options.writes_by_hand);
    parts->thread->Submit(std::make_unique<IndexJob>(*parts->thread));
    return std::unique_ptr<SqlcipherStore>(new SqlcipherStore(std::move(parts)));
  });
}

SqlcipherStore::~SqlcipherStore() {
  Close();
}

void SqlcipherStore::Close() {
  std::call_once(parts_->closed, [this] {
    parts_->thread->Stop();
    parts_->readers->Close();
    parts_->writer->Close();  // Alone now: nothing keeps it from emptying the WAL.
    const StoreFiles& files = parts_->files;
    const std::lock_guard lock(parts_->mutex);
    for (const auto& file : {files.cache(), files.authored()}) {
      if (SizeOf(file.string() + "-wal") > 0) return;
    }
    parts_->state.open = false;
    WriteState(files, parts_->state);
  });
}

void SqlcipherStore::RunWriter() {
  parts_->thread->RunWaiting();
}

StoreVerdict SqlcipherStore::Verify() const {
  StoreState state;
  {
    const std::lock_guard lock(parts_->mutex);
    state = parts_->state;
  }
  return {VerifyFile(parts_->files.cache(), parts_->options.cache_key, state.cache),
          VerifyFile(parts_->files.authored(), parts_->options.authored_key, state.authored)};
}

void SqlcipherStore::BeginSync() {
  parts_->series_before = parts_->newest_series.load();
}

RepairReport SqlcipherStore::LastRepair() const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->last_repair;
}

void SqlcipherStore::SetCacheAside(std::string reason, Writer::Done<RepairReport> done) {
  StartRepair(*parts_, std::move(reason), std::move(done));
}

void SqlcipherStore::StartRepair(Parts& parts, std::string reason,
                                 Writer::Done<RepairReport> done) {
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

void SqlcipherStore::OnDamage(Parts& parts, File file) {
  log::Error("damage_seen",
             {log::Field::Safe("file", file == File::kCache ? "cache" : "authored")});
  if (parts.options.on_damage) parts.options.on_damage(file);
  // While the store opens, the opening itself sees to it. What of authored.db is damaged is
  // salvaged at the next opening: it holds what nobody else has, so it is not swapped under a
  // running daemon.
  if (file != File::kCache || parts.thread == nullptr) return;
  StartRepair(parts, "It was damaged while it was in use.", [](const Result<RepairReport>&) {});
}

void SqlcipherStore::Repair(Parts& parts, std::string reason,
                            const Writer::Done<RepairReport>& done) {
  const auto tell = [&parts](StoreHealth health, const RepairReport& report) {
    if (parts.options.on_health) parts.options.on_health(health, report);
  };
  tell(StoreHealth::kRepairing, {});
  auto report = Catching([&]() -> Result<RepairReport> {
    auto replaced = ReplaceDamagedCache(
        {parts.files, parts.options.cache_key, parts.position.store_id, parts.state.cache,
         *parts.options.clock, *parts.writer, *parts.readers},
        std::move(reason));
    if (!replaced) return replaced;
    // What the engine read of the old file does not continue in the new one.
    parts.failed_series.Add(parts.newest_series);
    if (auto repaired = RepairRows(*parts.writer); !repaired)
      return tl::unexpected<Error>(std::move(repaired.error()));
    const std::array<std::unique_ptr<Job>, 1> announce = {std::make_unique<AnnounceAllJob>()};
    parts.writer->Run(announce);
    const std::lock_guard lock(parts.mutex);
    parts.state.cache = NoteFile(parts.writer->cache(), parts.files.cache());
    WriteState(parts.files, parts.state);
    parts.last_repair = *replaced;
    return replaced;
  });
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

Result<MessagePage> SqlcipherStore::ReadPage(const PageQuery& query) {
  return parts_->readers->Run(
      [&query](const Snapshot& snapshot) { return store::ReadPage(snapshot, query); });
}

Result<Message> SqlcipherStore::ReadMessage(const MessageId& id) {
  return parts_->readers->Run([&id](const Snapshot& snapshot) -> Result<Message> {
    if (auto message = FindMerged(snapshot.view(), id)) return *std::move(message);
    return Fail(ErrorCode::kNotFound, "no such message");
  });
}

Result<ConversationPage> SqlcipherStore::ListConversations(const ConversationQuery& query) {
  return parts_->readers->Run(
      [&query](const Snapshot& snapshot) { return store::ListConversations(snapshot, query); });
}

Result<Conversation> SqlcipherStore::GetConversation(const ConversationId& id) {
  return parts_->readers->Run(
      [&id](const Snapshot& snapshot) { return store::GetConversation(snapshot, id); });
}

Result<OutboxState> SqlcipherStore::ReadOutbox() {
  return parts_->readers->Run(
      [](const Snapshot& snapshot) -> Result<OutboxState> { return store::ReadOutbox(snapshot); });
}

Result<OutgoingEntry> SqlcipherStore::ReadOutgoing(std::uint64_t position) {
  return parts_->readers->Run(
      [position](const Snapshot& snapshot) { return store::ReadOutgoing(snapshot, position); });
}

Result<std::vector<ConversationId>> SqlcipherStore::ActiveConversations(WallTime since,
                                                                        std::uint32_t limit) {
  return parts_->readers->Run(
      [since, limit](const Snapshot& snapshot) -> Result<std::vector<ConversationId>> {
        return ListOpenedSince(snapshot.authored(), since, limit);
      });
}

Result<FetchPlan> SqlcipherStore::PlanFetches(const std::vector<ConversationId>& active,
                                              std::uint32_t limit) {
  return parts_->readers->Run([&active, limit](const Snapshot& snapshot) -> Result<FetchPlan> {
    return store::PlanFetches(snapshot, active, limit);
  });
}

Result<SyncState> SqlcipherStore::ReadSyncState() {
  // The cursor of a cache that is about to go must not be continued.
  if (parts_->repairing) return Fail(ErrorCode::kCancelled, "the cache is being repaired");
  return parts_->readers->Run([](const Snapshot& snapshot) -> Result<SyncState> {
    return ReadSyncStateRow(snapshot.cache());
  });
}

Result<StoreStatistics> SqlcipherStore::Statistics() {
  auto statistics = parts_->readers->Run(
      [](const Snapshot& snapshot) -> Result<StoreStatistics> { return ReadStatistics(snapshot); });
  if (statistics) {
    statistics->cache_bytes = parts_->files.CacheBytes();
    statistics->authored_bytes = parts_->files.AuthoredBytes();
  }
  return statistics;
}

LocalRevision SqlcipherStore::CurrentRevision() const {
  return parts_->position.revision;
}

const std::string& SqlcipherStore::StoreId() const {
  return parts_->position.store_id;
}

void SqlcipherStore::Apply(Batch batch, Writer::Done<LocalRevision> done) {
  if (batch.series != 0) batch.series += parts_->series_before;
  std::uint64_t newest = parts_->newest_series;
  while (newest < batch.series &&
         !parts_->newest_series.compare_exchange_weak(newest, batch.series)) {
  }
  parts_->thread->Submit(
      std::make_unique<ApplyJob>(std::move(batch), parts_->failed_series, std::move(done)));
}

void SqlcipherStore::EnqueueSend(NewMessage message, Writer::Done<Message> done) {
  parts_->thread->Submit(std::make_unique<EnqueueSendJob>(std::move(message), std::move(done)));
}

void SqlcipherStore::Act(MessageAction action, Writer::Done<Message> done) {
  parts_->thread->Submit(std::make_unique<ActJob>(std::move(action), std::move(done)));
}

void SqlcipherStore::RetryAll(std::optional<ConversationId> conversation,
                              Writer::Done<std::uint32_t> done) {
  parts_->thread->Submit(std::make_unique<RetryAllJob>(std::move(conversation), std::move(done)));
}

void SqlcipherStore::MarkRead(ReadMark mark, Writer::Done<Conversation> done) {
  parts_->thread->Submit(std::make_unique<MarkReadJob>(std::move(mark), std::move(done)));
}

void SqlcipherStore::RecordOpen(ConversationId conversation, WallTime at,
                                Writer::Done<LocalRevision> done) {
  parts_->thread->Submit(
      std::make_unique<RecordOpenJob>(std::move(conversation), at, std::move(done)));
}

Result<RetentionPlan> SqlcipherStore::PlanRetention(const RetentionPolicy& policy) {
  return store::PlanRetention(*parts_->readers, policy, parts_->options.clock->WallNow());
}

void SqlcipherStore::Evict(std::vector<Eviction> evictions, Writer::Done<Evicted> done) {
  parts_->thread->Submit(std::make_unique<EvictJob>(std::move(evictions), std::move(done)));
}

void SqlcipherStore::Tidy(Tidying what, Writer::Done<bool> done) {
  parts_->thread->Submit(std::make_unique<TidyJob>(what, std::move(done)));
}

void SqlcipherStore::SetRetention(ConversationId conversation, std::optional<std::uint32_t> days,
                                  Writer::Done<LocalRevision> done) {
  parts_->thread->Submit(
      std::make_unique<SetRetentionJob>(std::move(conversation), days, std::move(done)));
}

}  // namespace hark::store
