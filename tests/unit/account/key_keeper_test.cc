#include "daemon/account/key_keeper.h"

#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "tests/support/fake_time.h"
#include "tests/support/scratch_folder.h"

namespace hark::account {
namespace {

class KeyKeeperTest : public ::testing::Test {
 protected:
  KeyKeeperTest() : vault_(Options()) {
    auto alarm = std::make_unique<test::FakeAlarm>(time_);
    alarm_ = alarm.get();
    keeper_ = std::make_unique<KeyKeeper>(vault_, vault_thread_.get_executor(), io_.get_executor(),
                                          time_, std::move(alarm));
  }

  keys::VaultOptions Options() {
    keys::VaultOptions options;
    options.data_dir = folder_.path();
    options.clock = &time_;
    return options;
  }

  [[nodiscard]] std::chrono::milliseconds Due() const { return *alarm_->at() - time_.Now(); }

  test::ScratchFolder folder_;
  test::FakeTime time_;
  keys::Vault vault_;
  asio::io_context vault_thread_;
  asio::io_context io_;
  test::FakeAlarm* alarm_ = nullptr;
  std::unique_ptr<KeyKeeper> keeper_;
};

TEST_F(KeyKeeperTest, LooksAgainMoreAndMoreRarelyAndNeverStops) {
  int looks = 0;
  std::vector<long> delays;
  for (int i = 0; i < 8; ++i) {
    keeper_->LookLater([&looks] { ++looks; });
    delays.push_back(Due().count());
    time_.Advance(Due());
    EXPECT_TRUE(alarm_->RingIfDue());
  }
  EXPECT_EQ(looks, 8);
  EXPECT_EQ(delays, (std::vector<long>{500, 1'000, 2'000, 4'000, 8'000, 10'000, 10'000, 10'000}));
}

TEST_F(KeyKeeperTest, WhatIsSettledBeginsAnew) {
  for (int i = 0; i < 4; ++i) keeper_->LookLater([] {});
  keeper_->StopLooking(false);
  EXPECT_FALSE(alarm_->at());
  keeper_->LookLater([] {});
  EXPECT_EQ(Due(), std::chrono::seconds(8));
  keeper_->StopLooking(true);
  keeper_->LookLater([] {});
  EXPECT_EQ(Due(), limits::kKeyRetryFirst);
}

TEST_F(KeyKeeperTest, AnswersComeOnTheIoThreadInOrder) {
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    keeper_->Ask([i](keys::Vault&) -> Result<int> { return i; },
                 [&order](const Result<int>& answer) { order.push_back(*answer); });
  }
  vault_thread_.run();
  EXPECT_TRUE(order.empty());
  io_.run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST_F(KeyKeeperTest, DamagedFilesAreAStateOnlyWhileTheKeysAreRight) {
  keeper_->SetStoreTrouble({ErrorCode::kCorrupt, "authored.db is empty"});
  EXPECT_EQ(keeper_->Status().state, keys::KeyState::kNone);
  keeper_->SetStoreTrouble({ErrorCode::kResourceExhausted, "the disk is full"});
  EXPECT_EQ(keeper_->Status().sentence, "");
}

}  // namespace
}  // namespace hark::account
