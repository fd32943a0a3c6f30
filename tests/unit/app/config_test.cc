#include "daemon/app/config.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/app/config_file.h"
#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"

namespace hark::app {
namespace {

using ::hark::test::ScratchFolder;
using ::hark::test::WriteBytes;
using ::testing::HasSubstr;

Environment Home() {
  return {.variables = {{"HOME", "/home/u"}, {"XDG_RUNTIME_DIR", "/run/user/7"}},
          .uid = 7,
          .passwd_home = "",
          .current_folder = "/work"};
}

Result<Config> Resolve(const Settings& flags, const Settings& file) {
  return ResolveConfig(flags, file, std::nullopt, Home());
}

TEST(Config, EveryKeyHasADefault) {
  const auto config = Resolve({}, {});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->backend_url, "ws://127.0.0.1:8765/api/v1/sync");
  EXPECT_EQ(config->encoding, Encoding::kProto);
  EXPECT_FALSE(config->ca_file);
  EXPECT_EQ(config->data_dir, "/home/u/.local/share/hark");
  EXPECT_FALSE(config->key_kind);  // The key ring says.
  EXPECT_EQ(config->outbox_age, std::chrono::days(7));
  EXPECT_EQ(config->retention, (RetentionPolicy{90, 0}));
  EXPECT_EQ(config->key_file, "/home/u/.local/share/hark/keys/master.key");
  EXPECT_EQ(config->socket, "/run/user/7/hark/harkd.sock");
  EXPECT_EQ(config->log_level, log::Level::kInfo);
}

TEST(Config, TheFileWinsOverDefaultsAndFlagsWinOverTheFile) {
  Settings file;
  file.backend_url = "wss://file/";
  file.backend_encoding = "json";
  file.storage_data_dir = "/file/data";
  file.log_level = "warning";
  Settings flags;
  flags.backend_url = "wss://flag/";
  flags.storage_data_dir = "/flag/data";
  const auto config = Resolve(flags, file);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->backend_url, "wss://flag/");
  EXPECT_EQ(config->encoding, Encoding::kJson);
  EXPECT_EQ(config->data_dir, "/flag/data");
  EXPECT_EQ(config->log_level, log::Level::kWarning);
}

TEST(Config, RetentionIsInDaysAndMebibytes) {
  Settings file;
  file.outbox_days = "30";
  file.retention_days = "0";
  file.retention_max_mb = "3";
  const auto config = Resolve({}, file);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->outbox_age, std::chrono::days(30));
  EXPECT_EQ(config->retention, (RetentionPolicy{0, std::uint64_t{3} * 1024 * 1024}));
}

TEST(Config, TheKeyFollowsTheDataFolder) {
  Settings flags;
  flags.storage_data_dir = "/elsewhere";
  EXPECT_EQ(Resolve(flags, {})->key_file, "/elsewhere/keys/master.key");
}

TEST(Config, WhoNamesAKeyFileWantsTheKeyInIt) {
  Settings file;
  file.keys_file = "/keys/k";
  EXPECT_EQ(Resolve({}, file)->key_kind, keys::KeyKind::kFile);
  Settings flags;
  flags.keys_kind = "credential";
  EXPECT_EQ(Resolve(flags, file)->key_kind, keys::KeyKind::kCredential);
  flags.keys_kind = "default";
  EXPECT_FALSE(Resolve(flags, file)->key_kind);
}

TEST(Config, PathsOfFlagsMayBeRelativeAndPathsOfTheFileMayNot) {
  Settings relative;
  relative.storage_data_dir = "data";
  EXPECT_EQ(Resolve(relative, {})->data_dir, "/work/data");
  const auto refused = Resolve({}, relative);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "'storage.data_dir' must be an absolute path or begin with ~/, and is 'data'");
}

