// Back to the store as it was before a migration.

#include "daemon/store/rollback.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/store/schema_upgrade.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

class RollbackTest : public StoreFixture {
 protected:
  // A store with one message and one send, then migrated to a schema of tomorrow.
  void MakeMigrated() {
    {
      const auto store = Open(folder());
      ASSERT_TRUE(
          ApplyNow(*store, {{TestSummary("A", 2), ApplyMessage{TestMessage("A", 1, "text")}}}));
      ASSERT_TRUE(SendNow(*store, TestMessage("A", 0, "before")));
    }
    std::vector<Migration> steps = AuthoredMigrations();
    steps.push_back(
        {steps.back().version + 1, "of the test", "ALTER TABLE outbox ADD COLUMN extra TEXT"});
    ASSERT_TRUE(UpgradeSchemas(StoreFiles(folder()), keys(), {CacheMigrations(), steps}));
  }

  void SendInTheNewSchema() {
    Connection connection(authored_file(), authored_key_, Access::kWrite, Durability::kAuthored);
    connection.Execute(
        "INSERT INTO outbox (kind, conversation, delivery, message_id, created_at, role, content)"
        " VALUES (1, 'A', 1, 'later', 0, 1, 'after')");
    ASSERT_TRUE(connection.CheckpointAndTruncate());
  }

  [[nodiscard]] StoreKeys keys() const { return {cache_key_, authored_key_}; }
  [[nodiscard]] Result<RolledBack> Back(bool force = false, const AtPoint& at = [] {}) {
    return RollBack({folder(), force}, keys(), SystemClock().WallNow(), at);
  }
  [[nodiscard]] std::vector<std::string> Leftovers() const {
    std::vector<std::string> found;
    for (std::string& name : test::NamesIn(folder())) {
      if (name.find(".new") != std::string::npos) found.push_back(std::move(name));
    }
    return found;
  }

  const Secret cache_key_{std::string(kCacheKey)};
  const Secret authored_key_{std::string(kAuthoredKey)};
};

TEST_F(RollbackTest, PutsTheBackupBackAndKeepsWhatWasThere) {
  MakeMigrated();
  ASSERT_EQ(TryOpen(folder()).error().code, ErrorCode::kConflict);
  const std::string present = test::ReadBytes(authored_file());
  const auto back = Back();
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->from.authored, back->to.authored + 1);
  EXPECT_EQ(back->entries_lost, 0U);
  EXPECT_EQ(test::ReadBytes(back->aside / "authored.db"), present);
  const auto store = Open(folder());
  EXPECT_FALSE(store->LastRepair().any());
  EXPECT_EQ(store->ReadOutbox()->entries.size(), 1U);
  EXPECT_TRUE(store->ReadMessage(MessageId("A/1")));
  // The backup is still there, and there is nothing to go back from.
  EXPECT_TRUE(NewestBackup(StoreFiles(folder())));
}

TEST_F(RollbackTest, WhatNamesARevisionNamesAnotherAfterwards) {
  std::string id;
  LocalRevision revision = 0;
  MakeMigrated();
  {
    // As if the newer program had run for a while.
    Connection connection(authored_file(), authored_key_, Access::kWrite, Durability::kAuthored);
    connection.Execute("UPDATE store_info SET generation = generation + 7");
    id = connection.ReadText("SELECT store_id || '.' || incarnation FROM store_info");
    revision = LocalRevision{static_cast<std::uint32_t>(
                   connection.ReadInt("SELECT generation FROM store_info"))}
               << 32;
    ASSERT_TRUE(connection.CheckpointAndTruncate());
  }
  ASSERT_TRUE(Back());
  const auto store = Open(folder());
  EXPECT_NE(store->StoreId(), id);
  EXPECT_GT(store->CurrentRevision(), revision);
  EXPECT_EQ(store->StoreId().substr(0, store->StoreId().find('.')), id.substr(0, id.find('.')));
}

