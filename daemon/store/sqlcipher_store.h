// The store of one account: two SQLCipher files, one thread that writes them, a pool of connections
// that read them.

#ifndef HARK_DAEMON_STORE_SQLCIPHER_STORE_H_
#define HARK_DAEMON_STORE_SQLCIPHER_STORE_H_

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/secret.h"
#include "daemon/model/commit.h"
#include "daemon/store/authored_state.h"
#include "daemon/store/damage_report.h"
#include "daemon/store/export.h"
#include "daemon/store/reader.h"
#include "daemon/store/retention.h"
#include "daemon/store/store_health.h"
#include "daemon/store/user_state.h"
#include "daemon/store/verify.h"
#include "daemon/store/writer.h"

namespace hark::store {

struct StoreOptions {
  std::filesystem::path folder;  // Made with mode 0700 if it does not exist; holds nothing else.
  Secret cache_key;              // 32 raw bytes each, not the same.
  Secret authored_key;
  const Clock* clock = nullptr;  // Outlives the store.
  // Called on the writer's thread after each commit, in order, before the `done` of the calls in
  // it. Must not block.
  std::function<void(std::shared_ptr<const Commit>)> on_commit;
  // Called when a file turns out to be damaged while it is in use, on the thread that saw it, in
  // the middle of a call: must not block nor call the store. A damaged cache is then replaced by
  // itself, as by SetCacheAside(); on_health tells.
  DamageReport::OnDamage on_damage = {};
  std::size_t readers = 4;  // Connections beside those for searches; a further concurrent read
                            // waits for one.
  // No thread of its own: RunWriter() does what waits to be written. For a simulation in one
  // thread.
  bool writes_by_hand = false;
  // Called on the writer's thread when that changes; must not block.
  OnHealth on_health = {};
  // Names the boot of the machine, for tests that play a power loss. Empty: the system's.
  std::string boot_id = {};
  // Called before each step of ClearCache() that a crash may come between, and between the two
  // files of CopyFiles(); for tests.
  std::function<void()> at_step = [] {};
  // The files were made before: that there are none is kCorrupt then, and no new ones are made.
  bool must_exist = false;
};

// What Verify() found.
struct StoreVerdict {
  FileVerdict cache;
  FileVerdict authored;

