// A backend in memory that keeps to docs/sync-protocol.md: what the cache has to equal in the end.
// Values in, values out; sessions and their faults are in model_session.h.

#ifndef HARK_TESTS_SIM_MODEL_BACKEND_H_
#define HARK_TESTS_SIM_MODEL_BACKEND_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/transport/frames.h"

namespace hark::sim {

struct ModelConversation {
  ConversationId id;
  std::string title;
  std::vector<Message> messages;  // By sequence, from 1.
  Sequence dropped = 0;           // Messages up to here are no longer there: its own retention.
  Sequence read_sequence = 0;
  WallTime created_at{};
};

class ModelBackend {
 public:
  explicit ModelBackend(const Clock& clock) : clock_(clock) {}

  // ---- What others do ----
  void Create(const ConversationId& id);
  // By the assistant, or by another device of the user.
  MessageId Post(const ConversationId& id, Role role, std::string content);
  // False: there is no such message, or it is deleted.
  bool EditElsewhere(const MessageId& id, std::string content);
  bool DeleteElsewhere(const MessageId& id);
  void ReadElsewhere(const ConversationId& id, Sequence up_to);

  // ---- What happens to it ----
  // Positions up to the head are dropped from the log.
  void TruncateLog() { log_floor_ = log_.size(); }
  // The same data under another log.
  void ChangeEpoch();
  // The oldest messages of a conversation are dropped; the log does not tell.
  void DropOldest(const ConversationId& id, Sequence up_to);
  // Goes back to a copy, in another epoch. Answers the ids that are lost.
  std::set<MessageId> RestoreFrom(const ModelBackend& copy);

  // ---- The protocol ----
  using Answer = std::variant<transport::Ack, transport::Refused>;
  [[nodiscard]] transport::Welcome Greet(const transport::Hello& hello) const;
  [[nodiscard]] transport::ConversationPage List(const transport::ListConversations& ask) const;
  [[nodiscard]] std::variant<transport::History, transport::Refused> Read(
      const transport::GetHistory& ask, std::uint32_t most) const;
  // The first pages of the asked ones, each as Read() gives it; never empty.
  [[nodiscard]] std::variant<transport::Histories, transport::Refused> ReadMany(
      const transport::GetHistories& ask, std::size_t pages, std::uint32_t most) const;
  Answer Append(const transport::Append& request);
  Answer Edit(const transport::Edit& request);
  Answer Delete(const transport::Delete& request);
  Answer MarkRead(const transport::MarkRead& request);
  // The stretch of the log after `from`, at most `most` entries; bodies for `subscribed`.
  [[nodiscard]] transport::Changes Stretch(const SyncCursor& from, std::size_t most,
                                           const std::set<ConversationId>& subscribed) const;

  [[nodiscard]] SyncCursor head() const { return {epoch_, log_.size()}; }
  [[nodiscard]] const std::map<ConversationId, ModelConversation>& conversations() const {
    return conversations_;
  }
  [[nodiscard]] const Message* Find(const MessageId& id) const;
  // It was there, and its own retention removed it.
  [[nodiscard]] bool Dropped(const MessageId& id) const;
  // Every content that the message has ever had.
  [[nodiscard]] bool EverSaid(const MessageId& id, const std::string& content) const;
  [[nodiscard]] ConversationSummary Summarise(const ModelConversation& conversation) const;

  // Contents that begin so are refused for good.
  static constexpr char kRefused[] = "refuse";
  bool refuses = true;
  // Whether it answers several pages at once; a backend may change that with a restart.
  bool batches = true;

 private:
  struct LogEntry {
    ConversationId conversation;
    Sequence sequence = 0;  // 0: only the summary.
    bool appended = false;
  };
  [[nodiscard]] Message* FindToChange(const MessageId& id);
  void Log(const ConversationId& id, Sequence sequence, bool appended);
  void Change(Message& message, std::string content, bool deleted);

  const Clock& clock_;
  std::string epoch_ = "epoch-1";
  std::uint64_t epochs_ = 1;
  std::uint64_t log_floor_ = 0;
  std::vector<LogEntry> log_;
  std::map<ConversationId, ModelConversation> conversations_;
  std::map<MessageId, std::pair<ConversationId, Sequence>> places_;
  std::map<MessageId, std::string> first_contents_;  // Of appends, for repetitions.
  std::map<MessageId, std::vector<std::string>> said_;
  std::uint64_t posted_ = 0;
};

}  // namespace hark::sim

#endif  // HARK_TESTS_SIM_MODEL_BACKEND_H_