TEST_F(RollbackTest, NoBackupIsSaidSo) {
  {
    const auto store = Open(folder());
  }
  EXPECT_EQ(Back().error().code, ErrorCode::kNotFound);
}

TEST_F(RollbackTest, WhatWasWrittenSinceIsNotLostUnlessForced) {
  MakeMigrated();
  SendInTheNewSchema();
  const auto before = test::ReadBytes(authored_file());
  const auto refused = Back();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_NE(refused.error().message.find("1 entries"), std::string::npos);
  EXPECT_EQ(test::ReadBytes(authored_file()), before);
  const auto forced = Back(true);
  ASSERT_TRUE(forced);
  EXPECT_EQ(forced->entries_lost, 1U);
  EXPECT_EQ(test::ReadBytes(forced->aside / "authored.db"), before);
  EXPECT_EQ(Open(folder())->ReadOutbox()->entries.size(), 1U);
}

TEST_F(RollbackTest, ADraftOfSinceCountsAsWhatWouldBeLost) {
  MakeMigrated();
  {
    Connection connection(authored_file(), authored_key_, Access::kWrite, Durability::kAuthored);
    connection.Execute(
        "INSERT INTO drafts (conversation, version, changed_at, text)"
        " VALUES ('A', 5, 0, 'half written'), ('B', 6, 0, '')");
    ASSERT_TRUE(connection.CheckpointAndTruncate());
  }
  const auto refused = Back();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("1 entries"), std::string::npos) << "one was cleared";
  ASSERT_TRUE(Back(true));
}

TEST_F(RollbackTest, TwiceIsRefused) {
  MakeMigrated();
  ASSERT_TRUE(Back());
  EXPECT_EQ(Back().error().code, ErrorCode::kConflict);
}

struct Crash {};

TEST_F(RollbackTest, AKillAtAnyPointIsFinishedByTheNextOpeningOrByCallingItAgain) {
  MakeMigrated();
  const fs::path kept = temporary().path() / "kept";
  fs::copy(folder(), kept, fs::copy_options::recursive);
  int points = 0;
  for (bool killed = true; killed; ++points) {
    SCOPED_TRACE(points);
    fs::remove_all(folder());
    fs::copy(kept, folder(), fs::copy_options::recursive);
    int left = points;
    killed = false;
    try {
      ASSERT_TRUE(Back(false, [&left] {
        if (left-- == 0) throw Crash();
      }));
    } catch (const Crash&) {
      killed = true;
    }
    // The older program, which refuses the files of the newer one.
    if (const auto older = TryOpen(folder()); !older) {
      ASSERT_EQ(older.error().code, ErrorCode::kConflict) << older.error().message;
      ASSERT_TRUE(Back());
    }
    const auto store = Open(folder());
    EXPECT_EQ(store->ReadOutbox()->entries.size(), 1U);
    EXPECT_TRUE(store->ReadMessage(MessageId("A/1")));
    EXPECT_EQ(Leftovers(), std::vector<std::string>());
  }
  EXPECT_GE(points, 6);
}

// Regression: the newer program went on, and the copies of the older files stayed beside its own.
TEST_F(RollbackTest, CopiesThatAKillLeftGoAtTheNextOpening) {
  (void)Open(folder());
  for (const char* name : {"authored.db.new", "authored.db.new-journal", "cache.db.new"})
    test::WriteBytes(folder() / name, "left");
  const auto store = Open(folder());
  EXPECT_FALSE(store->LastRepair().any());
  EXPECT_EQ(Leftovers(), std::vector<std::string>());
}

TEST_F(RollbackTest, WrongKeysChangeNothing) {
  MakeMigrated();
  const auto before = ReadFolder(folder());
  const Secret wrong(std::string(32, 'x'));
  EXPECT_EQ(RollBack({folder(), true}, {wrong, wrong}, WallTime{}).error().code,
            ErrorCode::kCorrupt);
  EXPECT_TRUE(ReadFolder(folder()) == before);
}

}  // namespace
}  // namespace hark::store
