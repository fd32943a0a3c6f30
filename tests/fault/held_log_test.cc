// Who reads for long, a copy of the store above all, holds up neither the writer nor the log
// without end.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/store/connection.h"
#include "daemon/store/transaction.h"
#include "tests/fault/faulty_store.h"

namespace hark::fault {
namespace {

constexpr std::size_t kMiB = std::size_t{1024} * 1024;
constexpr std::size_t kContent = std::size_t{60} * 1024;
// How long a connection waits for readers (busy time-out).
constexpr std::uint64_t kWaitMicroseconds = 500'000;

class HeldLogTest : public testing::Test {
 protected:
  void SetUp() override {
    faulty_.disk().SkipSleeps();
    faulty_.SetWritesByHand(true);
    faulty_.SetAtStep([this] {
      if (at_step_) at_step_();
    });
    ASSERT_TRUE(faulty_.Open());
    ASSERT_TRUE(faulty_.Apply({{TestSummary("A", 0)}}));
  }

  // So much, in groups of one message.
  void Write(std::size_t bytes) {
    for (std::size_t written = 0; written < bytes; written += kContent) {
      ++sequence_;
      ASSERT_TRUE(faulty_.Apply({{store::ApplyMessage{TestMessage(
          "A", "m" + std::to_string(sequence_), sequence_, std::string(kContent, 'x'))}}}));
    }
  }

  Result<void> Copy() {
    const std::filesystem::path folder = faulty_.scratch() / "copy";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    const std::atomic<bool> cancelled = false;
    return faulty_.store().CopyFiles(folder, Secret(std::string(32, '\x33')),
                                     Secret(std::string(32, '\x44')), cancelled);
  }

  FaultyStore faulty_;
  std::function<void()> at_step_;
  Sequence sequence_ = 0;
};

TEST_F(HeldLogTest, ALongReaderIsWaitedForOncePerMegabyte) {
  store::Connection reader(faulty_.folder() / "cache.db", Secret(std::string(32, '\x11')),
                           store::Access::kRead, store::Durability::kFetchable);
  const store::ReadTransaction snapshot(reader);
  ASSERT_GT(reader.ReadInt("SELECT count(*) FROM conversations"), 0);
  Write(12 * kMiB);
  const std::uintmax_t log = faulty_.SizeOf("cache.db-wal");
  ASSERT_GT(log, 12 * kMiB);
  // From half of what the log may be.
  const std::uint64_t waits = (log - limits::kWalBytes / 2) / kMiB + 1;
  EXPECT_GE(faulty_.disk().slept(), kWaitMicroseconds);
  EXPECT_LE(faulty_.disk().slept(), waits * kWaitMicroseconds);
}

TEST_F(HeldLogTest, ACopyIsGivenUpOnceTheLogIsTooLong) {
  at_step_ = [this] { Write(limits::kWalBytes + kMiB); };
  const auto copied = Copy();
  at_step_ = nullptr;
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().code, ErrorCode::kResourceExhausted);
  // What it made of the log is given back, and the next copy is made.
  Write(2 * kMiB);
  EXPECT_LT(faulty_.SizeOf("cache.db-wal"), limits::kWalBytes);
  const auto again = Copy();
  EXPECT_TRUE(again) << again.error().message;
}

TEST_F(HeldLogTest, ACopyIsMadeWhileALittleIsStored) {
  at_step_ = [this] { Write(4 * kMiB); };
  const auto copied = Copy();
  EXPECT_TRUE(copied) << copied.error().message;
}

// Nothing is written any more that would begin it anew, or make the writer wait for readers.
TEST_F(HeldLogTest, ALogThatStayedLongDoesNotKeepCopiesAway) {
  {
    store::Connection reader(faulty_.folder() / "cache.db", Secret(std::string(32, '\x11')),
                             store::Access::kRead, store::Durability::kFetchable);
    const store::ReadTransaction snapshot(reader);
    ASSERT_GT(reader.ReadInt("SELECT count(*) FROM conversations"), 0);
    Write(limits::kWalBytes + kMiB);
    (void)faulty_.store().RunIdleWriter();
    ASSERT_GT(faulty_.SizeOf("cache.db-wal"), limits::kWalBytes);
  }
  const std::uint64_t slept = faulty_.disk().slept();
  (void)faulty_.store().RunIdleWriter();
  EXPECT_EQ(faulty_.disk().slept(), slept);
  EXPECT_LT(faulty_.SizeOf("cache.db-wal"), limits::kWalBytes / 2);
  const auto copied = Copy();
  EXPECT_TRUE(copied) << copied.error().message;
}

}  // namespace
}  // namespace hark::fault