TEST(Config, ATildeInTheFileIsTheHomeFolder) {
  Settings file;
  file.backend_ca_file = "~/ca.pem";
  EXPECT_EQ(Resolve({}, file)->ca_file, "/home/u/ca.pem");
  EXPECT_EQ(ResolveConfig({}, file, std::nullopt, {}).error().code, ErrorCode::kInvalidArgument);
}

TEST(Config, WithoutAHomeItWorksWhenEveryFolderIsNamed) {
  Settings flags;
  flags.storage_data_dir = "/data";
  flags.ipc_socket = "/run/s";
  Environment nothing;
  nothing.current_folder = "/";
  EXPECT_TRUE(LoadConfig({.flags = flags, .config_file = std::nullopt}, nothing));
  flags.storage_data_dir.reset();
  EXPECT_THAT(LoadConfig({.flags = flags, .config_file = std::nullopt}, nothing).error().message,
              HasSubstr("HOME"));
}

TEST(Config, ASocketPathThatIsTooLongIsRefusedWithItsLength) {
  Settings flags;
  flags.ipc_socket = "/" + std::string(107, 's');
  const auto config = Resolve(flags, {});
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message, HasSubstr("108 bytes"));
  EXPECT_THAT(config.error().message, HasSubstr("at most 107"));
}

TEST(Config, ItsDescriptionGivesTheSameConfigAgain) {
  Settings flags;
  flags.backend_url = "wss://example.org:4443/sync?x=1";
  flags.backend_encoding = "json";
  flags.backend_ca_file = "/with \"quotes\" and \\ and ünïcode.pem";
  flags.backend_pins =
      "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;"
      "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  flags.storage_data_dir = "/data";
  flags.ipc_socket = "/run/s";
  flags.log_level = "error";
  const auto config = Resolve(flags, {});
  ASSERT_TRUE(config);
  const auto parsed = ParseConfigText(DescribeConfig(*config), "described");
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto again = Resolve({}, *parsed);
  ASSERT_TRUE(again);
  EXPECT_EQ(DescribeConfig(*again), DescribeConfig(*config));
  EXPECT_EQ(again->ca_file, config->ca_file);
  EXPECT_EQ(again->pins, config->pins);
  EXPECT_EQ(again->encoding, Encoding::kJson);
  EXPECT_EQ(again->log_level, log::Level::kError);
}

TEST(Config, AMissingFileIsAnErrorOnlyWhenItWasNamed) {
  const ScratchFolder folder;
  Environment environment = Home();
  environment.variables["XDG_CONFIG_HOME"] = folder.path();
  EXPECT_TRUE(LoadConfig({}, environment));
  const auto named =
      LoadConfig({.flags = {}, .config_file = (folder / "mine.toml").string()}, environment);
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(named.error().message, HasSubstr("mine.toml"));
}

TEST(Config, TheDefaultFileIsReadWhenItIsThere) {
  const ScratchFolder folder;
  Environment environment = Home();
  environment.variables["XDG_CONFIG_HOME"] = folder.path();
  std::filesystem::create_directory(folder / "hark");
  WriteBytes(folder / "hark" / "harkd.toml", "[log]\nlevel = \"debug\"\n");
  const auto config = LoadConfig({}, environment);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->log_level, log::Level::kDebug);
  EXPECT_EQ(config->config_file, folder / "hark" / "harkd.toml");
  WriteBytes(folder / "hark" / "harkd.toml", "[log]\nlevel = 3\n");
  EXPECT_THAT(LoadConfig({}, environment).error().message, HasSubstr("harkd.toml:2: 'log.level'"));
}

TEST(Config, ANamedFileMayBeRelativeToTheCurrentFolder) {
  const ScratchFolder folder;
  Environment environment = Home();
  environment.current_folder = folder.path();
  WriteBytes(folder / "mine.toml", "[backend]\nencoding = \"json\"\n");
  const auto config = LoadConfig({.flags = {}, .config_file = "mine.toml"}, environment);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->encoding, Encoding::kJson);
}

}  // namespace
}  // namespace hark::app
