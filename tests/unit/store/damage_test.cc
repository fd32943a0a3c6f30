// What is refused, and that refusing changes not one byte; and what is mended instead.

#include <filesystem>

#include <gtest/gtest.h>

#include "daemon/store/connection.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

class DamageTest : public StoreFixture {
 protected:
  void MakeStore(const fs::path& folder) {
    const auto store = Open(folder);
    ASSERT_TRUE(
        ApplyNow(*store, {{TestSummary("A", 2), ApplyMessage{TestMessage("A", 1, "text")}}}));
  }

  void ExpectRefused(ErrorCode code, const std::string& cache_key = kCacheKey,
                     const std::string& authored_key = kAuthoredKey) {
    const auto before = ReadFolder(folder());
    const auto opened = TryOpen(folder(), cache_key, authored_key);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, code) << opened.error().message;
    EXPECT_EQ(opened.error().message.find(kCacheKey), std::string::npos);
    EXPECT_TRUE(ReadFolder(folder()) == before) << "a byte changed, or a file came or went";
  }
};

TEST_F(DamageTest, WrongKeyChangesNothing) {
  MakeStore(folder());
  ExpectRefused(ErrorCode::kCorrupt, std::string(32, 'x'), std::string(32, 'x'));
  ExpectRefused(ErrorCode::kCorrupt, kCacheKey, std::string(32, 'x'));
  ExpectRefused(ErrorCode::kCorrupt, kAuthoredKey, kCacheKey);
  EXPECT_TRUE(TryOpen(folder()));
}

TEST_F(DamageTest, WrongKeyChangesNothingWhenACrashLeftALog) {
  const fs::path copy = temporary().path() / "copy";
  {
    const auto store = Open(folder());
    ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 2)}}));
    fs::copy(folder(), copy, fs::copy_options::recursive);
  }
  fs::remove_all(folder());
  fs::rename(copy, folder());
  fs::remove(cache_file().string() + "-shm");
  fs::remove(authored_file().string() + "-shm");
  ASSERT_GT(fs::file_size(cache_file().string() + "-wal"), 0U);
  ExpectRefused(ErrorCode::kCorrupt, std::string(32, 'x'), std::string(32, 'x'));
  ExpectRefused(ErrorCode::kCorrupt, kCacheKey, std::string(32, 'x'));
  EXPECT_EQ((*TryOpen(folder()))->GetConversation(ConversationId("A"))->last_sequence, 2U);
}

TEST_F(DamageTest, KeyOfAnotherLengthIsRefused) {
  MakeStore(folder());
  for (const std::size_t size : {0U, 31U, 33U}) {
    const auto before = ReadFolder(folder());
    EXPECT_FALSE(TryOpen(folder(), std::string(size, '\x11')));
    EXPECT_TRUE(ReadFolder(folder()) == before);
  }
}

TEST_F(DamageTest, EmptiedAuthoredIsRefused) {
  MakeStore(folder());
  test::WriteBytes(authored_file(), "");
  ExpectRefused(ErrorCode::kCorrupt);
}

TEST_F(DamageTest, MissingAuthoredIsNotMadeAnew) {
  MakeStore(folder());
  fs::rename(authored_file(), temporary().path() / "aside");
  ExpectRefused(ErrorCode::kCorrupt);
  fs::rename(temporary().path() / "aside", authored_file());
  EXPECT_TRUE(TryOpen(folder()));
}

TEST_F(DamageTest, EmptiedOrMissingCacheIsMadeAnewAndTheOutboxStays) {
  {
    const auto store = Open(folder());
    ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 2)}}));
    ASSERT_TRUE(SendNow(*store, TestMessage("A", 0, "text")));
  }
  for (const bool missing : {false, true}) {
    if (missing) {
      fs::remove(cache_file());
    } else {
      test::WriteBytes(cache_file(), "");
    }
    const auto store = Open(folder());
    EXPECT_TRUE(store->LastRepair().cache_replaced);
    EXPECT_FALSE(store->LastRepair().authored_replaced);
    EXPECT_EQ(store->ReadOutbox()->entries.size(), 1U);
    EXPECT_EQ(store->ReadPage({ConversationId("A"), std::nullopt, 50})->messages.size(), 1U);
    EXPECT_FALSE(store->ReadSyncState()->cursor);
  }
}

