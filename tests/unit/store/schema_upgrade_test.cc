// Migrations behind a backup, interrupted wherever it can be.

#include "daemon/store/schema_upgrade.h"

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

std::vector<Migration> WithStep(std::vector<Migration> migrations, const char* sql) {
  migrations.push_back({migrations.back().version + 1, "of the test", sql});
  return migrations;
}

class SchemaUpgradeTest : public StoreFixture {
 protected:
  void MakeStore() {
    const auto store = Open(folder());
    ASSERT_TRUE(
        ApplyNow(*store, {{TestSummary("A", 2), ApplyMessage{TestMessage("A", 1, "text")}}}));
    ASSERT_TRUE(SendNow(*store, TestMessage("A", 0, "pending")));
  }

  [[nodiscard]] StoreKeys keys() const { return {cache_key_, authored_key_}; }

  [[nodiscard]] Result<void> Upgrade(const AtPoint& at = [] {}) {
    return UpgradeSchemas(files_, keys(), {cache_steps_, authored_steps_, at});
  }

  [[nodiscard]] std::int64_t VersionOf(const fs::path& file, const Secret& key) const {
    return Connection(file, key, Access::kProbe, Durability::kAuthored)
        .ReadInt("PRAGMA user_version");
  }

  // Of the store, or of a backup of it.
  [[nodiscard]] SchemaVersions VersionsOf(const fs::path& folder_of_files) const {
    return {VersionOf(folder_of_files / "cache.db", cache_key_),
            VersionOf(folder_of_files / "authored.db", authored_key_)};
  }

  const Secret cache_key_{std::string(kCacheKey)};
  const Secret authored_key_{std::string(kAuthoredKey)};
  const StoreFiles files_{folder()};
  const std::vector<Migration> cache_steps_ =
      WithStep(CacheMigrations(), "ALTER TABLE conversations ADD COLUMN extra TEXT");
  const std::vector<Migration> authored_steps_ =
      WithStep(AuthoredMigrations(), "ALTER TABLE outbox ADD COLUMN extra TEXT");
  const SchemaVersions old_{CacheMigrations().back().version, AuthoredMigrations().back().version};
  const SchemaVersions new_{old_.cache + 1, old_.authored + 1};
};

TEST_F(SchemaUpgradeTest, KeepsABackupOfBothFiles) {
  MakeStore();
  ASSERT_TRUE(Upgrade());
  EXPECT_EQ(VersionsOf(folder()), new_);
  const auto backup = NewestBackup(files_);
  ASSERT_TRUE(backup);
  EXPECT_EQ(backup->versions, old_);
  EXPECT_EQ(VersionsOf(backup->folder), old_);
  for (const char* name : {"cache.db", "authored.db"}) {
    EXPECT_EQ(fs::status(backup->folder / name).permissions(),
              fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(test::ReadBytes(backup->folder / name).find("pending"), std::string::npos);
  }
  const auto old = TryOpen(backup->folder);
  ASSERT_TRUE(old);
  EXPECT_EQ((*old)->ReadOutbox()->entries.size(), 1U);
}

TEST_F(SchemaUpgradeTest, NothingToDoMakesNoBackup) {
  MakeStore();
  ASSERT_TRUE(UpgradeSchemas(files_, keys()));
  EXPECT_FALSE(NewestBackup(files_));
}

// The process is killed at the first point, then at the second, … until it gets through. Each time
// both files are whole, of the old or of the new schema, and the next start goes on.
TEST_F(SchemaUpgradeTest, KilledAtEveryPoint) {
  MakeStore();
  const fs::path kept = temporary().path() / "kept";
  fs::copy(folder(), kept, fs::copy_options::recursive);
  int points = 0;
  for (int limit = 1;; ++limit) {
    SCOPED_TRACE(limit);
    fs::remove_all(folder());
    fs::copy(kept, folder(), fs::copy_options::recursive);
    const pid_t child = ::fork();
    if (child == 0) {
      int left = limit;
      const auto done = Upgrade([&left] {
        if (--left == 0) ::_exit(9);
      });
      ::_exit(done ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    const SchemaVersions between = VersionsOf(folder());
    EXPECT_TRUE(between.cache == old_.cache || between.cache == new_.cache);
    EXPECT_TRUE(between.authored == old_.authored || between.authored == new_.authored);
    ASSERT_TRUE(Upgrade());
    EXPECT_EQ(VersionsOf(folder()), new_);
    const auto backup = NewestBackup(files_);
    ASSERT_TRUE(backup);
    EXPECT_EQ(backup->versions, old_) << "the backup is not that of before the first step";
    EXPECT_EQ(VersionsOf(backup->folder), old_);
    points = limit;
    if (WEXITSTATUS(status) == 0) break;
    ASSERT_EQ(WEXITSTATUS(status), 9);
  }
  EXPECT_GT(points, 8);
}

TEST_F(SchemaUpgradeTest, FailingAtEveryPointChangesNothingOrOneStep) {
  MakeStore();
  for (int limit = 1; limit < 100; ++limit) {
    int left = limit;
    const auto done = Upgrade([&left] {
      if (--left == 0) throw std::runtime_error("injected");
    });
    if (done) {
      EXPECT_EQ(VersionsOf(folder()), new_);
      EXPECT_EQ(NewestBackup(files_)->versions, old_);
      return;
    }
    EXPECT_EQ(done.error().code, ErrorCode::kInternal);
  }
  FAIL() << "it never got through";
}

TEST_F(SchemaUpgradeTest, AStepThatFailsIsUndone) {
  MakeStore();
  const auto bad = WithStep(CacheMigrations(), "CREATE TABLE half (a INTEGER); SELECT nonsense");
  const auto done = UpgradeSchemas(files_, keys(), {bad, authored_steps_});
  ASSERT_FALSE(done);
  EXPECT_EQ(VersionsOf(folder()), old_);
  EXPECT_TRUE(TryOpen(folder()));
}

// RLIMIT_FSIZE stands for the full disk: the kernel refuses the write in the same way.
TEST_F(SchemaUpgradeTest, NoRoomForTheBackupIsTypedAndChangesNothing) {
  MakeStore();
  const auto before = test::ReadBytes(cache_file());
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{8 * 1024, 8 * 1024};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto done = Upgrade();
    ::_exit(!done && done.error().code == ErrorCode::kResourceExhausted ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(test::ReadBytes(cache_file()), before);
  EXPECT_EQ(VersionsOf(folder()), old_);
  EXPECT_FALSE(NewestBackup(files_));
  EXPECT_TRUE(TryOpen(folder()));
}

TEST_F(SchemaUpgradeTest, TheCacheReturnsSpaceAfterwards) {
  MakeStore();
  {
    Connection connection(cache_file(), cache_key_, Access::kWrite, Durability::kAuthored);
    connection.Execute("PRAGMA auto_vacuum = NONE");
    connection.Execute("VACUUM");
    ASSERT_EQ(connection.ReadInt("PRAGMA auto_vacuum"), 0);
    ASSERT_TRUE(connection.CheckpointAndTruncate());
  }
  ASSERT_TRUE(UpgradeSchemas(files_, keys()));
  EXPECT_EQ(Connection(cache_file(), cache_key_, Access::kProbe, Durability::kFetchable)
                .ReadInt("PRAGMA auto_vacuum"),
            2);
  EXPECT_TRUE((*TryOpen(folder()))->ReadMessage(MessageId("A/1")));
}

}  // namespace
}  // namespace hark::store
