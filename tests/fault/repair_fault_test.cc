// Repairs that fail on the way, and what is damaged of a large authored.db.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "daemon/store/state_file.h"
#include "tests/fault/faulty_store.h"

namespace hark::fault {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::uint64_t kPage = 4096;

class RepairFaultTest : public testing::Test {
 protected:
  void SetUp() override {
    faulty_.SetWritesByHand(true);
    ASSERT_TRUE(faulty_.OpenFilled());
  }

  // Bytes in the middle of a page, numbered from 1.
  void Damage(const std::string& name, std::uint64_t page) {
    std::fstream file(faulty_.folder() / name, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>((page - 1) * kPage + 1'000));
    file.write("damage", 6);
    ASSERT_TRUE(file.good());
  }

  // Where the tree of a table or index begins.
  [[nodiscard]] std::uint32_t RootOf(const std::string& name) {
    const auto state = store::ReadStoreState(faulty_.folder() / "store.state");
    const auto& roots =
        state.authored.roots.contains(name) ? state.authored.roots : state.cache.roots;
    const auto root = roots.find(name);
    return root == roots.end() ? 0 : root->second;
  }

  // A cache of which messages cannot be read, which nobody noticed yet.
  void LeaveADamagedCache() {
    store::Batch batch;
    for (Sequence i = 4; i <= 1'000; ++i)
      batch.operations.emplace_back(
          store::ApplyMessage{TestMessage("A", "m" + std::to_string(i), i, std::string(500, 'x'))});
    ASSERT_TRUE(faulty_.Apply(batch));
    while (faulty_.store().RunIdleWriter()) {
    }
    faulty_.Close();
    for (std::uint64_t page = 60; page < 70; ++page) Damage("cache.db", page);
    ASSERT_TRUE(faulty_.Open());
    faulty_.store().RunWriter();
    ASSERT_FALSE(faulty_.store().LastRepair().any());
    ASSERT_TRUE(faulty_.damaged().empty());
  }
  // Reads until something is damaged, and has the writer do what follows.
  void MeetDamage() {
    for (Sequence i = 1; i <= 1'000; ++i) {
      const auto message = faulty_.store().ReadMessage(MessageId("m" + std::to_string(i)));
      if (!message && message.error().code == ErrorCode::kCorrupt) break;
    }
    faulty_.store().RunWriter();
  }
  [[nodiscard]] bool IsRepaired() { return faulty_.store().LastRepair().cache_replaced; }

  // An outbox of more than what an opening looks at as a whole.
  static constexpr int kLargeSends = 160;
  void FillAuthored() {
    for (int i = 0; i < kLargeSends; ++i) {
      ASSERT_TRUE(faulty_.Send(TestMessage("A", "large message " + std::to_string(i), 0,
                                           std::string(60'000, static_cast<char>('a' + i % 26)))));
    }
    faulty_.Close();
    ASSERT_GT(faulty_.SizeOf("authored.db"), 8U * 1024 * 1024);
  }
  [[nodiscard]] std::size_t Asides() {
    std::size_t count = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(faulty_.folder() / "set-aside", error), end;
         entry != end; entry.increment(error))
      count += entry->path().extension() == ".db" ? 1 : 0;
    return count;
  }

  FaultyStore faulty_;
};

TEST_F(RepairFaultTest, ARepairThatFailedIsTriedAgainAfterAPause) {
  LeaveADamagedCache();
  faulty_.disk().Add({Operation::kWrite, "cache.db.new", 0, SQLITE_FULL, true});
  MeetDamage();
  ASSERT_EQ(faulty_.damaged().size(), 1U);
  EXPECT_FALSE(IsRepaired());
  faulty_.disk().ClearFaults();
  // Not with every read: each attempt copies the cache.
  MeetDamage();
  EXPECT_FALSE(IsRepaired());
  faulty_.Advance(2min);
  MeetDamage();
  EXPECT_TRUE(IsRepaired());
  EXPECT_TRUE(faulty_.store().Verify().cache.good());
}

TEST_F(RepairFaultTest, ANewCacheIsInUseAndAnnouncedAlthoughItTakesNoWrites) {
  LeaveADamagedCache();
  const int told = faulty_.told_to_read_again();
  const LocalRevision announced = faulty_.last_announced();
  faulty_.disk().Add({Operation::kWrite, "cache.db-wal", 0, SQLITE_FULL, true});
  MeetDamage();
  EXPECT_TRUE(IsRepaired());
  EXPECT_EQ(faulty_.last_announced(), announced);
  faulty_.disk().ClearFaults();
  faulty_.store().RunIdleWriter();
  EXPECT_GT(faulty_.last_announced(), announced);
  EXPECT_GT(faulty_.told_to_read_again(), told);
  // Damage of the new one is news.
  faulty_.disk().Add({Operation::kRead, "cache.db", 0, SQLITE_CORRUPT, true});
  (void)faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
  EXPECT_EQ(faulty_.damaged().size(), 2U);
  faulty_.disk().ClearFaults();
}

TEST_F(RepairFaultTest, DamageThatOpeningMetAndMendedIsNewsWhenItComesAgain) {
  const std::uint32_t root = RootOf("conversations");
  ASSERT_GT(root, 0U);
  faulty_.Close();
  Damage("cache.db", root);
  ASSERT_TRUE(faulty_.Open());
  ASSERT_TRUE(IsRepaired());
  faulty_.store().RunWriter();
  const std::size_t seen = faulty_.damaged().size();
  faulty_.disk().Add({Operation::kRead, "cache.db", 0, SQLITE_CORRUPT, true});
  (void)faulty_.store().ReadPage({ConversationId("A"), std::nullopt, 200});
  EXPECT_EQ(faulty_.damaged().size(), seen + 1);
  faulty_.disk().ClearFaults();
}

TEST_F(RepairFaultTest, ALargeAuthoredThatOpeningFindsDamagedIsSalvagedAndTheCacheStays) {
  FillAuthored();
  Damage("authored.db", RootOf("outbox_message"));
  const auto opened = faulty_.Open();
  EXPECT_EQ(Asides(), 1U);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(faulty_.store().LastRepair().authored_replaced);
  EXPECT_FALSE(faulty_.store().LastRepair().cache_replaced);
  EXPECT_EQ(faulty_.store().ReadOutbox()->entries.size(), kLargeSends + 1U);
  EXPECT_TRUE(faulty_.store().ReadMessage(MessageId("m3")));
  EXPECT_TRUE(faulty_.store().Verify().good());
}

TEST_F(RepairFaultTest, BothFilesThatOpeningFindsDamagedAreSalvaged) {
  FillAuthored();
  Damage("authored.db", RootOf("outbox_message"));
  Damage("cache.db", RootOf("conversations"));
  const auto opened = faulty_.Open();
  EXPECT_EQ(Asides(), 2U);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(faulty_.store().LastRepair().authored_replaced);
  EXPECT_TRUE(faulty_.store().LastRepair().cache_replaced);
  EXPECT_EQ(faulty_.store().ReadOutbox()->entries.size(), kLargeSends + 1U);
  EXPECT_TRUE(faulty_.store().Verify().good());
}

TEST_F(RepairFaultTest, ALargeAuthoredThatWasFoundDamagedInUseIsSalvagedAtTheNextOpening) {
  FillAuthored();
  // Of the contents, which no opening reads.
  Damage("authored.db", faulty_.SizeOf("authored.db") / kPage / 2);
  ASSERT_TRUE(faulty_.Open());
  ASSERT_FALSE(faulty_.store().LastRepair().any());
  std::size_t lost = 0;
  const auto before = faulty_.store().ReadOutbox();
  ASSERT_TRUE(before);
  for (const OutboxEntry& entry : before->entries)
    lost += faulty_.store().ReadOutgoing(entry.position) ? 0 : 1;
  ASSERT_EQ(lost, 1U);
  ASSERT_EQ(faulty_.damaged(), std::vector{store::File::kAuthored});
  // However it ends.
  faulty_.Kill();
  ASSERT_TRUE(faulty_.Open());
  EXPECT_TRUE(faulty_.store().LastRepair().authored_replaced);
  EXPECT_FALSE(faulty_.store().LastRepair().cache_replaced);
  const auto outbox = faulty_.store().ReadOutbox();
  EXPECT_EQ(outbox->entries.size(), kLargeSends + 1U - lost);
  for (const OutboxEntry& entry : outbox->entries)
    EXPECT_TRUE(faulty_.store().ReadOutgoing(entry.position));
}

TEST_F(RepairFaultTest, AKeyIsNotChangedThroughConnectionsThatAreClosed) {
  const auto reencrypt = [this] {
    Answer<std::uint64_t> answer;
    faulty_.store().Reencrypt(store::File::kCache, Secret(std::string(32, '\x55')), answer.Done());
    faulty_.store().RunWriter();
    return answer.Wait();
  };
  // What was replaced is not opened again.
  faulty_.disk().Add({Operation::kOpen, "cache.db", 0, 0, true});
  Answer<store::RepairReport> repaired;
  faulty_.store().SetCacheAside("a test", repaired.Done());
  faulty_.store().RunWriter();
  (void)repaired.Wait();
  const auto refused = reencrypt();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  faulty_.disk().ClearFaults();
  EXPECT_TRUE(reencrypt());
  EXPECT_TRUE(faulty_.store().ReadMessage(MessageId("m3")));
}

TEST_F(RepairFaultTest, LogsThatAPowerLossLeftAndThatCannotBeEmptiedAreNotWrittenTo) {
  std::mt19937_64 random(1);
  faulty_.LosePower(random);
  faulty_.disk().Add({Operation::kWrite, "authored.db", 0, SQLITE_FULL, true});
  const auto opened = faulty_.Open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kResourceExhausted);
  faulty_.disk().ClearFaults();
  ASSERT_TRUE(faulty_.Open());
  EXPECT_EQ(faulty_.store().ReadOutbox()->entries.size(), 1U);
}

}  // namespace
}  // namespace hark::fault
