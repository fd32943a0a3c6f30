#include "daemon/keys/file_key_source.h"

#include <array>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"

namespace hark::keys {
namespace {

using ::hark::test::ModeOf;
using ::hark::test::NamesIn;
using ::hark::test::ReadBytes;
using ::hark::test::ScratchFolder;
using ::hark::test::WriteBytes;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class FileKeySourceTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path Folder() const { return folder_ / "keys"; }
  [[nodiscard]] std::filesystem::path KeyPath() const { return Folder() / "master.key"; }
  [[nodiscard]] std::filesystem::path SealedPath(const std::string& name) const {
    return Folder() / (name + ".sealed");
  }

  // A new object for each call, as after a restart.
  [[nodiscard]] FileKeySource Source() const { return FileKeySource(KeyPath()); }

  ScratchFolder folder_;
};

TEST_F(FileKeySourceTest, WithoutAFileThereIsNoKeyAndNoneIsMade) {
  const auto loaded = Source().LoadMasterKey();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(Folder()));
}

TEST_F(FileKeySourceTest, ACreatedKeyIsLoadedAgain) {
  const auto created = Source().CreateMasterKey();
  ASSERT_TRUE(created);
  EXPECT_EQ(created->bytes().size(), kMasterKeyBytes);
  const auto loaded = Source().LoadMasterKey();
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->Equals(created->bytes()));
  EXPECT_EQ(ModeOf(KeyPath()), 0600U);
  EXPECT_EQ(ModeOf(Folder()), 0700U);
}

TEST_F(FileKeySourceTest, TwoKeysDiffer) {
  const auto first = Source().CreateMasterKey();
  ASSERT_TRUE(first);
  const auto second = FileKeySource(Folder() / "other.key").CreateMasterKey();
  ASSERT_TRUE(second);
  EXPECT_FALSE(first->Equals(second->bytes()));
}

TEST_F(FileKeySourceTest, AnExistingKeyIsNotReplaced) {
  ASSERT_TRUE(Source().CreateMasterKey());
  const std::string before = ReadBytes(KeyPath());
  const auto again = Source().CreateMasterKey();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(ReadBytes(KeyPath()), before);
}

TEST_F(FileKeySourceTest, ADamagedFileIsNotReplacedByANewKey) {
  std::filesystem::create_directory(Folder());
  WriteBytes(KeyPath(), "");
  EXPECT_EQ(Source().CreateMasterKey().error().code, ErrorCode::kConflict);
  EXPECT_EQ(ReadBytes(KeyPath()), "");
}

TEST_F(FileKeySourceTest, RacingCreatorsGiveOneKey) {
  constexpr int kCreators = 16;
  std::array<Result<Secret>, kCreators> results;
  std::vector<std::thread> threads;
  threads.reserve(kCreators);
  for (auto& result : results) {
    threads.emplace_back([this, &result] { result = Source().CreateMasterKey(); });
  }
  for (auto& thread : threads) thread.join();

  const auto loaded = Source().LoadMasterKey();
  ASSERT_TRUE(loaded);
  int winners = 0;
  for (const auto& result : results) {
    if (result) {
      ++winners;
      EXPECT_TRUE(result->Equals(loaded->bytes()));
    } else {
      EXPECT_EQ(result.error().code, ErrorCode::kConflict);
    }
  }
  EXPECT_EQ(winners, 1);
  EXPECT_THAT(NamesIn(Folder()), Each(Not(EndsWith(".tmp"))));
}

TEST_F(FileKeySourceTest, EveryChangedBitOfTheKeyFileIsFound) {
  ASSERT_TRUE(Source().CreateMasterKey());
  const std::string good = ReadBytes(KeyPath());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string changed = good;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    WriteBytes(KeyPath(), changed);
    const auto loaded = Source().LoadMasterKey();
    ASSERT_FALSE(loaded) << "bit " << bit;
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
  }
}

TEST_F(FileKeySourceTest, EveryOtherLengthIsCorrupt) {
  ASSERT_TRUE(Source().CreateMasterKey());
  const std::string good = ReadBytes(KeyPath());
  for (std::size_t length = 0; length < good.size(); ++length) {
    WriteBytes(KeyPath(), good.substr(0, length));
    EXPECT_EQ(Source().LoadMasterKey().error().code, ErrorCode::kCorrupt) << length;
  }
  WriteBytes(KeyPath(), good + "x");
  EXPECT_EQ(Source().LoadMasterKey().error().code, ErrorCode::kCorrupt);
}

TEST_F(FileKeySourceTest, AnErrorSaysWhatIsWrongAndHoldsNoKey) {
  ASSERT_TRUE(Source().CreateMasterKey());
  std::string bytes = ReadBytes(KeyPath());
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  WriteBytes(KeyPath(), bytes);
  const auto loaded = Source().LoadMasterKey();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("damaged"));
  EXPECT_THAT(loaded.error().message, HasSubstr("master.key"));
  EXPECT_THAT(loaded.error().message, Not(HasSubstr(bytes.substr(8, 32))));
}

TEST_F(FileKeySourceTest, AKeyThatOthersMayReadIsRefused) {
  ASSERT_TRUE(Source().CreateMasterKey());
  ASSERT_EQ(::chmod(KeyPath().c_str(), 0640), 0);
  EXPECT_EQ(Source().LoadMasterKey().error().code, ErrorCode::kCorrupt);
}

