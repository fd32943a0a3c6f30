#include "daemon/keys/private_file.h"

#include <csignal>
#include <string>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"
#include "tests/unit/keys/other_user.h"

namespace hark::keys {
namespace {

using ::hark::test::ModeOf;
using ::hark::test::NamesIn;
using ::hark::test::ReadBytes;
using ::hark::test::ScratchFolder;
using ::hark::test::WriteBytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kMax = 100;

TEST(PrivateFile, IsReadBackWhole) {
  const ScratchFolder folder;
  ASSERT_TRUE(CreatePrivateFile(folder / "f", std::string("a\0b", 3)));
  const auto read = ReadPrivateFile(folder / "f", kMax);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->bytes(), std::string("a\0b", 3));
}

TEST(PrivateFile, OfExactlyTheAllowedLengthIsReadAndOneByteMoreIsRefused) {
  const ScratchFolder folder;
  ASSERT_TRUE(CreatePrivateFile(folder / "f", std::string(kMax, 'x')));
  EXPECT_TRUE(ReadPrivateFile(folder / "f", kMax));
  const auto longer = ReadPrivateFile(folder / "f", kMax - 1);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, ErrorCode::kCorrupt);
}

TEST(PrivateFile, AndItsFolderAreMadeForThisUserAlone) {
  const ScratchFolder folder;
  ASSERT_TRUE(CreatePrivateFile(folder / "keys" / "f", "x"));
  EXPECT_EQ(ModeOf(folder / "keys"), 0700U);
  EXPECT_EQ(ModeOf(folder / "keys" / "f"), 0600U);
}

TEST(PrivateFile, LeavesNoTemporaryFileBehind) {
  const ScratchFolder folder;
  ASSERT_TRUE(CreatePrivateFile(folder / "f", "1"));
  ASSERT_TRUE(ReplacePrivateFile(folder / "f", "2"));
  ASSERT_FALSE(CreatePrivateFile(folder / "f", "3"));
  EXPECT_THAT(NamesIn(folder.path()), ElementsAre("f"));
}

TEST(PrivateFile, IsNotCreatedOverAnother) {
  const ScratchFolder folder;
  ASSERT_TRUE(CreatePrivateFile(folder / "f", "first"));
  const auto second = CreatePrivateFile(folder / "f", "second");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_EQ(ReadBytes(folder / "f"), "first");
}

TEST(PrivateFile, IsNotCreatedThroughADanglingLink) {
  const ScratchFolder folder;
  std::filesystem::create_symlink(folder / "elsewhere", folder / "f");
  const auto created = CreatePrivateFile(folder / "f", "x");
  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code, ErrorCode::kConflict);
  EXPECT_FALSE(std::filesystem::exists(folder / "elsewhere"));
}

TEST(PrivateFile, ReplacesALinkAndNotWhatItPointsTo) {
  const ScratchFolder folder;
  WriteBytes(folder / "elsewhere", "precious");
  std::filesystem::create_symlink(folder / "elsewhere", folder / "f");
  ASSERT_TRUE(ReplacePrivateFile(folder / "f", "x"));
  EXPECT_EQ(ReadBytes(folder / "elsewhere"), "precious");
  EXPECT_FALSE(std::filesystem::is_symlink(folder / "f"));
}

TEST(PrivateFile, ThatIsMissingIsNotFound) {
  const ScratchFolder folder;
  EXPECT_EQ(ReadPrivateFile(folder / "f", kMax).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadPrivateFile(folder / "no" / "f", kMax).error().code, ErrorCode::kNotFound);
}

TEST(PrivateFile, BehindALinkIsRefused) {
  const ScratchFolder folder;
  ASSERT_TRUE(CreatePrivateFile(folder / "real", "x"));
  std::filesystem::create_symlink(folder / "real", folder / "f");
  const auto read = ReadPrivateFile(folder / "f", kMax);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(read.error().message, HasSubstr("symbolic link"));
}

TEST(PrivateFile, ThatOthersMayReadWriteOrRunIsRefused) {
  const ScratchFolder folder;
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0700U, 0644U, 0666U}) {
    WriteBytes(folder / "f", "x", mode);
    const auto read = ReadPrivateFile(folder / "f", kMax);
    ASSERT_FALSE(read) << std::oct << mode;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(ModeOf(folder / "f"), mode) << "an error must change nothing";
  }
}

