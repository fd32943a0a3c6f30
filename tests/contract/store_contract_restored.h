// The fixture of store_contract_restored.cc.

#ifndef HARK_TESTS_CONTRACT_STORE_CONTRACT_RESTORED_H_
#define HARK_TESTS_CONTRACT_STORE_CONTRACT_RESTORED_H_

#include <string>
#include <utility>

#include "tests/contract/store_contract.h"

namespace hark::store {

// The backend had A/1 to A/10, all of them are here and read, and then was restored from a copy.
class RestoredBackend : public StoreContract {
 protected:
  void SetUp() override {
    Do(HistoryOf("A", 1, 10));
    ASSERT_TRUE(MarkRead("A"));
  }

  // It has heard of the marker.
  void Acknowledge() { Do(AcknowledgeRead{ConversationId("A"), 10}); }

  // The list says that A ends at `last`.
  void List(Sequence last, Sequence read) {
    Do(BeginReconcile{});
    Do(SummaryOf("A", last, GapReason::kNotFetched, read));
  }

  // The answer to a comparison up to `end`, which is of an assistant and has another id now.
  void Compare(Sequence end) {
    ApplyHistory page = HistoryOf("A", 1, end);
    page.messages.back() = Anew(end);
    page.asked_from = 1;
    page.asked_to = end;
    Do(std::move(page));
  }

  // An assistant writes; the backend counts one unread message.
  void Write(Sequence sequence, Sequence read) {
    Do(ApplyMessage{Anew(sequence)});
    Tell(sequence, read, 1);
  }

  void Tell(Sequence last, Sequence read, std::uint64_t unread) {
    ConversationSummary summary = Summary("A", last, read);
    summary.unread_count = unread;
    Do(ApplySummary{summary, GapReason::kLimited});
  }

 private:
  static Message Anew(Sequence sequence) {
    Message message = BackendMessage("A", sequence);
    message.id = MessageId("anew" + std::to_string(sequence));
    message.role = Role::kAssistant;
    return message;
  }
};

}  // namespace hark::store

#endif  // HARK_TESTS_CONTRACT_STORE_CONTRACT_RESTORED_H_
