// Groups that end early for somebody who came while they were under way.

#include "daemon/store/writer_thread.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/store/apply_operation.h"
#include "daemon/store/job_context.h"
#include "daemon/store/opening.h"
#include "daemon/store/store_parts.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

using testing::ElementsAre;

constexpr std::size_t kKiB = 1024;

// Stores one message of so many bytes, and tells when it is done and answered.
class TestJob final : public Job {
 public:
  using Step = std::function<void(const std::string& step)>;

  TestJob(std::string name, Order order, std::size_t bytes, Step step)
      : name_(std::move(name)), order_(order), bytes_(bytes), step_(std::move(step)) {}

  Result<void> Run(JobContext& context) override {
    Message message = TestMessage("A", ++newest_, std::string(bytes_, 'x'));
    auto applied =
        ApplyOperation(context, std::make_shared<Operation>(ApplyMessage{std::move(message)}));
    step_(name_);
    return applied;
  }
  void Answer(Result<LocalRevision> result) override {
    step_(name_ + (result ? " in " + std::to_string(*result & 0xff) : " failed"));
  }
  [[nodiscard]] bool SharesFate() const override { return true; }
  [[nodiscard]] bool IsOfASeries() const override { return order_ != Order::kMayGoAhead; }
  [[nodiscard]] Order order() const override { return order_; }
  [[nodiscard]] std::size_t Weight() const override { return bytes_; }

 private:
  static inline Sequence newest_ = 0;

  const std::string name_;
  const Order order_;
  const std::size_t bytes_;
  const Step step_;
};

class WriterThreadTest : public StoreFixture {
 protected:
  void SetUp() override {
    ASSERT_TRUE(OpenFiles(parts_));
    thread_ = std::make_unique<WriterThread>(*parts_.writer, true);
  }

  // With `calls`: while it runs, a call of a UI comes.
  void Submit(const std::string& name, Order order, std::size_t bytes, bool calls = false) {
    thread_->Submit(
        std::make_unique<TestJob>(name, order, bytes, [this, calls, name](const std::string& step) {
          steps_.push_back(step);
          longest_log_[step] = std::max<std::size_t>(longest_log_[step], parts_.position.log_bytes);
          if (calls && step == name) Submit("call", Order::kMayGoAhead, 1);
        }));
  }
  // The steps of what waits and of what comes meanwhile.
  std::vector<std::string> Run() {
    thread_->RunWaiting();
    return std::exchange(steps_, {});
  }
  // How long the log was at most when one of those was done.
  [[nodiscard]] std::size_t LongestLogAt(const std::string& step) { return longest_log_[step]; }

 private:
  StoreParts parts_{Options(folder())};
  std::vector<std::string> steps_;
  std::map<std::string, std::size_t> longest_log_;
  std::unique_ptr<WriterThread> thread_;
};

TEST_F(WriterThreadTest, GroupThatMayWaitEndsForWhoeverComes) {
  Submit("page 1", Order::kMayWait, 200 * kKiB, true);
  Submit("page 2", Order::kMayWait, 200 * kKiB);
  Submit("page 3", Order::kMayWait, 200 * kKiB);
  EXPECT_THAT(Run(), ElementsAre("page 1", "page 1 in 1", "call", "call in 2", "page 2", "page 3",
                                 "page 2 in 3", "page 3 in 3"));
}

TEST_F(WriterThreadTest, GroupThatMayWaitDoesNotEndAfterALittle) {
  Submit("page 1", Order::kMayWait, 4 * kKiB, true);
  Submit("page 2", Order::kMayWait, 200 * kKiB);
  Submit("page 3", Order::kMayWait, 4 * kKiB);
  EXPECT_THAT(Run(), ElementsAre("page 1", "page 2", "page 1 in 1", "page 2 in 1", "call",
                                 "call in 2", "page 3", "page 3 in 3"));
}

TEST_F(WriterThreadTest, OtherGroupsDoNotEndEarly) {
  for (const Order order : {Order::kInPlace, Order::kMayGoAhead}) {
    Submit("first", order, 200 * kKiB, true);
    Submit("second", order, 200 * kKiB);
    const auto steps = Run();
    EXPECT_EQ(std::vector(steps.begin(), steps.begin() + 2),
              (std::vector<std::string>{"first", "second"}));
  }
}

TEST_F(WriterThreadTest, GroupWithWhatHasItsPlaceDoesNotEndEarly) {
  Submit("page 1", Order::kMayWait, 200 * kKiB, true);
  Submit("page 2", Order::kMayWait, 200 * kKiB);
  Submit("batch", Order::kInPlace, 1);
  EXPECT_EQ(Run().at(1), "page 2") << "the call would not come before the batch";
}

TEST_F(WriterThreadTest, WhoeverAGroupEndedForDoesNotWaitForACheckpoint) {
  constexpr std::size_t kLong = limits::kWalBytes / 2;
  for (int page = 0; page < 100; ++page) Submit("page", Order::kMayWait, 400 * kKiB, true);
  Run();
  EXPECT_GE(LongestLogAt("call"), kLong);
  EXPECT_LT(LongestLogAt("page"), kLong) << "what may wait waits for it";
}

}  // namespace
}  // namespace hark::store