TEST_F(DamageTest, CacheOfAnotherStoreIsSetAside) {
  MakeStore(folder());
  MakeStore(temporary().path() / "other");
  const std::string foreign = test::ReadBytes(temporary().path() / "other" / "cache.db");
  test::WriteBytes(cache_file(), foreign);
  const auto store = Open(folder());
  const auto repair = store->LastRepair();
  ASSERT_TRUE(repair.cache_replaced);
  EXPECT_EQ(repair.messages, 0U);
  EXPECT_EQ(test::ReadBytes(repair.aside / "cache.db"), foreign);
  EXPECT_EQ(store->ReadMessage(MessageId("A/1")).error().code, ErrorCode::kNotFound);
}

// The note says which of the two is the stranger.
TEST_F(DamageTest, AuthoredOfAnotherStoreIsRefused) {
  MakeStore(folder());
  MakeStore(temporary().path() / "other");
  fs::copy_file(temporary().path() / "other" / "authored.db", authored_file(),
                fs::copy_options::overwrite_existing);
  ExpectRefused(ErrorCode::kCorrupt);
}

TEST_F(DamageTest, LogWithoutItsDatabaseIsNotOverwritten) {
  fs::create_directory(folder());
  test::WriteBytes(cache_file().string() + "-wal", "log");
  ExpectRefused(ErrorCode::kCorrupt);
}

TEST_F(DamageTest, DamagedAuthoredIsSalvagedLoudly) {
  for (const std::size_t byte : {std::size_t{100}, std::size_t{3} /* of the salt */}) {
    const fs::path one = temporary().path() / std::to_string(byte);
    LocalRevision revision = 0;
    {
      const auto store = Open(one);
      ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 0)}}));
      ASSERT_TRUE(SendNow(*store, TestMessage("A", 0, "text")));
      revision = store->CurrentRevision();
    }
    std::string bytes = test::ReadBytes(one / "authored.db");
    bytes[byte] = static_cast<char>(bytes[byte] ^ 1);
    test::WriteBytes(one / "authored.db", bytes);
    const auto store = Open(one);
    const auto repair = store->LastRepair();
    ASSERT_TRUE(repair.authored_replaced);
    EXPECT_EQ(repair.authored_rows, 1U);
    EXPECT_EQ(test::ReadBytes(repair.aside / "authored.db"), bytes);
    EXPECT_EQ(store->ReadOutbox()->entries.size(), 1U);
    EXPECT_GT(store->CurrentRevision(), revision);
  }
}

TEST_F(DamageTest, WatcherOfASendThatWasLostStartsAfresh) {
  LocalRevision since = 0;
  {
    const auto store = Open(folder());
    ASSERT_TRUE(
        ApplyNow(*store, {{TestSummary("A", 1), ApplyMessage{TestMessage("A", 1, "text")}}}));
    ASSERT_TRUE(SendNow(*store, TestMessage("A", 0, "pending")));
    ASSERT_EQ(store->ReadPage({ConversationId("A"), std::nullopt, 50})->messages.size(), 2U);
    since = store->CurrentRevision();
  }
  // Every page but the first few is lost.
  std::string bytes = test::ReadBytes(authored_file());
  for (std::size_t at = 4096; at < bytes.size(); at += 4096) bytes[at + 100] ^= 1;
  test::WriteBytes(authored_file(), bytes);
  const auto store = Open(folder());
  ASSERT_TRUE(store->LastRepair().authored_replaced);
  EXPECT_EQ(store->ReadOutbox()->entries.size(), 0U);
  EXPECT_EQ(store->ReadPage({ConversationId("A"), std::nullopt, 50})->messages.size(), 1U);
  const auto page = store->ReadChanges({since, ConversationId("A"), true});
  ASSERT_TRUE(page);
  EXPECT_FALSE(*page) << "resumed, and the send that is gone is not told";
}

