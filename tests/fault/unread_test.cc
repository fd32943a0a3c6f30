// What the disk does not give just now is no damage: nothing is dropped, replaced or set aside for
// it. What it never gives again, is damage in the end.

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/fault/faulty_store.h"
#include "tests/support/failing_reads.h"
#include "tests/support/files.h"

namespace hark::fault {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kFirstFrame = 32 + 24;
constexpr std::uint64_t kFrame = 24 + kPage;

class UnreadTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(faulty_.OpenFilled()); }

  [[nodiscard]] fs::path cache() const { return faulty_.folder() / "cache.db"; }
  [[nodiscard]] fs::path authored() const { return faulty_.folder() / "authored.db"; }
  [[nodiscard]] fs::path LogOf(const fs::path& file) const { return file.string() + "-wal"; }
  [[nodiscard]] bool IsSomethingSetAside() const {
    return fs::exists(faulty_.folder() / "set-aside");
  }

  // Refused, and with what was there before.
  void ExpectRefused() {
    const std::string bytes = test::ReadBytes(authored());
    const auto opened = faulty_.Open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::kResourceExhausted) << opened.error().message;
    EXPECT_FALSE(IsSomethingSetAside());
    EXPECT_TRUE(test::ReadBytes(authored()) == bytes);
  }

  void ExpectWhole() {
    const auto opened = faulty_.Open();
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_FALSE(faulty_.store().LastRepair().any());
    EXPECT_FALSE(IsSomethingSetAside());
    EXPECT_EQ(faulty_.store().ReadOutbox()->entries.size(), 1U);
    EXPECT_TRUE(faulty_.store().ReadMessage(MessageId("first")));
    EXPECT_TRUE(faulty_.store().ReadMessage(MessageId("m3")));
  }

  Result<store::RepairReport> SetCacheAside() {
    Answer<store::RepairReport> answer;
    faulty_.store().SetCacheAside("a test", answer.Done());
    return answer.Wait();
  }

  FaultyStore faulty_;
  FailingReads reads_;
};

TEST_F(UnreadTest, APageThatIsNotGivenWhileOpeningIsNoDamage) {
  faulty_.Close();
  const std::uint64_t pages = fs::file_size(authored()) / kPage;
  ASSERT_GT(pages, 10U);
  for (std::uint64_t page = 0; page < pages; ++page) {
    SCOPED_TRACE(page + 1);
    reads_.FailAt(authored(), page * kPage);
    ExpectRefused();
    reads_.Clear();
    ExpectWhole();
    if (HasFailure()) return;
    faulty_.Close();
  }
}

TEST_F(UnreadTest, AFrameThatIsNotGivenWhileOpeningIsNoDamage) {
  for (const fs::path& file : {authored(), cache()}) {
    faulty_.Kill();
    SCOPED_TRACE(file.filename());
    ASSERT_GE(fs::file_size(LogOf(file)), 32 + kFrame);
    reads_.FailAt(LogOf(file), kFirstFrame + 100);
    ExpectRefused();
    reads_.Clear();
    ExpectWhole();
  }
}

TEST_F(UnreadTest, AFileThatCannotBeOpenedIsNoDamage) {
  faulty_.Kill();
  for (const fs::path& file : {authored(), LogOf(authored()), cache(), LogOf(cache())}) {
    SCOPED_TRACE(file.filename());
    reads_.FailToOpen(file, EMFILE);
    ExpectRefused();
    faulty_.Advance(1h);
    ExpectRefused();
    reads_.Clear();
  }
  ExpectWhole();
}

TEST_F(UnreadTest, ABadSectorIsDamageInTheEnd) {
  faulty_.Close();
  const std::uint64_t last = fs::file_size(authored()) - kPage;
  reads_.FailAt(authored(), last);
  ExpectRefused();
  faulty_.Advance(9min);
  ExpectRefused();
  faulty_.Advance(2min);
  const auto opened = faulty_.Open();
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(faulty_.store().LastRepair().authored_replaced);
  EXPECT_FALSE(faulty_.store().LastRepair().cache_replaced);
  EXPECT_TRUE(faulty_.store().ReadMessage(MessageId("m3")));
}

TEST_F(UnreadTest, APageThatIsGivenAgainWasNoBadSector) {
  faulty_.Close();
  reads_.FailAt(authored(), kPage);
  ExpectRefused();
  reads_.Clear();
  ExpectWhole();
  faulty_.Close();
  // Another trouble, a day later.
  faulty_.Advance(24h);
  reads_.FailAt(authored(), 2 * kPage);
  ExpectRefused();
  reads_.Clear();
  ExpectWhole();
}

