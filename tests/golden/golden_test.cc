// Every store that a released program wrote opens with this one and shows what it showed then.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

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
  return folders;
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
};

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

}  // namespace
}  // namespace hark::store
