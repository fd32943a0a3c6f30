// A backend of one conversation, as docs/sync-protocol.md describes it, for tests of the machine.

#ifndef HARK_TESTS_UNIT_SYNC_MODEL_BACKEND_H_
#define HARK_TESTS_UNIT_SYNC_MODEL_BACKEND_H_

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/transport/frames.h"

namespace hark::sync {

class ModelBackend {
 public:
  struct Stored {
    Message message;
    std::string first_content;
  };

  // A new session that resumes at `position` of the log; what was on the way of the last one is
  // lost.
  void Open(std::uint64_t position) {
    uplink_.clear();
    answers_.clear();
    told_ = position;
  }
  void Send(transport::ClientFrame frame) { uplink_.push_back(std::move(frame)); }

  // Does what the oldest request asks for. False: there is none.
  bool Work() {
    if (uplink_.empty()) return false;
    transport::ClientFrame frame = std::move(uplink_.front());
    uplink_.pop_front();
    std::visit([this](auto& request) { Do(request); }, frame);
    return true;
  }

  std::optional<transport::ServerFrame> NextAnswer() {
    if (answers_.empty()) return std::nullopt;
    transport::ServerFrame answer = std::move(answers_.front());
    answers_.pop_front();
    return answer;
  }

  std::optional<transport::ServerFrame> NextChange() {
    if (told_ >= log_.size()) return std::nullopt;
    transport::Changes changes;
    changes.from = {"e1", told_};
    changes.changes.emplace_back(messages_.at(log_[told_]).message);
    changes.to = {"e1", ++told_};
    return changes;
  }

  [[nodiscard]] std::uint64_t head() const { return log_.size(); }
  [[nodiscard]] const std::map<MessageId, Stored>& messages() const { return messages_; }
  [[nodiscard]] bool had_conflicting_append() const { return conflicting_append_; }

 private:
  void Acknowledge(transport::RequestId request, const Message& message, std::uint64_t revision) {
    answers_.emplace_back(transport::Ack{request, message.id, "", message.sequence, revision});
  }
  void Refuse(transport::RequestId request, transport::RefusedCode code) {
    transport::Refused refused;
    refused.request = request;
    refused.code = code;
    answers_.emplace_back(std::move(refused));
  }
  void Log(Message& message) { log_.push_back(message.id); }

  void Do(transport::Append& append) {
    const auto known = messages_.find(append.message.id);
    if (known != messages_.end()) {
      if (known->second.first_content == append.message.content) {
        Acknowledge(append.request, known->second.message, 1);
      } else {
        conflicting_append_ = true;
        Refuse(append.request, transport::RefusedCode::kConflict);
      }
      return;
    }
    Message message = append.message;
    message.sequence = messages_.size() + 1;
    message.revision = 1;
    message.delivery = Delivery::kSent;
    Stored& stored = messages_[message.id] = Stored{message, message.content};
    Log(stored.message);
    Acknowledge(append.request, stored.message, 1);
  }

  void Do(transport::Edit& edit) {
    const auto known = messages_.find(edit.message);
    if (known == messages_.end()) {
      Refuse(edit.request, transport::RefusedCode::kNotFound);
      return;
    }
    Message& message = known->second.message;
    const bool repeated =
        message.revision == edit.base_revision + 1 && message.content == edit.content;
    if (message.deleted || (message.revision != edit.base_revision && !repeated)) {
      Refuse(edit.request, transport::RefusedCode::kConflict);
      return;
    }
    if (!repeated) {
      message.content = edit.content;
      ++message.revision;
      Log(message);
    }
    Acknowledge(edit.request, message, message.revision);
  }

  void Do(transport::Delete& remove) {
    const auto known = messages_.find(remove.message);
    if (known == messages_.end()) {
      Refuse(remove.request, transport::RefusedCode::kNotFound);
      return;
    }
    Message& message = known->second.message;
    if (!message.deleted) {
      message.deleted = true;
      message.content.clear();
      ++message.revision;
      Log(message);
    }
    Acknowledge(remove.request, message, message.revision);
  }

  template <typename Other>
  void Do(Other&) {}  // Subscribe, Ping and the like ask for nothing that matters here.

  std::deque<transport::ClientFrame> uplink_;
  std::deque<transport::ServerFrame> answers_;
  std::map<MessageId, Stored> messages_;
  std::vector<MessageId> log_;
  std::uint64_t told_ = 0;
  bool conflicting_append_ = false;
};

}  // namespace hark::sync

#endif  // HARK_TESTS_UNIT_SYNC_MODEL_BACKEND_H_
