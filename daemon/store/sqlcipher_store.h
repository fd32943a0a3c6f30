// The store of one account: two SQLCipher files, one thread that writes them, a pool of connections
// that read them.

#ifndef HARK_DAEMON_STORE_SQLCIPHER_STORE_H_
#define HARK_DAEMON_STORE_SQLCIPHER_STORE_H_

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/secret.h"
#include "daemon/model/commit.h"
#include "daemon/store/reader.h"
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
  std::size_t readers = 4;  // Connections; a further concurrent read waits for one.
};

// Thread-safe. One process at a time may have a folder open (the daemon's lock file sees to that).
class SqlcipherStore final : public Reader, public Writer {
 public:
  // Creates both files if the folder has neither. kCorrupt: wrong key, damage, files of two stores,
  // one of them missing or emptied. kConflict: written by a newer program. Whenever it fails on
  // files that exist, not one byte of them changed.
  [[nodiscard]] static Result<std::unique_ptr<SqlcipherStore>> Open(StoreOptions options);

  // As Close().
  ~SqlcipherStore() override;

  // Finishes what was accepted, checkpoints, and closes the files. Later calls answer kCancelled.
  // Not from a callback.
  void Close();

  Result<MessagePage> ReadPage(const PageQuery& query) override;
  Result<Message> ReadMessage(const MessageId& id) override;
  Result<ConversationPage> ListConversations(const ConversationQuery& query) override;
  Result<Conversation> GetConversation(const ConversationId& id) override;
  Result<std::vector<OutboxEntry>> ReadOutbox(std::uint64_t after_position,
                                              std::uint32_t limit) override;
  Result<std::vector<ConversationId>> ActiveConversations(WallTime since,
                                                          std::uint32_t limit) override;
  Result<FetchPlan> PlanFetches(const std::vector<ConversationId>& active,
                                std::uint32_t limit) override;
  Result<SyncState> ReadSyncState() override;
  Result<StoreStatistics> Statistics() override;
  [[nodiscard]] LocalRevision CurrentRevision() const override;
  [[nodiscard]] const std::string& StoreId() const override;

  void Apply(Batch batch, Done<LocalRevision> done) override;
  void EnqueueSend(NewMessage message, Done<Message> done) override;
  void MarkRead(ReadMark mark, Done<Conversation> done) override;
  void RecordOpen(ConversationId conversation, WallTime at, Done<LocalRevision> done) override;

 private:
  struct Parts;
  explicit SqlcipherStore(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SQLCIPHER_STORE_H_
