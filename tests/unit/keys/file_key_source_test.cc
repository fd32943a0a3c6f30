#include "daemon/keys/file_key_source.h"

#include <array>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/limits.h"
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

const KeyLabel kFirst{"store-a", 1};
const KeyLabel kSecond{"store-a", 2};
const KeyLabel kOther{"store-b", 1};

class FileKeySourceTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path Folder() const { return folder_ / "keys"; }
  [[nodiscard]] std::filesystem::path KeyPath() const { return Folder() / "master.key"; }

  // A new object for each call, as after a restart.
  [[nodiscard]] FileKeySource Source() const { return FileKeySource(KeyPath()); }

  [[nodiscard]] std::vector<KeyLabel> LabelsFor(const std::string& store) const {
    std::vector<KeyLabel> labels;
    const auto found = Source().Load(store);
    if (!found) return labels;
    for (const FoundKey& one : *found) labels.push_back(one.label);
    return labels;
  }

  // As it was written before there were labels.
  void WriteOldFile(const Secret& key) const {
    const Secret check = DeriveKey(key, "hark/key-check/1");
    std::filesystem::create_directory(Folder());
    ::chmod(Folder().c_str(), 0700);
    WriteBytes(KeyPath(),
               "HARKKEY1" + std::string(key.bytes()) + std::string(check.bytes().substr(0, 16)));
  }

  ScratchFolder folder_;
};

TEST_F(FileKeySourceTest, WithoutAFileThereIsNoKeyAndNoneIsMade) {
  const auto loaded = Source().Load("store-a");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(Folder()));
}

TEST_F(FileKeySourceTest, ACreatedKeyIsLoadedAgain) {
  const auto created = Source().Create(kFirst);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->bytes().size(), kMasterKeyBytes);
  const auto loaded = Source().Load("store-a");
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->size(), 1U);
  EXPECT_EQ(loaded->front().label, kFirst);
  EXPECT_TRUE(loaded->front().key.Equals(created->bytes()));
  EXPECT_EQ(ModeOf(KeyPath()), 0600U);
  EXPECT_EQ(ModeOf(Folder()), 0700U);
}

TEST_F(FileKeySourceTest, KeysStandBesideEachOther) {
  const auto first = Source().Create(kFirst);
  const auto other = Source().Create(kOther);
  const auto second = Source().Create(kSecond);
  ASSERT_TRUE(first && other && second);
  EXPECT_FALSE(first->Equals(second->bytes()));
  EXPECT_THAT(LabelsFor("store-a"), testing::UnorderedElementsAre(kFirst, kSecond));
  EXPECT_THAT(LabelsFor("store-b"), testing::ElementsAre(kOther));
}

TEST_F(FileKeySourceTest, AKeyOfAnotherStoreIsShownWhenThereIsNoneOfThisOne) {
  ASSERT_TRUE(Source().Create(kOther));
  EXPECT_THAT(LabelsFor("store-a"), testing::ElementsAre(kOther));
}

TEST_F(FileKeySourceTest, ErasingKeepsTheKeyThatIsMeantAndThoseOfOthers) {
  ASSERT_TRUE(Source().Create(kFirst) && Source().Create(kOther) && Source().Create(kSecond));
  ASSERT_TRUE(Source().Erase("store-a", 2, Secret()));
  EXPECT_THAT(LabelsFor("store-a"), testing::ElementsAre(kSecond));
  EXPECT_THAT(LabelsFor("store-b"), testing::ElementsAre(kOther));
  ASSERT_TRUE(Source().Erase("store-a", std::nullopt, Secret()));
  ASSERT_TRUE(Source().Erase("store-b", std::nullopt, Secret()));
  EXPECT_FALSE(std::filesystem::exists(KeyPath()));
}

