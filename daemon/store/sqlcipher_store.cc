#include "daemon/store/sqlcipher_store.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/connection.h"
#include "daemon/store/fetch_planner.h"
#include "daemon/store/list_reader.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/migrator.h"
#include "daemon/store/opened_rows.h"
#include "daemon/store/page_reader.h"
#include "daemon/store/reader_pool.h"
#include "daemon/store/repair.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_files.h"
#include "daemon/store/store_info_rows.h"
#include "daemon/store/store_position.h"
#include "daemon/store/user_jobs.h"
#include "daemon/store/write_group.h"
#include "daemon/store/writer_thread.h"

namespace hark::store {

struct SqlcipherStore::Parts {
  explicit Parts(StoreOptions given) : options(std::move(given)), files(options.folder) {}

  [[nodiscard]] OpenConnection Opens(bool cache, Access access) const {
    return [this, cache, access] {
      return std::make_unique<Connection>(cache ? files.cache() : files.authored(),
                                          cache ? options.cache_key : options.authored_key, access,
                                          cache ? Durability::kFetchable : Durability::kAuthored);
    };
  }

  StoreOptions options;
  const StoreFiles files;
  StorePosition position;
  FailedSeries failed_series;
  std::once_flag closed;
  std::unique_ptr<ReaderPool> readers;
  std::unique_ptr<GroupWriter> writer;
  std::unique_ptr<WriterThread> thread;
};

namespace {

// Everything that has to be right before the first call: schema, what a crash left, the generation.
Result<void> PrepareToWrite(GroupWriter& writer, StorePosition& position) {
  if (auto migrated = Migrate(writer.cache(), CacheMigrations()); !migrated) return migrated;
  if (auto migrated = Migrate(writer.authored(), AuthoredMigrations()); !migrated) return migrated;
  position.revision = LocalRevision{NextGeneration(writer.authored())} << 32;
  Result<void> repaired;
  const std::array<std::unique_ptr<Job>, 1> jobs = {std::make_unique<RepairJob>(repaired)};
  writer.Run(jobs);
  return repaired;
}

}  // namespace

SqlcipherStore::SqlcipherStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<SqlcipherStore>> SqlcipherStore::Open(StoreOptions options) {
  return Catching([&options]() -> Result<std::unique_ptr<SqlcipherStore>> {
    auto parts = std::make_unique<Parts>(std::move(options));
    const Clock& clock = *parts->options.clock;
    auto id = parts->files.Prepare(parts->options.cache_key, parts->options.authored_key,
                                   clock.WallNow());
    if (!id) return tl::unexpected<Error>(std::move(id.error()));
    parts->position.store_id = *std::move(id);

    parts->writer =
        std::make_unique<GroupWriter>(parts->Opens(true, Access::kWrite),
                                      parts->Opens(false, Access::kWrite), clock, parts->position);
    if (auto prepared = PrepareToWrite(*parts->writer, parts->position); !prepared) {
      return tl::unexpected<Error>(std::move(prepared.error()));
    }
    parts->readers = std::make_unique<ReaderPool>(
        parts->Opens(true, Access::kRead), parts->Opens(false, Access::kRead),
        std::max<std::size_t>(parts->options.readers, 1), clock, parts->position);
    // From here on: nobody is there yet to hear of the repair.
    parts->writer->Announce(parts->options.on_commit);
    parts->thread = std::make_unique<WriterThread>(*parts->writer);
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
  });
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

Result<std::vector<OutboxEntry>> SqlcipherStore::ReadOutbox(std::uint64_t after_position,
                                                            std::uint32_t limit) {
  return parts_->readers->Run([after_position, limit](const Snapshot& snapshot) {
    return store::ReadOutbox(snapshot, after_position, limit);
  });
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

void SqlcipherStore::Apply(Batch batch, Done<LocalRevision> done) {
  parts_->thread->Submit(
      std::make_unique<ApplyJob>(std::move(batch), parts_->failed_series, std::move(done)));
}

void SqlcipherStore::EnqueueSend(NewMessage message, Done<Message> done) {
  parts_->thread->Submit(std::make_unique<EnqueueSendJob>(std::move(message), std::move(done)));
}

void SqlcipherStore::MarkRead(ReadMark mark, Done<Conversation> done) {
  parts_->thread->Submit(std::make_unique<MarkReadJob>(std::move(mark), std::move(done)));
}

void SqlcipherStore::RecordOpen(ConversationId conversation, WallTime at,
                                Done<LocalRevision> done) {
  parts_->thread->Submit(
      std::make_unique<RecordOpenJob>(std::move(conversation), at, std::move(done)));
}

}  // namespace hark::store
