// The file that a backup is.

#include "daemon/account/backup_file.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"

namespace hark::account {
namespace {

class BackupFileTest : public testing::Test {
 protected:
  std::string Make(const std::string& passphrase) {
    const BackupInfo info{UserId("ada"), "ws://backend", WallTime(std::chrono::milliseconds(5)), 3,
                          4};
    const std::string bytes =
        MakeBackupHeader(info, data_key_, account_key_, Secret(std::string(passphrase))) +
        "abcdefg";
    test::WriteBytes(file_, bytes);
    return bytes;
  }
  [[nodiscard]] Result<OpenedBackup> Open(const Secret& key, const std::string& passphrase = "") {
    return OpenBackup(file_, key, Secret(std::string(passphrase)));
  }

  test::ScratchFolder folder_;
  const std::filesystem::path file_ = folder_ / "a.backup";
  const Secret data_key_ = Secret::Random(32);
  const Secret account_key_ = Secret::Random(32);
  const Secret other_key_ = Secret::Random(32);
};

TEST_F(BackupFileTest, OpensWithTheAccountsKey) {
  const std::string bytes = Make("");
  const auto opened = Open(account_key_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->info.user, UserId("ada"));
  EXPECT_EQ(opened->info.backend_url, "ws://backend");
  EXPECT_EQ(opened->info.made_at.time_since_epoch().count(), 5);
  EXPECT_EQ(opened->info.cache_bytes, 3U);
  EXPECT_EQ(opened->header_bytes, bytes.size() - 7);
  EXPECT_TRUE(opened->data_key.Equals(data_key_.bytes()));
  EXPECT_EQ(bytes.find("ada"), std::string::npos);
  EXPECT_EQ(bytes.find("backend"), std::string::npos);
  ASSERT_TRUE(ExtractPart(file_, opened->header_bytes + 3, 4, folder_ / "part"));
  EXPECT_EQ(test::ReadBytes(folder_ / "part"), "defg");
  EXPECT_EQ(ExtractPart(file_, opened->header_bytes + 4, 4, folder_ / "more").error().code,
            ErrorCode::kCorrupt);
}

TEST_F(BackupFileTest, OrWithThePassphraseAndNothingElse) {
  Make("correct horse");
  EXPECT_TRUE(Open(other_key_, "correct horse"));
  EXPECT_TRUE(Open(account_key_, "whatever")) << "the key is enough";
  for (const char* wrong : {"", "correct horse ", "wrong horse"})
    EXPECT_EQ(Open(other_key_, wrong).error().code, ErrorCode::kInvalidArgument) << wrong;
  Make("");
  EXPECT_FALSE(Open(other_key_, std::string(8, '\0')));
}

TEST_F(BackupFileTest, EveryChangedOrMissingByteOfTheHeadIsSeen) {
  const std::string bytes = Make("");
  const std::size_t passphrase_begins = 8 + 16 + 68;
  for (std::size_t i = 0; i < bytes.size() - 7; ++i) {
    // What is sealed under the passphrase is not looked at when the key is there.
    if (i >= passphrase_begins && i < passphrase_begins + 68) continue;
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    test::WriteBytes(file_, changed);
    EXPECT_EQ(Open(account_key_).error().code, ErrorCode::kInvalidArgument) << i;
  }
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    test::WriteBytes(file_, bytes.substr(0, length));
    EXPECT_FALSE(Open(account_key_)) << length;
  }
  test::WriteBytes(file_, bytes + "x");
  EXPECT_FALSE(Open(account_key_));
}

TEST_F(BackupFileTest, AnUploadThatBeginsOtherwiseIsRefusedAtOnce) {
  {
    const auto upload = MakeUpload(folder_.path());
    ASSERT_TRUE(upload);
    EXPECT_TRUE((*upload)->Append("HARK"));
    EXPECT_TRUE((*upload)->Append("BAK1 and what follows"));
    EXPECT_EQ(test::ReadBytes(FileOf(**upload)), "HARKBAK1 and what follows");
    const auto other = MakeUpload(folder_.path());
    ASSERT_TRUE(other);
    EXPECT_EQ((*other)->Append("HARKX").error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(FileOf(**upload), FileOf(**other));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace
}  // namespace hark::account
