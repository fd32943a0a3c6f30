// What is refused, and that refusing changes not one byte.

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
  ExpectRefused(ErrorCode::kCorrupt, std::string(32, 'x'));
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
  ExpectRefused(ErrorCode::kCorrupt, std::string(32, 'x'));
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

TEST_F(DamageTest, EmptiedFileIsRefused) {
  MakeStore(folder());
  const std::string bytes = ReadFile(cache_file());
  WriteFile(cache_file(), "");
  ExpectRefused(ErrorCode::kCorrupt);
  WriteFile(cache_file(), bytes);
  EXPECT_TRUE(TryOpen(folder()));
  WriteFile(authored_file(), "");
  ExpectRefused(ErrorCode::kCorrupt);
}

TEST_F(DamageTest, MissingFileIsNotMadeAnew) {
  MakeStore(folder());
  fs::rename(cache_file(), temporary().path() / "aside");
  ExpectRefused(ErrorCode::kCorrupt);
  fs::rename(temporary().path() / "aside", cache_file());
  fs::rename(authored_file(), temporary().path() / "aside");
  ExpectRefused(ErrorCode::kCorrupt);
}

TEST_F(DamageTest, LogWithoutItsDatabaseIsNotOverwritten) {
  fs::create_directory(folder());
  WriteFile(cache_file().string() + "-wal", "log");
  ExpectRefused(ErrorCode::kCorrupt);
}

TEST_F(DamageTest, DamagedFirstPageIsRefused) {
  MakeStore(folder());
  std::string bytes = ReadFile(authored_file());
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  WriteFile(authored_file(), bytes);
  ExpectRefused(ErrorCode::kCorrupt);
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  bytes[3] = static_cast<char>(bytes[3] ^ 1);  // The salt.
  WriteFile(authored_file(), bytes);
  ExpectRefused(ErrorCode::kCorrupt);
}

TEST_F(DamageTest, FilesOfTwoStoresAreRefused) {
  MakeStore(folder());
  MakeStore(temporary().path() / "other");
  fs::copy_file(temporary().path() / "other" / "cache.db", cache_file(),
                fs::copy_options::overwrite_existing);
  ExpectRefused(ErrorCode::kCorrupt);
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
  WriteFile(other / "cache.db.new", "half");
  WriteFile(other / "authored.db.new", "");
  EXPECT_TRUE(TryOpen(other));
}

TEST_F(DamageTest, FileThatBelongsToAnotherStoreDoesNotFinishACreation) {
  MakeStore(folder());
  MakeStore(temporary().path() / "other");
  fs::rename(cache_file(), temporary().path() / "aside");
  fs::copy_file(temporary().path() / "other" / "cache.db", cache_file().string() + ".new");
  ExpectRefused(ErrorCode::kCorrupt);
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
  std::string bytes = ReadFile(cache_file());
  for (std::size_t page = 20; page * 4096 < bytes.size(); ++page) bytes[page * 4096 + 50] ^= 1;
  WriteFile(cache_file(), bytes);
  const auto store = Open(folder());
  const auto page = store->ReadPage({ConversationId("A"), std::nullopt, 200});
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::kCorrupt);
  // The other conversations and the other file are not affected.
  EXPECT_TRUE(store->ReadOutbox(0, 10));
  EXPECT_TRUE(store->GetConversation(ConversationId("A")));
}

TEST_F(DamageTest, FolderThatCannotBeMadeIsAnError) {
  WriteFile(folder(), "a file");
  const auto opened = TryOpen(folder());
  ASSERT_FALSE(opened);
  EXPECT_EQ(ReadFile(folder()), "a file");
}

}  // namespace
}  // namespace hark::store
