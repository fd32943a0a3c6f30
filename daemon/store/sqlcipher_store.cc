#include "daemon/store/sqlcipher_store.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/action_jobs.h"
#include "daemon/store/changes_reader.h"
#include "daemon/store/connection.h"
#include "daemon/store/draft_rows.h"
#include "daemon/store/fetch_planner.h"
#include "daemon/store/list_reader.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/opened_rows.h"
#include "daemon/store/opening.h"
#include "daemon/store/outbox_reader.h"
#include "daemon/store/page_reader.h"
#include "daemon/store/raw_file.h"
#include "daemon/store/reencryption.h"
#include "daemon/store/retention_jobs.h"
#include "daemon/store/retention_planner.h"
#include "daemon/store/search_query.h"
#include "daemon/store/searcher.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_clear.h"
#include "daemon/store/store_info_rows.h"
#include "daemon/store/store_parts.h"
#include "daemon/store/store_repair.h"
#include "daemon/store/user_state_job.h"
#include "daemon/store/view_state_rows.h"

namespace hark::store {

SqlcipherStore::SqlcipherStore(std::unique_ptr<StoreParts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<SqlcipherStore>> SqlcipherStore::Open(StoreOptions options) {
  return Catching([&options]() -> Result<std::unique_ptr<SqlcipherStore>> {
    auto parts = std::make_unique<StoreParts>(std::move(options));
    if (auto opened = OpenFiles(*parts); !opened)
      return tl::unexpected<Error>(std::move(opened.error()));
    parts->readers = std::make_unique<ReaderPool>(
        parts->Opens(File::kCache, Access::kRead), parts->Opens(File::kAuthored, Access::kRead),
        std::max<std::size_t>(parts->options.readers, 1) + limits::kSearchesAtOnce,
        *parts->options.clock, parts->position, parts->damage);
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
    parts_->closing = true;
    parts_->thread->Stop();
    parts_->readers->Close();
    parts_->writer->Close();  // Alone now: nothing keeps it from emptying the WAL.
    const StoreFiles& files = parts_->files;
    const std::lock_guard lock(parts_->mutex);
    for (const auto& file : {files.cache(), files.authored()}) {
      if (SizeOf(file.string() + "-wal") > 0) return;
    }
    parts_->state.open = false;
    parts_->SaveState();
  });
}

void SqlcipherStore::RunWriter() {
  parts_->thread->RunWaiting();
}

bool SqlcipherStore::RunIdleWriter() {
  return parts_->thread->RunIdle();
}

StoreVerdict SqlcipherStore::Verify() const {
  StoreState state;
  Secret cache_key;
  Secret authored_key;
  {
    const std::lock_guard lock(parts_->mutex);
    state = parts_->state;
    cache_key = parts_->options.cache_key.Clone();
    authored_key = parts_->options.authored_key.Clone();
  }
  return {VerifyFile(parts_->files.cache(), cache_key, state.cache, LogPart::kIndexed),
          VerifyFile(parts_->files.authored(), authored_key, state.authored, LogPart::kIndexed)};
}

void SqlcipherStore::Reencrypt(File file, Secret key, Writer::Done<std::uint64_t> done) {
  StartReencryption(*parts_, file, std::move(key), std::move(done));
}

void SqlcipherStore::BeginSync() {
  parts_->series_before = parts_->newest_series.load();
}

void SqlcipherStore::TurnWriter(std::function<void()> turned) {
  parts_->thread->RunAlone(turned, turned);
}

RepairReport SqlcipherStore::LastRepair() const {
  const std::lock_guard lock(parts_->mutex);
  return parts_->last_repair;
}

void SqlcipherStore::ClearCache(RenewKey renew, Writer::Done<std::uint64_t> done) {
  StartClear(*parts_, std::move(renew), std::move(done));
}

void SqlcipherStore::SetCacheAside(std::string reason, Writer::Done<RepairReport> done) {
  StartRepair(*parts_, std::move(reason), std::move(done));
}

Result<MessagePage> SqlcipherStore::ReadPage(const PageQuery& query) {
  return parts_->readers->Run(
      [&query](const Snapshot& snapshot) { return store::ReadPage(snapshot, query); });
}

Result<std::optional<ChangesPage>> SqlcipherStore::ReadChanges(const ChangesQuery& query) {
  return parts_->readers->Run(
      [&query](const Snapshot& snapshot) -> Result<std::optional<ChangesPage>> {
        return store::ReadChanges(snapshot, query);
      });
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

Result<OutboxPage> SqlcipherStore::ListOutbox(const OutboxQuery& query) {
  return parts_->readers->Run(
      [&query](const Snapshot& snapshot) { return store::ListOutbox(snapshot, query); });
}

Result<OutgoingEntry> SqlcipherStore::ReadOutgoing(std::uint64_t position) {
  return parts_->readers->Run(
      [position](const Snapshot& snapshot) { return store::ReadOutgoing(snapshot, position); });
}

Result<AuthoredState> SqlcipherStore::ReadUnsent() {
  return parts_->readers->Run([](const Snapshot& snapshot) -> Result<AuthoredState> {
    AuthoredState state = ReadAuthored(snapshot.authored());
    DropDelivered(state, snapshot.cache());
    return state;
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

Result<SearchPage> SqlcipherStore::Search(const SearchQuery& query,
                                          const std::atomic<bool>& cancelled) {
  auto terms = ParseSearch(query.text);
  if (!terms) return tl::unexpected<Error>(std::move(terms.error()));
  const Clock& clock = *parts_->options.clock;
  const Clock::Instant end = clock.Now() + limits::kSearchTime;
  std::optional<Error> stopped;
  const std::function<bool()> stop = [&] {
    if (cancelled || parts_->closing) {
      stopped.emplace(ErrorCode::kCancelled, "the search was given up");
    } else if (parts_->repairing) {
      stopped.emplace(ErrorCode::kCancelled,
                      "the cache is being repaired; search again in a moment");
    } else if (clock.Now() > end) {
      stopped.emplace(ErrorCode::kTimeout, "the search took too long; look for something rarer");
    }
    return stopped.has_value();
  };
  auto page = parts_->readers->Run([&](const Snapshot& snapshot) -> Result<SearchPage> {
    if (stop()) return tl::unexpected<Error>(*stopped);
    const StopGuard guard(snapshot.cache(), stop);
    return store::Search(snapshot, query, *terms);
  });
  // Of a statement that was stopped, SQLite only says that it was.
  if (!page && stopped) return tl::unexpected<Error>(*std::move(stopped));
  return page;
}

LocalRevision SqlcipherStore::CurrentRevision() const {
  return parts_->position.revision;
}

const std::string& SqlcipherStore::StoreId() const {
  return parts_->position.names_revisions;
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

Result<std::vector<Draft>> SqlcipherStore::ReadDrafts() {
  return parts_->readers->Run([](const Snapshot& snapshot) -> Result<std::vector<Draft>> {
    return ListDraftRows(snapshot.authored());
  });
}

void SqlcipherStore::SaveUserState(UserStateChanges changes, Writer::Done<LocalRevision> done) {
  parts_->thread->Submit(std::make_unique<SaveUserStateJob>(std::move(changes), std::move(done)));
}

Result<std::optional<ViewState>> SqlcipherStore::ReadViewState(const ConversationId& conversation,
                                                               const std::string& ui) {
  return parts_->readers->Run([&](const Snapshot& snapshot) -> Result<std::optional<ViewState>> {
    return FindViewState(snapshot.authored(), conversation, ui);
  });
}

Result<ShownViewState> SqlcipherStore::FindShown(ViewState state) {
  return parts_->readers->Run([&state](const Snapshot& snapshot) -> Result<ShownViewState> {
    return ShowViewState(snapshot.view(), state);
  });
}

}  // namespace hark::store
