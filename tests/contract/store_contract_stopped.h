// The fixture of store_contract_stopped.cc.

#ifndef HARK_TESTS_CONTRACT_STORE_CONTRACT_STOPPED_H_
#define HARK_TESTS_CONTRACT_STORE_CONTRACT_STOPPED_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "tests/contract/store_contract.h"

namespace hark::store {

inline Message WithContent(Message message, const std::string& content, std::uint64_t revision) {
  message.content = content;
  message.revision = revision;
  return message;
}

// A message A/1 of revision 1, and an edit of it that left and was not answered.
class StoppedEdit : public StoreContract {
 protected:
  void SetUp() override {
    Do(HistoryOf("A", 1, 1));
    first_ = Edit("first");
    Do(MarkSending{{first_}});
    Do(ConnectionLost{});
  }

  std::uint64_t Edit(const std::string& content) {
    clock().now += std::chrono::hours(1);
    EXPECT_TRUE(Act("A", IdOf("A", 1), EditMessage{content}));
    return ChangeOf(IdOf("A", 1)).position;
  }
  Result<Message> ActOnIt(
      std::variant<EditMessage, DeleteMessage, RetryMessage, SkipMessage, CancelMessage> what) {
    return Act("A", IdOf("A", 1), std::move(what));
  }
  void Hear(const std::string& content, std::uint64_t revision) {
    Do(ApplyMessage{WithContent(BackendMessage("A", 1), content, revision)});
  }
  Message Shown() { return Page("A").messages.at(0); }
  std::string OutgoingOf(std::size_t place) {
    return reader().ReadOutgoing(Outbox().at(place).position)->message.content;
  }

  std::uint64_t first_ = 0;
};

}  // namespace hark::store

#endif  // HARK_TESTS_CONTRACT_STORE_CONTRACT_STOPPED_H_