TEST_F(FileKeySourceTest, ASecretSurvivesARestart) {
  ASSERT_TRUE(Source().CreateMasterKey());
  ASSERT_TRUE(Source().StoreSecret("session", Secret(std::string("the-token-of-the-user"))));
  const auto loaded = Source().LoadSecret("session");
  ASSERT_TRUE(loaded);
  ASSERT_TRUE(*loaded);
  EXPECT_EQ((*loaded)->bytes(), "the-token-of-the-user");
}

TEST_F(FileKeySourceTest, NothingOnDiskShowsASecretOrAKeyDerivedForIt) {
  const auto master = Source().CreateMasterKey();
  ASSERT_TRUE(master);
  ASSERT_TRUE(Source().StoreSecret("session", Secret(std::string("the-token-of-the-user"))));
  const std::string sealed = ReadBytes(SealedPath("session"));
  EXPECT_THAT(sealed, Not(HasSubstr("token")));
  EXPECT_THAT(sealed, Not(HasSubstr(std::string(master->bytes()))));
  EXPECT_EQ(ModeOf(SealedPath("session")), 0600U);
}

TEST_F(FileKeySourceTest, StoringAgainReplacesTheSecret) {
  ASSERT_TRUE(Source().CreateMasterKey());
  ASSERT_TRUE(Source().StoreSecret("session", Secret(std::string("old"))));
  ASSERT_TRUE(Source().StoreSecret("session", Secret(std::string("new"))));
  const auto loaded = Source().LoadSecret("session");
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->bytes(), "new");
  EXPECT_THAT(NamesIn(Folder()), UnorderedElementsAre("master.key", "session.sealed"));
}

TEST_F(FileKeySourceTest, AnEmptySecretIsNotTheSameAsNone) {
  ASSERT_TRUE(Source().CreateMasterKey());
  ASSERT_TRUE(Source().StoreSecret("session", Secret()));
  const auto loaded = Source().LoadSecret("session");
  ASSERT_TRUE(loaded);
  ASSERT_TRUE(*loaded);
  EXPECT_TRUE((*loaded)->empty());
}

TEST_F(FileKeySourceTest, AMissingSecretIsNone) {
  const auto without_key = Source().LoadSecret("session");
  ASSERT_TRUE(without_key);
  EXPECT_FALSE(*without_key);
}

TEST_F(FileKeySourceTest, OneSecretCannotBePassedOffAsAnother) {
  ASSERT_TRUE(Source().CreateMasterKey());
  ASSERT_TRUE(Source().StoreSecret("session", Secret(std::string("token"))));
  std::filesystem::rename(SealedPath("session"), SealedPath("other"));
  EXPECT_EQ(Source().LoadSecret("other").error().code, ErrorCode::kCorrupt);
}

TEST_F(FileKeySourceTest, ASecretOfAnotherMasterKeyIsCorruptAndLeftAlone) {
  ASSERT_TRUE(Source().CreateMasterKey());
  ASSERT_TRUE(Source().StoreSecret("session", Secret(std::string("token"))));
  const std::string before = ReadBytes(SealedPath("session"));
  std::filesystem::remove(KeyPath());
  EXPECT_EQ(Source().LoadSecret("session").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(Source().CreateMasterKey());
  EXPECT_EQ(Source().LoadSecret("session").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(ReadBytes(SealedPath("session")), before);
}

TEST_F(FileKeySourceTest, WithoutAMasterKeyNothingIsStored) {
  EXPECT_EQ(Source().StoreSecret("session", Secret(std::string("token"))).error().code,
            ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(Folder()));
}

TEST_F(FileKeySourceTest, ASecretHasALargestLength) {
  ASSERT_TRUE(Source().CreateMasterKey());
  EXPECT_TRUE(Source().StoreSecret("session", Secret(std::string(kSecretMaxBytes, 's'))));
  EXPECT_TRUE(Source().LoadSecret("session"));
  EXPECT_EQ(
      Source().StoreSecret("session", Secret(std::string(kSecretMaxBytes + 1, 's'))).error().code,
      ErrorCode::kInvalidArgument);
}

TEST_F(FileKeySourceTest, AnErasedSecretIsGoneAndErasingAgainIsNoError) {
  ASSERT_TRUE(Source().CreateMasterKey());
  ASSERT_TRUE(Source().StoreSecret("session", Secret(std::string("token"))));
  ASSERT_TRUE(Source().EraseSecret("session"));
  const auto loaded = Source().LoadSecret("session");
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(*loaded);
  EXPECT_TRUE(Source().EraseSecret("session"));
  EXPECT_THAT(NamesIn(Folder()), UnorderedElementsAre("master.key"));
}

TEST_F(FileKeySourceTest, ANameCannotLeadOutOfTheFolder) {
  ASSERT_TRUE(Source().CreateMasterKey());
  const std::vector<std::string> names = {
      "", "../x", "a/b", "A", "a.b", std::string("a\0b", 3), std::string(65, 'a')};
  for (const std::string& name : names) {
    EXPECT_EQ(Source().StoreSecret(name, Secret(std::string("x"))).error().code,
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(Source().LoadSecret(name).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(Source().EraseSecret(name).error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace hark::keys
