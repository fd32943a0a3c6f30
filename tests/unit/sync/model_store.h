// The rules of the store's outbox (store/writer.h), in memory, of one conversation, for tests of
// the machine. Made for being obviously right, not for speed.

#ifndef HARK_TESTS_UNIT_SYNC_MODEL_STORE_H_
#define HARK_TESTS_UNIT_SYNC_MODEL_STORE_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/model/message_action.h"
#include "daemon/store/reader.h"
#include "daemon/store/writer.h"
#include "daemon/sync/machine_io.h"

namespace hark::sync {

class ModelStore {
 public:
  // Each of these is one commit; what it made of the outbox is taken with TakeDelta().
  void EnqueueSend(const MessageId& id, std::string content);
  // False: the action does not fit the state.
  bool Act(const MessageId& id, const EditMessage& edit);
  bool Act(const MessageId& id, const DeleteMessage&);
  bool Act(const MessageId& id, const RetryMessage&);
  // Skipping is about what failed, and nothing does here.
  bool Act(const MessageId&, const SkipMessage&) { return true; }
  bool Act(const MessageId& id, const CancelMessage&);
  void Apply(const store::Batch& batch);

  // When what follows is submitted.
  void SetTime(WallTime now) { now_ = now; }

  // Absent: the last commit did not touch the outbox.
  std::optional<OutboxChanged> TakeDelta();

  [[nodiscard]] store::OutboxState ReadOutbox() const;
  [[nodiscard]] std::optional<store::OutgoingEntry> ReadOutgoing(std::uint64_t position) const;
  [[nodiscard]] const std::optional<SyncCursor>& cursor() const { return cursor_; }

  // The message as it is shown; absent: it is not.
  [[nodiscard]] std::optional<Message> Show(const MessageId& id) const;

 private:
  enum class Way : std::uint8_t { kNone, kLeaving, kSending };  // On the present connection.
  struct Entry {
    OutboxEntry entry;  // `delivery` as in its row: kQueued, kFailed or kExpired.
    std::string content;
    bool attempted = false;  // It may have left.
    Way way = Way::kNone;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  using Entries = std::map<std::uint64_t, Entry>;

  [[nodiscard]] Entry* FindSend(const MessageId& id);
  [[nodiscard]] std::vector<std::uint64_t> ChangesOf(const MessageId& id) const;
  [[nodiscard]] static OutboxEntry Shown(const Entry& entry);
  Entry& Add(OutboxKind kind, const MessageId& id, std::string content, std::uint64_t base);
  // Changes that have not left or were given up, from the last one back.
  void DropWhatIsStillHere(const MessageId& id);
  bool AskAgain(const MessageId& id);
  void Requeue(Entry& entry);
  void RequeueSend(const MessageId& id);
  static void Fail(Entry& entry);
  void Withdraw(const MessageId& id);
  void SetBases(const MessageId& id, std::uint64_t revision, bool only_unset);

  void Do(const store::ApplyMessage& apply);
  void Do(const store::AcknowledgeSend& sent);
  void Do(const store::AcknowledgeChange& changed);
  void Do(const store::NothingToDelete& nothing) { entries_.erase(nothing.position); }
  void Do(const store::MarkSending& marks);
  void Do(const store::ConnectionLost&);
  void Do(const store::RequeueEntry& requeue);
  void Do(const store::FailEntry& failed);
  void Do(const store::ExpireEntries& expired);
  void Do(const store::SetCursor& set) { cursor_ = set.cursor; }
  template <typename Other>
  void Do(const Other&) {}

  Entries entries_;
  Entries shown_entries_;  // As of the last TakeDelta().
  std::map<MessageId, Message> cache_;
  std::set<MessageId> cancelled_;
  std::uint64_t last_position_ = 0;
  WallTime now_{};
  LocalRevision revision_ = 0;
  std::optional<SyncCursor> cursor_ = SyncCursor{"e1", 0};
};

}  // namespace hark::sync

#endif  // HARK_TESTS_UNIT_SYNC_MODEL_STORE_H_
