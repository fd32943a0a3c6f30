// An opening that mends damage, or brings the files to a newer schema, with a failure at operations
// on the disk in between: the next opening has everything.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "daemon/store/connection.h"
#include "daemon/store/migrator.h"
#include "tests/fault/faulty_store.h"
#include "tests/support/files.h"

namespace hark::fault {
namespace {

namespace fs = std::filesystem;

enum class Failure : std::uint8_t { kOnce, kFullDisk, kKill, kPowerOff };

class OpeningFaultTest : public testing::TestWithParam<Failure> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(faulty_.OpenFilled());
    faulty_.Close();
    ASSERT_TRUE(faulty_.Open());
    for (int i = 0; i < kSends; ++i)
      ASSERT_TRUE(faulty_.Send(TestMessage("A", "s" + std::to_string(i), 0, "text")));
  }

  void LeaveADamagedLog() {
    faulty_.Kill();
    const fs::path log = faulty_.folder() / "authored.db-wal";
    std::string bytes = test::ReadBytes(log);
    // The first frame: every one of its pages is written again later.
    bytes[32 + 24 + 1'000] ^= 1;
    test::WriteBytes(log, bytes);
  }

  // As of the program before the last step of authored.db.
  void LeaveAnOlderSchema() {
    faulty_.Close();
    store::Connection authored(faulty_.folder() / "authored.db", Secret(std::string(32, '\x22')),
                               store::Access::kWrite, store::Durability::kAuthored);
    authored.Execute("ALTER TABLE store_info DROP COLUMN incarnation");
    authored.Execute(
        ("PRAGMA user_version = " + std::to_string(store::AuthoredMigrations().back().version - 1))
            .c_str());
    ASSERT_TRUE(authored.CheckpointAndTruncate());
  }

  // What was left is opened with a failure at each of some operations, and then opened again.
  void OpenTwiceEachTime(const std::function<void()>& expect);

  void Arm(std::uint64_t n) {
    switch (GetParam()) {
      case Failure::kOnce: faulty_.disk().Add({std::nullopt, "", n}); break;
      case Failure::kFullDisk:
        faulty_.disk().Add({Operation::kWrite, "", n, SQLITE_FULL, true});
        break;
      case Failure::kKill:
      case Failure::kPowerOff: faulty_.disk().PowerOffAt(n + 1); break;
    }
  }

  // Of some 480 operations each so manieth fails: all of them take a minute.
  static constexpr std::uint64_t kStep = 23;
  static constexpr int kSends = 6;
  FaultyStore faulty_;
  const fs::path template_ = faulty_.scratch() / "template";
};

void OpeningFaultTest::OpenTwiceEachTime(const std::function<void()>& expect) {
  fs::copy(faulty_.folder(), template_, fs::copy_options::recursive);
  bool reached = true;
  std::uint64_t n = static_cast<std::uint64_t>(GetParam());
  for (; reached; n += kStep) {
    SCOPED_TRACE("failure after " + std::to_string(n) + " operations");
    faulty_.Close();
    fs::remove_all(faulty_.folder());
    faulty_.disk().Forget();
    fs::copy(template_, faulty_.folder(), fs::copy_options::recursive);
    faulty_.disk().ResetCounts();
    Arm(n);
    (void)faulty_.Open();
    reached = faulty_.disk().counts().failed > 0;
    std::mt19937_64 random(n);
    if (GetParam() == Failure::kPowerOff) {
      faulty_.LosePower(random);
    } else {
      faulty_.Kill();
    }
    const auto opened = faulty_.Open();
    ASSERT_TRUE(opened) << opened.error().message;
    const auto outbox = faulty_.store().ReadOutbox();
    ASSERT_TRUE(outbox);
    EXPECT_EQ(outbox->entries.size(), kSends + 1U);
    EXPECT_TRUE(faulty_.store().Verify().good());
    expect();
    EXPECT_TRUE(faulty_.Send(TestMessage("A", "after it", 0, "text")));
    if (HasFailure()) return;
  }
  EXPECT_GT(n, 2 * kStep) << "nothing failed";
  std::cout << n / kStep << " places to fail at\n";
}

TEST_P(OpeningFaultTest, ASalvageIsDoneByTheNext) {
  LeaveADamagedLog();
  OpenTwiceEachTime([] {});
}

TEST_P(OpeningFaultTest, AMigrationIsDoneByTheNext) {
  LeaveAnOlderSchema();
  OpenTwiceEachTime([this] {
    EXPECT_FALSE(faulty_.store().LastRepair().any());
    EXPECT_TRUE(faulty_.store().ReadMessage(MessageId("m3")));
  });
}

INSTANTIATE_TEST_SUITE_P(Failures, OpeningFaultTest,
                         testing::Values(Failure::kOnce, Failure::kFullDisk, Failure::kKill,
                                         Failure::kPowerOff),
                         [](const auto& info) {
                           switch (info.param) {
                             case Failure::kOnce: return "Once";
                             case Failure::kFullDisk: return "FullDisk";
                             case Failure::kKill: return "Kill";
                             case Failure::kPowerOff: return "PowerOff";
                           }
                           return "";
                         });

}  // namespace
}  // namespace hark::fault
