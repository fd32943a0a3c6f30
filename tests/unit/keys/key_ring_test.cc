#include "daemon/keys/key_ring.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"

namespace hark::keys {
namespace {

using ::hark::test::ReadBytes;
using ::hark::test::WriteBytes;
using ::testing::HasSubstr;
using ::testing::Not;

class KeyRingTest : public ::testing::Test {
 protected:
  KeyRingTest() {
    ring_.kind = KeyKind::kSecretService;
    ring_.label = {"0190b0a0-0000-7000-8000-000000000001", 3};
    content_.names = Secret(std::string(32, 'n'));
    AccountKeys account;
    account.made = true;
    account.files.emplace("cache.db", FileKeys{{4, Secret(std::string(32, 'c'))},
                                               FileKey{5, Secret(std::string(32, 'd'))}});
    account.files.emplace("authored.db", FileKeys{{1, Secret(std::string(32, 'a'))}, {}});
    content_.accounts.emplace("folder", std::move(account));
    content_.secrets.emplace("session", Secret(std::string("who-is-signed-in")));
    SealContent(ring_, master_, content_);
  }

  [[nodiscard]] std::filesystem::path File() const { return folder_ / "keyring"; }
  [[nodiscard]] std::filesystem::path Copy() const { return folder_ / "keyring.copy"; }

  test::ScratchFolder folder_;
  const Secret master_ = Secret::Random(kMasterKeyBytes);
  KeyRing ring_;
  RingContent content_;
};

TEST_F(KeyRingTest, WhatIsWrittenIsReadAgain) {
  ASSERT_TRUE(WriteKeyRing(folder_.path(), ring_, {}));
  const auto read = ReadKeyRing(folder_.path());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, KeyKind::kSecretService);
  EXPECT_EQ(read->label, ring_.label);
  EXPECT_EQ(read->check, CheckValue(master_, ring_.label));
  const auto content = UnsealContent(*read, master_);
  ASSERT_TRUE(content);
  const AccountKeys& account = content->accounts.at("folder");
  EXPECT_TRUE(account.made);
  EXPECT_EQ(account.files.at("cache.db").current.generation, 4U);
  EXPECT_TRUE(account.files.at("cache.db").next->key.Equals(std::string(32, 'd')));
  EXPECT_FALSE(account.files.at("authored.db").next);
  EXPECT_TRUE(content->secrets.at("session").Equals("who-is-signed-in"));
  EXPECT_EQ(test::ModeOf(File()), 0600U);
  EXPECT_EQ(ReadBytes(File()), ReadBytes(Copy()));
}

// From its first copy on the new ring counts, so that is no failure: who was told of one would go
// on with keys that are no more.
TEST_F(KeyRingTest, WhatTheSecondCopyDoesNotTakeCountsAllTheSame) {
  ASSERT_TRUE(WriteKeyRing(folder_.path(), ring_, {}));
  std::filesystem::remove(Copy());
  std::filesystem::create_directories(std::filesystem::path(Copy()) / "in the way");
  ring_.label.generation += 1;
  ring_.check = CheckValue(master_, ring_.label);
  ASSERT_TRUE(WriteKeyRing(folder_.path(), ring_, {}));
  EXPECT_EQ(ReadKeyRing(folder_.path())->label, ring_.label);
}

TEST_F(KeyRingTest, NothingOfTheContentIsReadable) {
  ASSERT_TRUE(WriteKeyRing(folder_.path(), ring_, {}));
  const std::string bytes = ReadBytes(File());
  for (const char* part :
       {"cccccccc", "6363636363636363", "session", "who-is", "77686f2d", "cache.db", "folder"})
    EXPECT_THAT(bytes, Not(HasSubstr(part)));
}

TEST_F(KeyRingTest, EveryChangedBitIsFoundAndTheOtherCopyServes) {
  ASSERT_TRUE(WriteKeyRing(folder_.path(), ring_, {}));
  const std::string good = ReadBytes(File());
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 3) {
    std::string changed = good;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    WriteBytes(File(), changed);
    const auto read = ReadKeyRing(folder_.path());
    ASSERT_TRUE(read) << "bit " << bit;
    ASSERT_TRUE(UnsealContent(*read, master_));
    WriteBytes(Copy(), changed);
    EXPECT_EQ(ReadKeyRing(folder_.path()).error().code, ErrorCode::kCorrupt) << "bit " << bit;
    WriteBytes(Copy(), good);
  }
}

TEST_F(KeyRingTest, CopiesAreMadeAlikeAgain) {
  ASSERT_TRUE(WriteKeyRing(folder_.path(), ring_, {}));
  const std::string good = ReadBytes(File());
  WriteBytes(File(), "");
  std::filesystem::remove(Copy());
  EXPECT_FALSE(ReadKeyRing(folder_.path()));
  WriteBytes(Copy(), good);
  const auto read = ReadKeyRing(folder_.path());
  ASSERT_TRUE(read);
  ASSERT_TRUE(MendKeyRing(folder_.path(), *read));
  EXPECT_EQ(ReadBytes(File()), good);
}

TEST_F(KeyRingTest, AnotherKeyOpensNothing) {
  EXPECT_EQ(UnsealContent(ring_, Secret::Random(kMasterKeyBytes)).error().code,
            ErrorCode::kCorrupt);
  KeyRing renamed = ring_;
  renamed.label.generation = 4;
  EXPECT_EQ(UnsealContent(renamed, master_).error().code, ErrorCode::kCorrupt);
}

TEST_F(KeyRingTest, ARecoveryCodeOpensTheKeyItWasMadeForAndNoOther) {
  const Secret code(std::string("a-code"));
  SealRecovery(ring_, master_, code);
  const auto master = UnsealRecovery(ring_, code);
  ASSERT_TRUE(master);
  EXPECT_TRUE(master->Equals(master_.bytes()));
  EXPECT_FALSE(UnsealRecovery(ring_, Secret(std::string("b-code"))));
  KeyRing later = ring_;
  ++later.label.generation;
  EXPECT_FALSE(UnsealRecovery(later, code));
}

TEST_F(KeyRingTest, ThereIsNoneInAnEmptyFolder) {
  EXPECT_EQ(ReadKeyRing(folder_.path()).error().code, ErrorCode::kNotFound);
}

TEST_F(KeyRingTest, AFullKeyRingIsRefusedAndTheOldOneStays) {
  ASSERT_TRUE(WriteKeyRing(folder_.path(), ring_, {}));
  const std::string before = ReadBytes(File());
  content_.secrets.emplace("large", Secret(std::string(limits::kKeyRingBytes, 'x')));
  SealContent(ring_, master_, content_);
  EXPECT_EQ(WriteKeyRing(folder_.path(), ring_, {}).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(ReadBytes(File()), before);
}

}  // namespace
}  // namespace hark::keys