TEST(PrivateFile, InAFolderThatOthersMayWriteIsRefused) {
  const ScratchFolder folder;
  WriteBytes(folder / "f", "x");
  for (const mode_t mode : {0770U, 0702U, 0777U, 01777U}) {
    ::chmod(folder.path().c_str(), mode);
    EXPECT_EQ(ReadPrivateFile(folder / "f", kMax).error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(CreatePrivateFile(folder / "g", "x").error().code, ErrorCode::kCorrupt);
  }
}

TEST(PrivateFile, ThatIsAFolderOrAFifoIsRefusedWithoutWaiting) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "folder");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(ReadPrivateFile(folder / "folder", kMax).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(ReadPrivateFile(folder / "fifo", kMax).error().code, ErrorCode::kCorrupt);
}

TEST(PrivateFile, OfAnotherUserIsRefused) {
  if (!hark::test::IsRoot()) GTEST_SKIP() << "only root can give a file to another user";
  const ScratchFolder folder;
  WriteBytes(folder / "f", "x");
  ASSERT_EQ(::chown((folder / "f").c_str(), hark::test::kOtherUid, hark::test::kOtherUid), 0);
  const auto read = ReadPrivateFile(folder / "f", kMax);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(read.error().message, HasSubstr("another user"));
}

TEST(PrivateFile, OutOfReachIsAnErrorAndNotAMissingKey) {
  if (!hark::test::IsRoot()) GTEST_SKIP() << "needs a second user";
  const ScratchFolder folder;  // 0700 and root's
  WriteBytes(folder / "f", "x");
  const int code = hark::test::RunAsUser(hark::test::kOtherUid, [&] {
    const auto read = ReadPrivateFile(folder / "f", kMax);
    return !read && read.error().code == ErrorCode::kInternal ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

// A file size limit stands in for a full disk.
TEST(PrivateFile, ThatCannotBeWrittenWholeLeavesTheOldOne) {
  const ScratchFolder folder;
  ASSERT_TRUE(CreatePrivateFile(folder / "f", "old"));
  const int code = hark::test::RunAsUser(::geteuid(), [&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit{10, 10};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    return ReplacePrivateFile(folder / "f", std::string(50, 'n')) ? 1 : 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(ReadBytes(folder / "f"), "old");
  EXPECT_THAT(NamesIn(folder.path()), ElementsAre("f"));
}

TEST(PrivateFile, IsRemovedTogetherWithWhatACrashLeft) {
  const ScratchFolder folder;
  ASSERT_TRUE(CreatePrivateFile(folder / "f", "x"));
  WriteBytes(folder / "f.0123456789abcdef.tmp", "half");
  WriteBytes(folder / "g", "other");
  ASSERT_TRUE(RemovePrivateFile(folder / "f"));
  EXPECT_THAT(NamesIn(folder.path()), ElementsAre("g"));
  EXPECT_TRUE(RemovePrivateFile(folder / "f")) << "there is none: no error";
  EXPECT_TRUE(RemovePrivateFile(folder / "no" / "f"));
}

// Killed at any moment, a replacement leaves one version or the other.
TEST(PrivateFile, SurvivesAKillWhileItIsReplaced) {
  const ScratchFolder folder;
  const std::string first(3000, '1');
  const std::string second(3000, '2');
  ASSERT_TRUE(CreatePrivateFile(folder / "f", first));
  for (int kill_after = 0; kill_after < 20; ++kill_after) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (;;) {
        (void)ReplacePrivateFile(folder / "f", first);
        if (::write(ready[1], "x", 1) != 1) ::_exit(1);
        (void)ReplacePrivateFile(folder / "f", second);
      }
    }
    char byte = 0;
    for (int i = 0; i <= kill_after % 3; ++i) ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
    const auto read = ReadPrivateFile(folder / "f", 3000);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->bytes() == first || read->bytes() == second);
  }
  ASSERT_TRUE(RemovePrivateFile(folder / "f"));
  EXPECT_THAT(NamesIn(folder.path()), IsEmpty());
}

}  // namespace
}  // namespace hark::keys
