#include "daemon/keys/credential_key_source.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"

namespace hark::keys {
namespace {

using ::hark::test::WriteBytes;

class CredentialKeySourceTest : public ::testing::Test {
 protected:
  // As systemd makes them.
  void Pass(const std::string& name, const std::string& bytes) {
    WriteBytes(folder_ / name, bytes, 0400);
  }
  [[nodiscard]] CredentialKeySource Source() const { return CredentialKeySource(folder_.path()); }

  test::ScratchFolder folder_;
  const KeyLabel first_{"store", 1};
  const KeyLabel second_{"store", 2};
};

TEST_F(CredentialKeySourceTest, WithoutACredentialThereIsNoKey) {
  EXPECT_FALSE(Source().IsThere());
  EXPECT_EQ(Source().Load("store").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(CredentialKeySource("").Load("store").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Source().Create(first_).error().code, ErrorCode::kPrecondition);
}

TEST_F(CredentialKeySourceTest, TheKeyIsMadeOfAllBytesOfTheCredential) {
  Pass("hark.key", std::string(40, 'a') + "b");
  EXPECT_TRUE(Source().IsThere());
  const auto key = Source().Create(first_);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->bytes().size(), kMasterKeyBytes);
  const auto loaded = Source().Load("store");
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->front().key.Equals(key->bytes()));
  std::filesystem::remove(folder_ / "hark.key");
  Pass("hark.key", std::string(40, 'a') + "c");
  EXPECT_FALSE(Source().Load("store")->front().key.Equals(key->bytes()));
}

TEST_F(CredentialKeySourceTest, ALaterGenerationIsTheNextCredential) {
  Pass("hark.key", std::string(32, 'a'));
  const auto first = Source().Create(first_);
  // Without another one it is the same key, which a rotation refuses.
  EXPECT_TRUE(Source().Create(second_)->Equals(first->bytes()));
  Pass("hark.key.next", std::string(32, 'n'));
  const auto next = Source().Create(second_);
  ASSERT_TRUE(next);
  EXPECT_FALSE(next->Equals(first->bytes()));
  EXPECT_EQ(Source().Load("store")->size(), 2U);
}

TEST_F(CredentialKeySourceTest, WhatIsTooShortOrTooLongOrForOthersToReadIsNoKey) {
  Pass("hark.key", std::string(31, 'a'));
  EXPECT_EQ(Source().Load("store").error().code, ErrorCode::kCorrupt);
  std::filesystem::remove(folder_ / "hark.key");
  Pass("hark.key", std::string(4'097, 'a'));
  EXPECT_EQ(Source().Load("store").error().code, ErrorCode::kCorrupt);
  std::filesystem::remove(folder_ / "hark.key");
  WriteBytes(folder_ / "hark.key", std::string(32, 'a'), 0440);
  EXPECT_EQ(Source().Load("store").error().code, ErrorCode::kCorrupt);
}

TEST_F(CredentialKeySourceTest, NothingIsEverWritten) {
  Pass("hark.key", std::string(32, 'a'));
  EXPECT_EQ(Source().Put(first_, Secret::Random(32)).error().code, ErrorCode::kPrecondition);
  EXPECT_TRUE(Source().Erase("store", std::nullopt, Secret()));
  EXPECT_EQ(test::ReadBytes(folder_ / "hark.key"), std::string(32, 'a'));
  EXPECT_FALSE(Source().keeps_tokens());
}

}  // namespace
}  // namespace hark::keys