  [[nodiscard]] bool good() const { return cache.good() && authored.good(); }
};

struct StoreParts;

// Destroys the key of cache.db and gives the one of its successor. Called on the writer's thread;
// may wait.
using RenewKey = std::function<Result<Secret>()>;

// Thread-safe. One process at a time may have a folder open (the daemon's lock file sees to that).
class SqlcipherStore final : public Reader,
                             public Writer,
                             public RetentionStore,
                             public UserStateStore {
 public:
  // Creates both files if the folder has neither and need not. A damaged file is set aside and
  // replaced by what can be salvaged of it before this returns (StoreFiles::Prepare(); LastRepair()
  // tells of it); reading some 100,000 rows of a damaged cache takes seconds. A file of an older
  // schema is migrated (schema_upgrade.h).
  //
  // kCorrupt: wrong key, or an authored.db that is missing, empty or not ours. kConflict: written
  // by a newer program. Whenever it fails on files that exist, not one byte of them changed, unless
  // it was between two steps of a migration. kResourceExhausted: the disk is full,
  // or does not give a part of them; that is noted beside them (docs/storage-faults.md).
  [[nodiscard]] static Result<std::unique_ptr<SqlcipherStore>> Open(StoreOptions options);

  // Reads and checks every page of both files, on the caller's thread and beside everything else.
  // Some seconds a gigabyte.
  [[nodiscard]] StoreVerdict Verify() const;

  // Replaces cache.db by what can be salvaged of it, whatever its state. `done` is called on the
  // writer's thread when the new one is in use. Until then reads go on with the old file, what is
  // written waits, and ReadSyncState() answers kCancelled. Every conversation is announced as one
  // whose gaps changed; revisions go on rising. Batches of a series that was begun before fail, so
  // no cursor of the old file gets into the new one: the sync engine has to start afresh. On an
  // error the old file stays in use; kCancelled: a repair is under way already, or the store is
  // closing. `reason`: a sentence for a person.
  void SetCacheAside(std::string reason, Writer::Done<RepairReport> done);

  // Puts an empty cache.db, under another key, in the place of the present one and removes what
  // lies beside it (clear_files.h). What waits to be sent, drafts and positions stay. Otherwise as
  // SetCacheAside(), but that watchers of the commit that tells of it read again. Answers how many
  // bytes were removed. kResourceExhausted: the cache is being replaced already, or the disk is
  // full; kInternal: a file cannot be removed. On an error the cache is as it was or cannot be used
  // any more; calling again, or the next opening, goes on.
  void ClearCache(RenewKey renew, Writer::Done<std::uint64_t> done);

  // What would be lost with the store: entries of the outbox that have not arrived, and drafts. Of
  // one moment. Blocks for as long as their contents take to read.
  [[nodiscard]] Result<AuthoredState> ReadUnsent();

  // What is at the backend, as of now; of one conversation if given. On the caller's thread, as
  // long as copying cache.db takes (store_copy.h); `cancelled` ends it early. kNotFound: no such
  // conversation. kResourceExhausted: no room for the copy, or so much is being stored that it was
  // given up. kCancelled.
  [[nodiscard]] Result<std::unique_ptr<ExportSource>> BeginExport(
      std::optional<ConversationId> conversation, const std::atomic<bool>& cancelled);

  // Both files as of now, under other keys, into `folder`, where there is neither: any copy of the
  // store that a crash could have left. Otherwise as BeginExport().
  [[nodiscard]] Result<void> CopyFiles(const std::filesystem::path& folder, const Secret& cache_key,
                                       const Secret& authored_key,
                                       const std::atomic<bool>& cancelled);

  // Replaces a file by a copy of it under another key, 32 raw bytes. Reads go on with the old file
  // until the new one is complete, except for a moment; what is written waits meanwhile, some
  // seconds a gigabyte. `done` is called on the writer's thread, with the bytes of the new file. On
  // an error the old file stays in use under the old key: kResourceExhausted (the disk is full),
  // kCancelled (a repair is under way, or the store is closing).
  void Reencrypt(File file, Secret key, Writer::Done<std::uint64_t> done);

  // A new sync engine begins: its series (Batch::series), which count from 1, come after those of
  // the engine before, which is stopped.
  void BeginSync();

  // Calls `turned` on the writer's thread between two groups of writes, before what waits already;
  // at once when the store is closing. Must not block. Whether the writer gets on.
  void TurnWriter(std::function<void()> turned);

  // The latest, since opening or at it.
  [[nodiscard]] RepairReport LastRepair() const;

  // As Close().
  ~SqlcipherStore() override;

  // Finishes what was accepted, checkpoints, and closes the files. Later calls answer kCancelled.
  // Not from a callback.
  void Close();

  // With `writes_by_hand` only: does what waits, on the caller's thread.
  void RunWriter();
  // The same: what the writer does when nobody came for a while. Answers whether to go on soon.
  bool RunIdleWriter();

  Result<MessagePage> ReadPage(const PageQuery& query) override;
  Result<std::optional<ChangesPage>> ReadChanges(const ChangesQuery& query) override;
  Result<Message> ReadMessage(const MessageId& id) override;
  Result<ConversationPage> ListConversations(const ConversationQuery& query) override;
  Result<Conversation> GetConversation(const ConversationId& id) override;
  Result<OutboxState> ReadOutbox() override;
  Result<OutboxPage> ListOutbox(const OutboxQuery& query) override;
  Result<OutgoingEntry> ReadOutgoing(std::uint64_t position) override;
  Result<std::vector<ConversationId>> ActiveConversations(WallTime since,
                                                          std::uint32_t limit) override;
  Result<FetchPlan> PlanFetches(const std::vector<ConversationId>& active,
                                std::uint32_t limit) override;
  Result<SyncState> ReadSyncState() override;
  Result<StoreStatistics> Statistics() override;
  Result<SearchPage> Search(const SearchQuery& query, const std::atomic<bool>& cancelled) override;
  [[nodiscard]] LocalRevision CurrentRevision() const override;
  [[nodiscard]] const std::string& StoreId() const override;

  void Apply(Batch batch, Writer::Done<LocalRevision> done) override;
  void EnqueueSend(NewMessage message, Writer::Done<Message> done) override;
  void Act(MessageAction action, Writer::Done<Message> done) override;
  void RetryAll(std::optional<ConversationId> conversation,
                Writer::Done<std::uint32_t> done) override;
  void MarkRead(ReadMark mark, Writer::Done<Conversation> done) override;
  void RecordOpen(ConversationId conversation, WallTime at,
                  Writer::Done<LocalRevision> done) override;

  Result<RetentionPlan> PlanRetention(const RetentionPolicy& policy) override;
  void Evict(std::vector<Eviction> evictions, Writer::Done<Evicted> done) override;
  void Tidy(Tidying what, Writer::Done<bool> done) override;
  void SetRetention(ConversationId conversation, std::optional<std::uint32_t> days,
                    Writer::Done<LocalRevision> done) override;

  Result<std::vector<Draft>> ReadDrafts() override;
  void SaveUserState(UserStateChanges changes, Writer::Done<LocalRevision> done) override;
  Result<std::optional<ViewState>> ReadViewState(const ConversationId& conversation,
                                                 const std::string& ui) override;
  Result<ShownViewState> FindShown(ViewState state) override;

 private:
  explicit SqlcipherStore(std::unique_ptr<StoreParts> parts);

  std::unique_ptr<StoreParts> parts_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SQLCIPHER_STORE_H_