TEST_F(DamageTest, WhatWasEvictedIsNotToldAsWithdrawn) {
  const auto store = Open(folder());
  Batch batch;
  for (Sequence i = 1; i <= 5; ++i)
    batch.operations.emplace_back(ApplyMessage{TestMessage("A", i, "text")});
  ASSERT_TRUE(ApplyNow(*store, {{TestSummary("A", 5)}}));
  const LocalRevision since = store->CurrentRevision();
  ASSERT_TRUE(ApplyNow(*store, std::move(batch)));
  auto plan = store->PlanRetention({1, 0});
  ASSERT_TRUE(plan);
  ASSERT_FALSE(plan->evictions.empty());
  const auto evicted = EvictNow(*store, plan->evictions);
  ASSERT_TRUE(evicted);
  ASSERT_GT(evicted->messages, 0U);
  const auto page = store->ReadChanges({since, std::nullopt, true});
  ASSERT_TRUE(page && *page);
  EXPECT_EQ((*page)->changes.removed.size(), 0U);
  EXPECT_EQ((*page)->changes.gaps_changed.size(), 1U);
}

TEST_F(DamageTest, NewerSchemaIsRefused) {
  MakeStore(folder());
  {
    Connection newer(cache_file(), Secret(std::string(kCacheKey)), Access::kWrite,
                     Durability::kFetchable);
    newer.Execute("PRAGMA user_version = 1000");
    ASSERT_TRUE(newer.CheckpointAndTruncate());
  }
  ExpectRefused(ErrorCode::kConflict);
}

TEST_F(DamageTest, InterruptedCreationIsFinishedOrRepeated) {
  MakeStore(folder());
  // A crash between the two renames.
  fs::rename(cache_file(), cache_file().string() + ".new");
  EXPECT_TRUE(TryOpen(folder()));
  EXPECT_TRUE(fs::exists(cache_file()));
  // A crash before the first.
  const fs::path other = temporary().path() / "other";
  fs::create_directory(other);
  test::WriteBytes(other / "cache.db.new", "half");
  test::WriteBytes(other / "authored.db.new", "");
  EXPECT_TRUE(TryOpen(other));
}

TEST_F(DamageTest, FileThatBelongsToAnotherStoreDoesNotFinishACreation) {
  MakeStore(folder());
  MakeStore(temporary().path() / "other");
  fs::rename(cache_file(), temporary().path() / "aside");
  fs::copy_file(temporary().path() / "other" / "cache.db", cache_file().string() + ".new");
  const auto store = Open(folder());
  EXPECT_TRUE(store->LastRepair().cache_replaced);
  EXPECT_EQ(store->ReadMessage(MessageId("A/1")).error().code, ErrorCode::kNotFound);
}

// Killed after the salvage and the setting aside, before the new file has its name.
TEST_F(DamageTest, InterruptedRepairIsFinished) {
  MakeStore(folder());
  fs::rename(cache_file(), cache_file().string() + ".new");
  test::WriteBytes(cache_file().string() + "-wal", "of the damaged file");
  const auto store = Open(folder());
  EXPECT_FALSE(store->LastRepair().any());
  EXPECT_TRUE(store->ReadMessage(MessageId("A/1")));
}

TEST_F(DamageTest, DamageInTheMiddleIsAnErrorNotAnEnd) {
  {
    const auto store = Open(folder());
    Batch batch;
    for (Sequence i = 1; i <= 2'000; ++i) {
      batch.operations.emplace_back(ApplyMessage{TestMessage("A", i, std::string(300, 'x'))});
    }
    ASSERT_TRUE(ApplyNow(*store, std::move(batch)));
  }
  std::string bytes = test::ReadBytes(cache_file());
  for (std::size_t page = 20; page * 4096 < bytes.size(); ++page) bytes[page * 4096 + 50] ^= 1;
  test::WriteBytes(cache_file(), bytes);
  const auto store = Open(folder());
  const auto page = store->ReadPage({ConversationId("A"), std::nullopt, 200});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::kCorrupt);
  // The other conversations and the other file are not affected.
  EXPECT_TRUE(store->ReadOutbox());
  EXPECT_TRUE(store->GetConversation(ConversationId("A")));
}

TEST_F(DamageTest, FolderThatCannotBeMadeIsAnError) {
  test::WriteBytes(folder(), "a file");
  const auto opened = TryOpen(folder());
  ASSERT_FALSE(opened);
  EXPECT_EQ(test::ReadBytes(folder()), "a file");
}

}  // namespace
}  // namespace hark::store