TEST_F(FileKeySourceTest, AKeyFromBeforeThereWereLabelsIsLoadedAndStaysUntilItIsNamed) {
  const Secret old = Secret::Random(kMasterKeyBytes);
  WriteOldFile(old);
  EXPECT_THAT(LabelsFor("store-a"), testing::ElementsAre(KeyLabel{}));
  ASSERT_TRUE(Source().Create(kSecond));
  EXPECT_THAT(LabelsFor("store-a"), testing::UnorderedElementsAre(KeyLabel{}, kSecond));
  // It may be another installation's.
  ASSERT_TRUE(Source().Erase("store-a", 2, Secret()));
  EXPECT_THAT(LabelsFor("store-a"), testing::UnorderedElementsAre(KeyLabel{}, kSecond));
  ASSERT_TRUE(Source().Erase("store-a", 2, old));
  EXPECT_THAT(LabelsFor("store-a"), testing::ElementsAre(kSecond));
}

TEST_F(FileKeySourceTest, ADamagedFileIsNotReplacedByANewKey) {
  std::filesystem::create_directory(Folder());
  ::chmod(Folder().c_str(), 0700);
  WriteBytes(KeyPath(), "");
  EXPECT_EQ(Source().Create(kFirst).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(ReadBytes(KeyPath()), "");
}

TEST_F(FileKeySourceTest, OfRacingInstallationsNoneLosesItsKey) {
  constexpr std::size_t kCreators = 12;
  std::array<Result<Secret>, kCreators> results;
  std::vector<std::thread> threads;
  threads.reserve(kCreators);
  for (std::size_t i = 0; i < kCreators; ++i) {
    threads.emplace_back(
        [this, i, &results] { results[i] = Source().Create({"store-" + std::to_string(i), 1}); });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < kCreators; ++i) {
    ASSERT_TRUE(results[i]);
    const auto loaded = Source().Load("store-" + std::to_string(i));
    ASSERT_TRUE(loaded);
    EXPECT_TRUE(loaded->front().key.Equals(results[i]->bytes()));
  }
  EXPECT_THAT(NamesIn(Folder()), Each(Not(EndsWith(".tmp"))));
}

TEST_F(FileKeySourceTest, AFullFileTakesNoMoreAndLosesNothing) {
  for (std::size_t i = 0; i < limits::kKeysInFile; ++i)
    ASSERT_TRUE(Source().Create({"store-" + std::to_string(i), 1}));
  const std::string before = ReadBytes(KeyPath());
  EXPECT_EQ(Source().Create(kFirst).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(ReadBytes(KeyPath()), before);
}

TEST_F(FileKeySourceTest, EveryChangedBitOfTheKeyFileIsFound) {
  ASSERT_TRUE(Source().Create(kFirst) && Source().Create(kSecond));
  const std::string good = ReadBytes(KeyPath());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string changed = good;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    WriteBytes(KeyPath(), changed);
    const auto loaded = Source().Load("store-a");
    ASSERT_FALSE(loaded) << "bit " << bit;
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
  }
}

TEST_F(FileKeySourceTest, EveryOtherLengthIsCorrupt) {
  ASSERT_TRUE(Source().Create(kFirst) && Source().Create(kSecond));
  const std::string good = ReadBytes(KeyPath());
  for (std::size_t length = 0; length < good.size(); ++length) {
    WriteBytes(KeyPath(), good.substr(0, length));
    EXPECT_EQ(Source().Load("store-a").error().code, ErrorCode::kCorrupt) << length;
  }
  WriteBytes(KeyPath(), good + "x");
  EXPECT_EQ(Source().Load("store-a").error().code, ErrorCode::kCorrupt);
}

TEST_F(FileKeySourceTest, AnErrorSaysWhatIsWrongAndHoldsNoKey) {
  const auto key = Source().Create(kFirst);
  ASSERT_TRUE(key);
  std::string bytes = ReadBytes(KeyPath());
  bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
  WriteBytes(KeyPath(), bytes);
  const auto loaded = Source().Load("store-a");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("damaged"));
  EXPECT_THAT(loaded.error().message, HasSubstr("master.key"));
  EXPECT_THAT(loaded.error().message, Not(HasSubstr(std::string(key->bytes()))));
}

TEST_F(FileKeySourceTest, AKeyThatOthersMayReadIsRefused) {
  ASSERT_TRUE(Source().Create(kFirst));
  ASSERT_EQ(::chmod(KeyPath().c_str(), 0640), 0);
  EXPECT_EQ(Source().Load("store-a").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace hark::keys
