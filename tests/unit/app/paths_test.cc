#include "daemon/app/paths.h"

#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"
#include "tests/unit/keys/other_user.h"

namespace hark::app {
namespace {

namespace fs = std::filesystem;
using ::hark::test::IsRoot;
using ::hark::test::kOtherUid;
using ::hark::test::ModeOf;
using ::hark::test::RunAsUser;
using ::hark::test::ScratchFolder;
using ::hark::test::WriteBytes;
using ::testing::HasSubstr;

Environment With(std::map<std::string, std::string> variables) {
  return {.variables = std::move(variables),
          .uid = 7,
          .passwd_home = "/home/passwd",
          .current_folder = "/"};
}

TEST(DefaultPaths, FollowXdg) {
  const Environment environment = With({{"HOME", "/home/u"},
                                        {"XDG_CONFIG_HOME", "/conf"},
                                        {"XDG_DATA_HOME", "/data"},
                                        {"XDG_RUNTIME_DIR", "/run/user/7"}});
  EXPECT_EQ(DefaultConfigFile(environment), fs::path("/conf/hark/harkd.toml"));
  EXPECT_EQ(DefaultDataFolder(environment), fs::path("/data/hark"));
  EXPECT_EQ(DefaultSocket(environment), "/run/user/7/hark/harkd.sock");
}

TEST(DefaultPaths, AreBelowHomeWithoutXdg) {
  const Environment environment = With({{"HOME", "/home/u"}});
  EXPECT_EQ(DefaultConfigFile(environment), fs::path("/home/u/.config/hark/harkd.toml"));
  EXPECT_EQ(DefaultDataFolder(environment), fs::path("/home/u/.local/share/hark"));
  EXPECT_EQ(DefaultSocket(environment), "/tmp/hark-7/harkd.sock");
}

TEST(DefaultPaths, RelativeAndEmptyValuesAreIgnored) {
  const Environment environment = With({{"HOME", "/home/u"},
                                        {"XDG_CONFIG_HOME", "conf"},
                                        {"XDG_DATA_HOME", ""},
                                        {"XDG_RUNTIME_DIR", "./run"},
                                        {"TMPDIR", "tmp"}});
  EXPECT_EQ(DefaultConfigFile(environment), fs::path("/home/u/.config/hark/harkd.toml"));
  EXPECT_EQ(DefaultDataFolder(environment), fs::path("/home/u/.local/share/hark"));
  EXPECT_EQ(DefaultSocket(environment), "/tmp/hark-7/harkd.sock");
}

TEST(DefaultPaths, TheSocketIsInTmpdirWithoutARuntimeFolder) {
  EXPECT_EQ(DefaultSocket(With({{"TMPDIR", "/private/tmp"}})), "/private/tmp/hark-7/harkd.sock");
}

TEST(DefaultPaths, AMissingHomeIsTakenFromTheUserDatabase) {
  EXPECT_EQ(DefaultDataFolder(With({})), fs::path("/home/passwd/.local/share/hark"));
  EXPECT_EQ(DefaultDataFolder(With({{"HOME", "relative"}})),
            fs::path("/home/passwd/.local/share/hark"));
}

TEST(DefaultPaths, WithoutAnyHomeTheErrorSaysWhatToSet) {
  const auto folder = DefaultDataFolder(Environment{});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(folder.error().message, HasSubstr("XDG_DATA_HOME"));
}

TEST(DefaultPaths, TheEnvironmentOfThisProcessIsTaken) {
  const Environment environment = Environment::OfThisProcess();
  EXPECT_EQ(environment.uid, ::geteuid());
  EXPECT_FALSE(environment.Get("PATH").empty());
  EXPECT_TRUE(environment.current_folder.is_absolute());
  EXPECT_EQ(environment.Get("HARK_NO_SUCH_VARIABLE"), "");
}

TEST(PrivateFolder, IsMadeWithItsParentsForThisUserAlone) {
  const ScratchFolder temp;
  ASSERT_TRUE(EnsurePrivateFolder(temp / "a" / "b" / "c"));
  EXPECT_EQ(ModeOf(temp / "a"), 0700U);
  EXPECT_EQ(ModeOf(temp / "a" / "b"), 0700U);
  EXPECT_EQ(ModeOf(temp / "a" / "b" / "c"), 0700U);
  EXPECT_TRUE(EnsurePrivateFolder(temp / "a" / "b" / "c")) << "a second time changes nothing";
}

TEST(PrivateFolder, AWiderModeIsTightenedAndItsParentIsLeftAlone) {
  const ScratchFolder temp;
  fs::create_directories(temp / "a" / "b");
  ::chmod((temp / "a").c_str(), 0755);
  for (const mode_t mode : {0755U, 0777U, 0710U, 0701U}) {
    ::chmod((temp / "a" / "b").c_str(), mode);
    ASSERT_TRUE(EnsurePrivateFolder(temp / "a" / "b"));
    EXPECT_EQ(ModeOf(temp / "a" / "b"), 0700U);
  }
  EXPECT_EQ(ModeOf(temp / "a"), 0755U);
}

TEST(PrivateFolder, ALinkIsRefusedHoweverItIsWritten) {
  const ScratchFolder temp;
  fs::create_directory(temp / "real");
  ::chmod((temp / "real").c_str(), 0755);
  fs::create_directory_symlink(temp / "real", temp / "link");
  fs::create_directory_symlink(temp / "nowhere", temp / "dangling");
  for (const char* name : {"link", "link/", "link//", "link/.", "link/./", "dangling"}) {
    const auto ensured = EnsurePrivateFolder(temp / name);
    ASSERT_FALSE(ensured) << name;
    EXPECT_EQ(ensured.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(ensured.error().message, HasSubstr("symbolic link")) << name;
  }
  EXPECT_EQ(ModeOf(temp / "real"), 0755U);
  EXPECT_FALSE(fs::exists(temp / "nowhere"));
}

TEST(PrivateFolder, AFileInItsPlaceIsRefused) {
  const ScratchFolder temp;
  WriteBytes(temp / "file", "x");
  EXPECT_THAT(EnsurePrivateFolder(temp / "file").error().message, HasSubstr("is not a folder"));
  EXPECT_THAT(EnsurePrivateFolder(temp / "file" / "below").error().message,
              HasSubstr("cannot be made"));
}

TEST(PrivateFolder, ASharedOneIsRefusedAndNotClosedToTheOthers) {
  const ScratchFolder temp;
  fs::create_directory(temp / "shared");
  ::chmod((temp / "shared").c_str(), 01777);
  EXPECT_THAT(EnsurePrivateFolder(temp / "shared").error().message, HasSubstr("shared"));
  EXPECT_EQ(ModeOf(temp / "shared"), 01777U);
  EXPECT_FALSE(EnsurePrivateFolder("/"));
}

TEST(PrivateFolder, ARelativePathIsRefused) {
  EXPECT_THAT(EnsurePrivateFolder("relative").error().message, HasSubstr("absolute"));
  EXPECT_FALSE(EnsurePrivateFolder(""));
}

TEST(PrivateFolder, OfAnotherUserIsRefusedAndLeftAlone) {
  if (!IsRoot()) GTEST_SKIP() << "only root can give a folder to another user";
  const ScratchFolder temp;
  fs::create_directory(temp / "foreign");
  ::chmod((temp / "foreign").c_str(), 0755);
  ASSERT_EQ(::chown((temp / "foreign").c_str(), kOtherUid, kOtherUid), 0);
  const auto ensured = EnsurePrivateFolder(temp / "foreign");
  ASSERT_FALSE(ensured);
  EXPECT_THAT(ensured.error().message, HasSubstr("belongs to another user"));
  EXPECT_EQ(ModeOf(temp / "foreign"), 0755U);
}

// The three below need a user that modes hold back.
class PrivateFolderOfOrdinaryUser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (IsRoot()) {
      ASSERT_EQ(::chown(temp_.path().c_str(), kOtherUid, kOtherUid), 0);
    }
  }
  // Whether EnsurePrivateFolder() fails with a sentence that has `part` in it.
  [[nodiscard]] static bool FailsWith(const fs::path& folder, const std::string& part) {
    return RunAsUser(IsRoot() ? kOtherUid : ::geteuid(), [&] {
             const auto ensured = EnsurePrivateFolder(folder);
             return !ensured && ensured.error().message.find(part) != std::string::npos ? 0 : 1;
           }) == 0;
  }

