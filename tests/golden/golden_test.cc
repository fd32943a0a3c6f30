// Every store that a released program wrote opens with this one and shows what it showed then, and
// goes back to what it was. Who adds a step or changes one finds here that its store is missing.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/store/connection.h"
#include "daemon/store/migrator.h"
#include "daemon/store/rollback.h"
#include "tests/golden/describe.h"
#include "tests/support/files.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

// One folder a schema (README.md): a new version only adds one.
std::vector<fs::path> GoldenFolders() {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(HARK_GOLDEN_FOLDER)) {
    if (fs::exists(entry.path() / "cache.db")) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end(), [](const fs::path& a, const fs::path& b) {
    return std::stoi(a.filename()) < std::stoi(b.filename());
  });
  return folders;
}

std::set<std::int64_t> NumbersOf(const std::vector<Migration>& steps) {
  std::set<std::int64_t> numbers;
  for (const Migration& step : steps) numbers.insert(step.version);
  return numbers;
}

class GoldenTest : public StoreFixture {
 protected:
  [[nodiscard]] auto OpenGolden(const fs::path& folder_of_files) {
    return TryOpen(folder_of_files, std::string(kGoldenKeyBytes, kGoldenCacheKey),
                   std::string(kGoldenKeyBytes, kGoldenAuthoredKey));
  }

  [[nodiscard]] fs::path Copy(const fs::path& golden) const {
    const fs::path copy = temporary().path() / golden.filename();
    fs::create_directory(copy);
    for (const char* name : {"cache.db", "authored.db"}) {
      fs::copy_file(golden / name, copy / name);
      // A checkout may be read-only; a store is not.
      fs::permissions(copy / name, fs::perms::owner_read | fs::perms::owner_write);
    }
    return copy;
  }

  [[nodiscard]] Connection Look(const fs::path& folder_of_files, File file) const {
    const bool is_cache = file == File::kCache;
    return {folder_of_files / (is_cache ? "cache.db" : "authored.db"),
            is_cache ? cache_key_ : authored_key_, Access::kProbe, Durability::kAuthored};
  }

  [[nodiscard]] SchemaVersions VersionsOf(const fs::path& folder_of_files) const {
    constexpr char kVersion[] = "PRAGMA user_version";
    return {Look(folder_of_files, File::kCache).ReadInt(kVersion),
            Look(folder_of_files, File::kAuthored).ReadInt(kVersion)};
  }

  // Tables, indexes, views and triggers with what made them.
  [[nodiscard]] std::string SchemaOf(const fs::path& folder_of_files, File file) const {
    return Look(folder_of_files, file)
        .ReadText(
            "SELECT group_concat(type || ' ' || name || ': ' || ifnull(sql, ''), char(10))"
            " FROM (SELECT * FROM sqlite_schema ORDER BY type, name)");
  }

  const Secret cache_key_{std::string(kGoldenKeyBytes, kGoldenCacheKey)};
  const Secret authored_key_{std::string(kGoldenKeyBytes, kGoldenAuthoredKey)};
};

// Fails for a new step until a store of it is added, as README.md says.
TEST_F(GoldenTest, EverySchemaNumberOfBothFilesHasAStore) {
  std::set<std::int64_t> cache;
  std::set<std::int64_t> authored;
  for (const fs::path& golden : GoldenFolders()) {
    const SchemaVersions versions = VersionsOf(Copy(golden));
    EXPECT_EQ(std::to_string(std::max(versions.cache, versions.authored)), golden.filename());
    cache.insert(versions.cache);
    authored.insert(versions.authored);
  }
  EXPECT_EQ(cache, NumbersOf(CacheMigrations()));
  EXPECT_EQ(authored, NumbersOf(AuthoredMigrations()));
}

// Fails when a step was changed after its store was made, and when a migrated store is not what a
// new one is.
TEST_F(GoldenTest, EveryOldStoreGetsTheSchemaOfANewOne) {
  const fs::path fresh = temporary().path() / "fresh";
  ASSERT_TRUE(OpenGolden(fresh));
  for (const fs::path& golden : GoldenFolders()) {
    SCOPED_TRACE(golden.string());
    const fs::path copy = Copy(golden);
    ASSERT_TRUE(OpenGolden(copy));
    for (const File file : {File::kCache, File::kAuthored})
      EXPECT_EQ(SchemaOf(copy, file), SchemaOf(fresh, file));
  }
}

TEST_F(GoldenTest, EveryOldStoreShowsWhatItShowed) {
  const auto folders = GoldenFolders();
  ASSERT_FALSE(folders.empty());
  for (const fs::path& golden : folders) {
    SCOPED_TRACE(golden.string());
    const fs::path copy = Copy(golden);
    const std::string expected = test::ReadBytes(golden / "expected.txt");
    {
      auto store = OpenGolden(copy);
      ASSERT_TRUE(store) << store.error().message;
      EXPECT_EQ(Describe(**store), expected);
    }
    // The second opening finds nothing to migrate.
    auto again = OpenGolden(copy);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(Describe(**again), expected);
  }
}

TEST_F(GoldenTest, EveryOldStoreGoesBackAndForward) {
  for (const fs::path& golden : GoldenFolders()) {
    SCOPED_TRACE(golden.string());
    const fs::path copy = Copy(golden);
    const SchemaVersions before = VersionsOf(copy);
    const std::string cache_schema = SchemaOf(copy, File::kCache);
    const std::string authored_schema = SchemaOf(copy, File::kAuthored);
    ASSERT_TRUE(OpenGolden(copy));
    const SchemaVersions now = VersionsOf(copy);
    const auto back = RollBack({copy, false}, {cache_key_, authored_key_}, WallTime{});
    if (before == now) {
      ASSERT_FALSE(back);
      EXPECT_EQ(back.error().code, ErrorCode::kNotFound);
      continue;
    }
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->from, now);
    EXPECT_EQ(back->to, before);
    EXPECT_EQ(back->entries_lost, 0U);
    EXPECT_EQ(VersionsOf(copy), before);
    EXPECT_EQ(SchemaOf(copy, File::kCache), cache_schema);
    EXPECT_EQ(SchemaOf(copy, File::kAuthored), authored_schema);
    auto again = OpenGolden(copy);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(Describe(**again), test::ReadBytes(golden / "expected.txt"));
  }
}

}  // namespace
}  // namespace hark::store
