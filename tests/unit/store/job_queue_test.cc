#include "daemon/store/job_queue.h"

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::store {
namespace {

enum class Kind { kSend, kCall, kBatch, kChange, kHistory, kSlice };

class NamedJob final : public Job {
 public:
  NamedJob(std::string name, Kind kind, std::size_t weight = 1)
      : name(std::move(name)), kind_(kind), weight_(weight) {}
  Result<void> Run(JobContext& /*context*/) override { return {}; }
  void Answer(Result<LocalRevision> /*result*/) override {}
  [[nodiscard]] bool IsOfASeries() const override {
    return kind_ == Kind::kBatch || kind_ == Kind::kChange || kind_ == Kind::kHistory;
  }
  [[nodiscard]] Order order() const override {
    if (kind_ == Kind::kHistory) return Order::kMayWait;
    return kind_ == Kind::kBatch ? Order::kInPlace : Job::order();
  }
  [[nodiscard]] bool IsSlice() const override { return kind_ == Kind::kSlice; }
  [[nodiscard]] bool AnswersFirst() const override { return kind_ == Kind::kSend; }
  [[nodiscard]] std::size_t Weight() const override { return weight_; }

  const std::string name;

 private:
  const Kind kind_;
  const std::size_t weight_;
};

class JobQueueTest : public testing::Test {
 protected:
  bool Add(std::string name, Kind kind, std::size_t weight = 1) {
    std::unique_ptr<Job> job = std::make_unique<NamedJob>(std::move(name), kind, weight);
    queue_.Add(job, now_);
    return job == nullptr;
  }
  void Send(std::string name) { Add(std::move(name), Kind::kSend); }
  void Call(std::string name) { Add(std::move(name), Kind::kCall); }
  void Batch(std::string name) { Add(std::move(name), Kind::kBatch); }
  void Change(std::string name) { Add(std::move(name), Kind::kChange); }
  void History(std::string name) { Add(std::move(name), Kind::kHistory); }

  // The names of the next group.
  std::string Take() {
    taken_ = queue_.Take();
    std::string names;
    for (const auto& job : taken_)
      names += (names.empty() ? "" : " ") + dynamic_cast<const NamedJob&>(*job).name;
    return names;
  }
  // Of the group that was taken last: it ends before its second job if so many bytes are done.
  bool EndsEarly(std::size_t bytes = kEnough) {
    const bool ends = queue_.SomeGoBefore(*taken_.at(1), bytes);
    if (ends) queue_.PutBack(std::span(taken_).subspan(1));
    return ends;
  }
  static constexpr std::size_t kEnough = std::size_t{1024} * 1024;

  // Two sends that are done, the second one just now.
  void BeginBurst() {
    Send("s");
    Take();
    Pass(std::chrono::milliseconds{1});
    Send("s");
    Take();
  }

  [[nodiscard]] bool IsHeld() const { return queue_.HeldUntil() > now_; }
  void Pass(std::chrono::steady_clock::duration time) { now_ += time; }

  JobQueue::Time now_{std::chrono::hours{1}};
  JobQueue queue_;
  std::vector<std::unique_ptr<Job>> taken_;
};

TEST_F(JobQueueTest, WhatWaitsIsAGroupInOrder) {
  Batch("b1");
  Call("c1");
  Batch("b2");
  EXPECT_EQ(Take(), "b1 c1 b2");
  EXPECT_EQ(Take(), "");
  EXPECT_TRUE(queue_.empty());
}

TEST_F(JobQueueTest, GroupEndsWhereItsContentWouldBeTooLarge) {
  constexpr std::size_t kLarge = 3 * 1024 * 1024;
  Add("b1", Kind::kBatch, kLarge);
  Add("b2", Kind::kBatch, kLarge);
  EXPECT_EQ(Take(), "b1");
  EXPECT_EQ(Take(), "b2");
}

TEST_F(JobQueueTest, SendGoesBeforeBatches) {
  Batch("b1");
  Batch("b2");
  Send("s1");
  Batch("b3");
  EXPECT_EQ(Take(), "s1");
  EXPECT_EQ(Take(), "b1 b2 b3");
}

TEST_F(JobQueueTest, NoCallIsOvertaken) {
  Batch("b1");
  Call("c1");
  Send("s1");
  Batch("b2");
  Call("c2");
  EXPECT_EQ(Take(), "c1 s1");
  EXPECT_EQ(Take(), "b1 b2 c2");
}

TEST_F(JobQueueTest, SendsDoNotGoBeforeTheSameBatchForEver) {
  Batch("b");
  for (std::size_t i = 0; i < JobQueue::kAhead; ++i) {
    Send("s");
    ASSERT_EQ(Take(), "s") << i;
  }
  Send("last");
  EXPECT_EQ(Take(), "b last");
  Batch("b");
  Send("s");
  EXPECT_EQ(Take(), "s") << "the next batches wait anew";
}

TEST_F(JobQueueTest, WhatMayWaitLetsPassWhatMayGoAhead) {
  History("h1");
  History("h2");
  Change("c1");
  Call("call");
  History("h3");
  Change("c2");
  EXPECT_EQ(Take(), "c1 call c2");
  EXPECT_EQ(Take(), "h1 h2 h3");
}

TEST_F(JobQueueTest, NothingGoesAheadOfABatchThatHasItsPlace) {
  History("h1");
  Change("c1");
  Batch("b");
  Change("c2");
  EXPECT_EQ(Take(), "c1");
  EXPECT_EQ(Take(), "h1 b c2");
  Batch("b");
  History("h2");
  Change("c3");
  EXPECT_EQ(Take(), "b c3") << "nothing waits before it";
  EXPECT_EQ(Take(), "h2");
}

TEST_F(JobQueueTest, NothingGoesAheadOfASlice) {
  History("h");
  Add("slice", Kind::kSlice);
  Call("call");
  EXPECT_EQ(Take(), "h slice call");
}

TEST_F(JobQueueTest, SendsGoBeforeWhatMayGoAhead) {
  History("h");
  Change("c");
  Send("s");
  EXPECT_EQ(Take(), "s");
  EXPECT_EQ(Take(), "c");
  EXPECT_EQ(Take(), "h");
}

TEST_F(JobQueueTest, WhatMayWaitDoesNotWaitForEver) {
  History("h");
  for (std::size_t i = 0; i < JobQueue::kAhead; ++i) {
    Change("c");
    ASSERT_EQ(Take(), "c") << i;
  }
  Change("last");
  EXPECT_EQ(Take(), "h last");
}

TEST_F(JobQueueTest, GroupThatMayWaitEndsForWhatMayGoAhead) {
  for (const Kind kind : {Kind::kChange, Kind::kCall, Kind::kSend}) {
    History("h1");
    History("h2");
    History("h3");
    ASSERT_EQ(Take(), "h1 h2 h3");
    EXPECT_FALSE(EndsEarly()) << "nobody came";
    History("h4");
    EXPECT_FALSE(EndsEarly()) << "nobody who may go ahead";
    Add("x", kind);
    EXPECT_FALSE(EndsEarly(1)) << "it has just begun";
    EXPECT_TRUE(EndsEarly());
    EXPECT_EQ(Take(), "x");
    EXPECT_EQ(Take(), "h2 h3 h4");
  }
}

TEST_F(JobQueueTest, GroupDoesNotEndForWhatHasItsPlace) {
  History("h1");
  History("h2");
  ASSERT_EQ(Take(), "h1 h2");
  Batch("b");
  Change("c");
  EXPECT_FALSE(EndsEarly());
  EXPECT_EQ(Take(), "b c");
}

TEST_F(JobQueueTest, GroupEndsForASendBehindWhatHasItsPlace) {
  History("h1");
  History("h2");
  ASSERT_EQ(Take(), "h1 h2");
  Batch("b");
  Send("s");
  EXPECT_TRUE(EndsEarly());
  EXPECT_EQ(Take(), "s");
  EXPECT_EQ(Take(), "h2 b");
}

TEST_F(JobQueueTest, GroupThatDoesNotWaitDoesNotEndEarly) {
  Change("c1");
  Change("c2");
  ASSERT_EQ(Take(), "c1 c2");
  Send("s");
  EXPECT_FALSE(EndsEarly());
}

TEST_F(JobQueueTest, WhatIsPutBackIsCountedAgain) {
  History("h1");
  History("h2");
  ASSERT_EQ(Take(), "h1 h2");
  Change("c");
  ASSERT_TRUE(EndsEarly());
  for (std::size_t i = 1; i < JobQueue::kAhead; ++i) {
    ASSERT_EQ(Take(), "c") << i;
    Change("c");
  }
  ASSERT_EQ(Take(), "c");
  Send("s");
  EXPECT_EQ(Take(), "h2 s") << "it does not wait for ever";
  EXPECT_TRUE(queue_.empty());
}

TEST_F(JobQueueTest, BatchesWaitForTheNextSendOfABurst) {
  BeginBurst();
  Batch("b1");
  EXPECT_TRUE(IsHeld());
  EXPECT_EQ(queue_.HeldUntil(), now_ + JobQueue::kBurst);
  Pass(JobQueue::kBurst);
  EXPECT_FALSE(IsHeld());
}

TEST_F(JobQueueTest, BatchesDoNotWaitForASingleSend) {
  Send("s1");
  Take();
  Batch("b1");
  EXPECT_FALSE(IsHeld());
  Take();
  Pass(JobQueue::kBurst + std::chrono::milliseconds{1});
  Send("s2");
  Take();
  Batch("b2");
  EXPECT_FALSE(IsHeld());
}

TEST_F(JobQueueTest, WhatIsNoBatchIsNotHeld) {
  BeginBurst();
  Batch("b1");
  Call("c1");
  EXPECT_FALSE(IsHeld());
  EXPECT_EQ(Take(), "b1 c1");
}

TEST_F(JobQueueTest, BatchesThatManySendsWentBeforeAreNotHeld) {
  BeginBurst();
  Batch("b");
  for (std::size_t i = 0; i < JobQueue::kAhead; ++i) {
    ASSERT_TRUE(IsHeld()) << i;
    Pass(std::chrono::milliseconds{1});
    Send("s");
    ASSERT_EQ(Take(), "s") << i;
  }
  EXPECT_FALSE(IsHeld());
  EXPECT_EQ(Take(), "b");
}

TEST_F(JobQueueTest, SyncIsNotHeld) {
  BeginBurst();
  for (std::size_t i = 0; i < JobQueue::kHeld; ++i) Batch("b");
  EXPECT_TRUE(IsHeld());
  Batch("b");
  EXPECT_FALSE(IsHeld());
}

TEST_F(JobQueueTest, BatchesHavePlacesOfTheirOwn) {
  for (std::size_t i = limits::kWriterReserve; i < limits::kWriterQueue; ++i)
    ASSERT_TRUE(Add("c", Kind::kCall));
  EXPECT_FALSE(Add("c", Kind::kCall));
  EXPECT_FALSE(Add("s", Kind::kSend));
  for (std::size_t i = 0; i < limits::kWriterReserve; ++i) ASSERT_TRUE(Add("b", Kind::kBatch));
  EXPECT_FALSE(Add("b", Kind::kBatch));
}

}  // namespace
}  // namespace hark::store