  ScratchFolder temp_;
};

TEST_F(PrivateFolderOfOrdinaryUser, ThatCannotBeWrittenIsRefused) {
  fs::create_directory(temp_ / "f");
  if (IsRoot()) {
    ASSERT_EQ(::chown((temp_ / "f").c_str(), kOtherUid, kOtherUid), 0);
  }
  ::chmod((temp_ / "f").c_str(), 0500);
  EXPECT_TRUE(FailsWith(temp_ / "f", "cannot be written: Permission denied"));
  ::chmod((temp_ / "f").c_str(), 0700);
}

TEST_F(PrivateFolderOfOrdinaryUser, ThatCannotBeMadeIsRefused) {
  ::chmod(temp_.path().c_str(), 0500);
  EXPECT_TRUE(FailsWith(temp_ / "f", "cannot be made: Permission denied"));
  ::chmod(temp_.path().c_str(), 0700);
}

TEST_F(PrivateFolderOfOrdinaryUser, BelowAClosedFolderIsRefused) {
  fs::create_directory(temp_ / "closed");
  fs::create_directory(temp_ / "closed" / "f");
  ::chmod((temp_ / "closed").c_str(), 0);
  EXPECT_TRUE(FailsWith(temp_ / "closed" / "f", "Permission denied"));
  ::chmod((temp_ / "closed").c_str(), 0700);
}

TEST(SocketPath, MayHave107BytesAndNotOneMore) {
  EXPECT_TRUE(CheckSocketPath("/" + std::string(106, 's')));
  const auto checked = CheckSocketPath("/" + std::string(107, 's'));
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("has 108 bytes"));
}

}  // namespace
}  // namespace hark::app