TEST_F(UnreadTest, ABadSectorOfTheFirstPageOfTheCacheIsDamageInTheEnd) {
  faulty_.Close();
  reads_.FailAt(cache(), 0);
  faulty_.disk().Add({Operation::kRead, "cache.db", 0, 0, true});
  ExpectRefused();
  faulty_.Advance(11min);
  // The old file has the bad sector, not what takes its name.
  (void)faulty_.Open();
  reads_.Clear();
  faulty_.disk().ClearFaults();
  ASSERT_TRUE(faulty_.is_open() || faulty_.Open());
  EXPECT_TRUE(fs::exists(faulty_.folder() / "set-aside"));
  EXPECT_EQ(faulty_.store().ReadOutbox()->entries.size(), 1U);
  EXPECT_TRUE(faulty_.store().ReadMessage(MessageId("first")));
}

// Before the check, in it, or only when the rows are looked at: the next opening looks at all of
// the file, and refuses it as a whole.
TEST_F(UnreadTest, WhateverOfAnOpeningMeetsABadSectorTheNextOneLooksForIt) {
  faulty_.Close();
  bool opens = false;
  std::uint64_t reads = 0;
  for (; !opens; ++reads) {
    SCOPED_TRACE(reads);
    reads_.FailAt(cache(), 2 * kPage);
    faulty_.disk().Add({Operation::kRead, "cache.db", reads, 0, true});
    opens = static_cast<bool>(faulty_.Open());
    faulty_.Close();
    faulty_.disk().ClearFaults();
    if (!opens) ExpectRefused();
    reads_.Clear();
    ExpectWhole();
    faulty_.Close();
    if (HasFailure()) return;
  }
  EXPECT_GT(reads, 3U) << "nothing failed";
}

TEST_F(UnreadTest, AFrameThatIsNotGivenPutsTheCheckpointOff) {
  faulty_.Close();
  faulty_.SetWritesByHand(true);
  ASSERT_TRUE(faulty_.Open());
  ASSERT_TRUE(faulty_.Send(TestMessage("A", "long", 0, std::string(40'000, 'x'))));
  reads_.FailAt(LogOf(authored()), kFirstFrame + 100);
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(
        faulty_.Send(TestMessage("A", "long" + std::to_string(i), 0, std::string(40'000, 'x'))));
  }
  EXPECT_GT(reads_.failed(), 0U);
  // Not after each of them: it reads all of the log.
  EXPECT_LT(reads_.failed(), 5U);
  EXPECT_TRUE(faulty_.damaged().empty());
  reads_.Clear();
  // What was not given is given now.
  faulty_.Close();
  EXPECT_EQ(fs::file_size(LogOf(authored())), 0U);
}

TEST_F(UnreadTest, ARepairThatCannotReadTheCacheReplacesNothing) {
  for (const int error : {EMFILE, EIO}) {
    SCOPED_TRACE(error);
    if (error == EIO) {
      reads_.FailAt(cache(), 2 * kPage);
    } else {
      reads_.FailToOpen(cache(), error);
    }
    const auto repaired = SetCacheAside();
    ASSERT_FALSE(repaired);
    EXPECT_EQ(repaired.error().code, ErrorCode::kResourceExhausted);
    EXPECT_FALSE(IsSomethingSetAside());
    reads_.Clear();
    EXPECT_TRUE(faulty_.store().ReadMessage(MessageId("m3")));
    // So that pages are read from the file.
    faulty_.Close();
    ASSERT_TRUE(faulty_.Open());
  }
  const auto repaired = SetCacheAside();
  ASSERT_TRUE(repaired) << repaired.error().message;
  EXPECT_EQ(repaired->messages, 3U);
}

TEST_F(UnreadTest, ABadSectorDoesNotKeepARepairAwayForEver) {
  faulty_.Close();
  ASSERT_TRUE(faulty_.Open());
  reads_.FailAt(cache(), 2 * kPage);
  ASSERT_FALSE(SetCacheAside());
  faulty_.Advance(11min);
  const auto repaired = SetCacheAside();
  reads_.Clear();
  ASSERT_TRUE(repaired) << repaired.error().message;
  EXPECT_EQ(faulty_.store().ReadOutbox()->entries.size(), 1U);
}

}  // namespace
}  // namespace hark::fault
