// What every Reader and Writer of a store must do, sentence by sentence of daemon/store/reader.h
// and writer.h. An implementation is plugged in with INSTANTIATE_TEST_SUITE_P(Name, StoreContract,
// testing::Values(factory)).

#ifndef HARK_TESTS_CONTRACT_STORE_CONTRACT_H_
#define HARK_TESTS_CONTRACT_STORE_CONTRACT_H_

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/clock.h"
#include "daemon/model/commit.h"
#include "daemon/store/reader.h"
#include "daemon/store/retention.h"
#include "daemon/store/user_state.h"
#include "daemon/store/writer.h"

namespace hark::store {

// Time that moves only when a test says so.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override { return Instant(Duration(0)); }
  [[nodiscard]] WallTime WallNow() const override { return now; }

  WallTime now{std::chrono::hours(24 * 365 * 50)};
};

// One store with its surroundings, made by a factory.
class StoreUnderTest {
 public:
  using OnCommit = std::function<void(std::shared_ptr<const Commit>)>;

  virtual ~StoreUnderTest() = default;
  [[nodiscard]] virtual Reader& reader() = 0;
  [[nodiscard]] virtual Writer& writer() = 0;
  [[nodiscard]] virtual RetentionStore& retention() = 0;
  [[nodiscard]] virtual UserStateStore& user_state() = 0;
  // Closes the store and opens what is on the disk.
  virtual void Reopen() = 0;
  // Ends it, as when the daemon stops; reader() and writer() stay valid.
  virtual void Close() = 0;
};

using StoreFactory =
    std::function<std::unique_ptr<StoreUnderTest>(const Clock&, StoreUnderTest::OnCommit)>;

class StoreContract : public testing::TestWithParam<StoreFactory> {
 protected:
  StoreContract();
  ~StoreContract() override;

  [[nodiscard]] Reader& reader() { return store_->reader(); }
  [[nodiscard]] Writer& writer() { return store_->writer(); }
  [[nodiscard]] StoreUnderTest& store() { return *store_; }
  [[nodiscard]] ManualClock& clock() { return clock_; }

  // ---- The Writer's calls, waited for ----
  Result<LocalRevision> Apply(std::vector<Operation> operations, std::uint64_t series = 0);
  // One operation that must succeed.
  void Do(Operation operation);
  Result<Message> Send(Message message);
  // With a connection there.
  Result<Message> SendSoon(Message message);
  Result<Conversation> MarkRead(const std::string& conversation,
                                std::optional<std::string> up_to = std::nullopt);
  Result<Message> Act(
      const std::string& conversation, const std::string& message,
      std::variant<EditMessage, DeleteMessage, RetryMessage, SkipMessage, CancelMessage> what);
  Result<LocalRevision> Open(const std::string& conversation, WallTime at);

  // ---- Retention ----
  RetentionPlan PlanRetention(RetentionPolicy policy);
  // The whole plan, slice by slice; what went.
  std::uint64_t Evict(std::vector<Eviction> evictions);
  Result<LocalRevision> SetRetention(const std::string& conversation,
                                     std::optional<std::uint32_t> days);

  // ---- Drafts and view states ----
  void SaveDraft(const std::string& conversation, std::string text, std::uint64_t version);
  void SaveView(ViewState state);
  std::map<std::string, Draft> Drafts();

  // ---- The Reader's calls, which must succeed ----
  MessagePage Page(const std::string& conversation,
                   std::optional<std::string> before = std::nullopt, std::uint32_t limit = 50);
  std::vector<std::string> PageIds(const std::string& conversation,
                                   std::optional<std::string> before = std::nullopt,
                                   std::uint32_t limit = 50);
  MessagePage PageAfter(const std::string& conversation, const std::string& anchor,
                        std::uint32_t limit = 50);
  MessagePage PageAround(const std::string& conversation, const std::string& anchor,
                         std::uint32_t limit = 50);
  Conversation Get(const std::string& conversation);
  std::vector<std::string> ListIds();
  FetchPlan Plan(std::vector<std::string> active = {}, std::uint32_t limit = 100);
  std::vector<OutboxEntry> Outbox();
  // Of the outbox, in its order.
  std::vector<Delivery> Deliveries();
  // Of the send of UserMessage(…, number); 0 for none.
  std::uint64_t PositionOf(int number);
  // The last edit or deletion of a message in the outbox; position 0 for none.
  OutboxEntry ChangeOf(const std::string& message);

  // Every commit announced so far, and then forgotten.
  std::vector<std::shared_ptr<const Commit>> TakeCommits();

 private:
  ManualClock clock_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const Commit>> commits_;
  std::unique_ptr<StoreUnderTest> store_;
};

// ---- Values ----

// A message of the backend: id "C/7" for sequence 7 of conversation "C", written `sequence` minutes
// after the epoch of the tests, by the assistant if the sequence is even.
[[nodiscard]] Message BackendMessage(const std::string& conversation, Sequence sequence,
                                     std::uint64_t revision = 1);
[[nodiscard]] std::string IdOf(const std::string& conversation, Sequence sequence);
[[nodiscard]] WallTime TimeOf(Sequence sequence);
[[nodiscard]] Message Tombstone(Message message);

// The summary of a conversation that has exactly BackendMessage 1 to `last`.
[[nodiscard]] ConversationSummary Summary(const std::string& conversation, Sequence last,
                                          Sequence read = 0);
[[nodiscard]] ApplySummary SummaryOf(const std::string& conversation, Sequence last,
                                     GapReason reason = GapReason::kNotFetched, Sequence read = 0);
// The backend's answer with the messages [from, to], for a request of just these.
[[nodiscard]] ApplyHistory HistoryOf(const std::string& conversation, Sequence from, Sequence to);

// A message of the user, with a canonical UUID made of `number`.
[[nodiscard]] Message UserMessage(const std::string& conversation, int number,
                                  const std::string& content);
[[nodiscard]] std::string UuidOf(int number);

}  // namespace hark::store

#endif  // HARK_TESTS_CONTRACT_STORE_CONTRACT_H_
