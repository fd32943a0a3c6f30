#include "daemon/app/config_file.h"

#include <string>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"

namespace hark::app {
namespace {

using ::hark::test::ScratchFolder;
using ::hark::test::WriteBytes;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ErrorOf(const std::string& text) {
  const auto parsed = ParseConfigText(text, "harkd.toml");
  if (parsed) return "no error";
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
  return parsed.error().message;
}

TEST(ConfigFile, EveryKeyIsRead) {
  const auto parsed = ParseConfigText(R"(
[backend]
url = "wss://example.org/sync"
encoding = "json"
ca_file = "/etc/ca.pem"
[storage]
data_dir = "/data"
[keys]
kind = "file"
file = "/keys/k"
[ipc]
socket = "/run/s"
[log]
level = "debug"
)",
                                      "harkd.toml");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->backend_url, "wss://example.org/sync");
  EXPECT_EQ(parsed->backend_encoding, "json");
  EXPECT_EQ(parsed->backend_ca_file, "/etc/ca.pem");
  EXPECT_EQ(parsed->storage_data_dir, "/data");
  EXPECT_EQ(parsed->keys_kind, "file");
  EXPECT_EQ(parsed->keys_file, "/keys/k");
  EXPECT_EQ(parsed->ipc_socket, "/run/s");
  EXPECT_EQ(parsed->log_level, "debug");
}

TEST(ConfigFile, AnEmptyFileSetsNothing) {
  const auto parsed = ParseConfigText("# nothing\n", "harkd.toml");
  ASSERT_TRUE(parsed);
  for (const SettingKey& key : AllSettings()) EXPECT_FALSE((*parsed).*(key.value)) << key.name;
}

TEST(ConfigFile, AnUnknownKeyIsNamedWithItsLine) {
  EXPECT_EQ(ErrorOf("[log]\nlevel = \"info\"\n\n[backend]\n\n# the address\nulr = \"ws://x\"\n"),
            "harkd.toml:7: unknown key 'backend.ulr'");
}

TEST(ConfigFile, AnUnknownSectionIsNamedWithItsLine) {
  EXPECT_EQ(ErrorOf("\n[bakend]\nurl = \"ws://x\"\n"), "harkd.toml:2: unknown section 'bakend'");
}

TEST(ConfigFile, AKeyOutsideASectionIsNamed) {
  EXPECT_EQ(ErrorOf("url = \"ws://x\"\n"), "harkd.toml:1: unknown key 'url'");
}

TEST(ConfigFile, ASectionThatIsAValueIsRefused) {
  EXPECT_EQ(ErrorOf("backend = 3\n"), "harkd.toml:1: 'backend' must be a section");
  EXPECT_EQ(ErrorOf("[[backend]]\nurl = \"ws://x\"\n"),
            "harkd.toml:1: 'backend' must be a section");
}

TEST(ConfigFile, AWrongTypeIsNamedWithItsLine) {
  EXPECT_EQ(ErrorOf("[backend]\nurl = 5\n"),
            "harkd.toml:2: 'backend.url' must be a string in quotes");
  EXPECT_EQ(ErrorOf("[log]\nlevel = [\"info\"]\n"),
            "harkd.toml:2: 'log.level' must be a string in quotes");
  EXPECT_EQ(ErrorOf("[log.level]\nx = 1\n"),
            "harkd.toml:1: 'log.level' must be a string in quotes");
}

TEST(ConfigFile, PinsAreOneOrAnArray) {
  const std::string pin = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  EXPECT_EQ(ParseConfigText("[backend]\npins = '" + pin + "'\n", "f")->backend_pins, pin);
  const std::string array = "[backend]\npins = ['" + pin + "', '" + pin + "']\n";
  EXPECT_EQ(ParseConfigText(array, "f")->backend_pins, pin + ";" + pin);
  // An empty array would pin nothing, which is not what was meant.
  EXPECT_EQ(ErrorOf("[backend]\npins = []\n"), "harkd.toml:2: 'backend.pins' must not be empty");
  EXPECT_EQ(ErrorOf("[backend]\npins = [1]\n"),
            "harkd.toml:2: 'backend.pins' must be a string in quotes, or an array of them");
  EXPECT_EQ(ErrorOf("[backend]\npins = 'sha256//x'\n"),
            "harkd.toml:2: 'backend.pins' must be sha256// and the SHA-256 of a public key in "
            "base64");
  // Of others, one.
  EXPECT_EQ(ErrorOf("[log]\nlevel = ['info']\n"),
            "harkd.toml:2: 'log.level' must be a string in quotes");
}

TEST(ConfigFile, NumbersMayStandWithAndWithoutQuotes) {
  const auto parsed = ParseConfigText("[retention]\ndays = 30\nmax_mb = \"512\"\n", "harkd.toml");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->retention_days, "30");
  EXPECT_EQ(parsed->retention_max_mb, "512");
  EXPECT_EQ(ErrorOf("[retention]\ndays = 1.5\n"),
            "harkd.toml:2: 'retention.days' must be a whole number");
  EXPECT_EQ(ErrorOf("[retention]\ndays = -1\n"),
            "harkd.toml:2: 'retention.days' must be a number of days from 0 to 36500");
  EXPECT_EQ(ErrorOf("[outbox]\ndays = 0\n"), "harkd.toml:2: 'outbox.days' must be at least 1");
  EXPECT_EQ(ErrorOf("[outbox]\ndays = 366\n"),
            "harkd.toml:2: 'outbox.days' must be a number of days from 1 to 365");
  EXPECT_EQ(ErrorOf("[retention]\ndays = 36501\n"),
            "harkd.toml:2: 'retention.days' must be a number of days from 0 to 36500");
  EXPECT_EQ(ErrorOf("[retention]\nmax_mb = \"\"\n"),
            "harkd.toml:2: 'retention.max_mb' must be a number of MiB from 0 to 16777216");
}

TEST(ConfigFile, AValueOutOfRangeSaysWhatIsAllowed) {
  EXPECT_EQ(ErrorOf("[log]\nlevel = \"loud\"\n"),
            "harkd.toml:2: 'log.level' must be debug, info, warning or error");
  EXPECT_EQ(ErrorOf("[backend]\nencoding = \"JSON\"\n"),
            "harkd.toml:2: 'backend.encoding' must be proto or json");
  EXPECT_EQ(ErrorOf("[keys]\nkind = \"cloud\"\n"),
            "harkd.toml:2: 'keys.kind' must be secret-service, keychain, credential, file or "
            "default");
  EXPECT_THAT(ErrorOf("[backend]\nurl = \"http://x\"\n"),
              StartsWith("harkd.toml:2: 'backend.url' cannot be used"));
  EXPECT_EQ(ErrorOf("[storage]\ndata_dir = \"\"\n"),
            "harkd.toml:2: 'storage.data_dir' must not be empty");
  EXPECT_EQ(ErrorOf("[ipc]\nsocket = \"/a\\u0000b\"\n"),
            "harkd.toml:2: 'ipc.socket' must not contain control characters");
}

TEST(ConfigFile, ASyntaxErrorIsNamedWithItsLine) {
  EXPECT_THAT(ErrorOf("[log]\nlevel = info\n"), StartsWith("harkd.toml:2: "));
  EXPECT_THAT(ErrorOf("[log\n"), StartsWith("harkd.toml:1: "));
  EXPECT_THAT(ErrorOf("[log]\nlevel = \"info\"\nlevel = \"info\"\n"), StartsWith("harkd.toml:3: "));
}

TEST(ConfigFile, HostileTextIsAnErrorAndNeverACrash) {
  EXPECT_THAT(ErrorOf("\xff\xfe[log]"), StartsWith("harkd.toml:"));
  EXPECT_THAT(ErrorOf("[log]\nlevel = \"\xc3\x28\"\n"), StartsWith("harkd.toml:"));
  EXPECT_THAT(ErrorOf("x = " + std::string(60'000, '[')), StartsWith("harkd.toml:"));
  EXPECT_THAT(ErrorOf(std::string("[log]\0\n", 7)), StartsWith("harkd.toml:"));
  EXPECT_EQ(ErrorOf("\"a\\u001b[31mb\" = 1\n"), "harkd.toml:1: unknown key 'a?[31mb'");
}

TEST(ConfigFile, AMissingFileIsNotFound) {
  const ScratchFolder folder;
  EXPECT_EQ(ReadConfigFile(folder / "harkd.toml").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadConfigFile(folder / "no" / "harkd.toml").error().code, ErrorCode::kNotFound);
}

TEST(ConfigFile, AnErrorNamesTheWholePath) {
  const ScratchFolder folder;
  WriteBytes(folder / "harkd.toml", "x = 1\n");
  EXPECT_EQ(ReadConfigFile(folder / "harkd.toml").error().message,
            (folder / "harkd.toml").string() + ":1: unknown key 'x'");
}

TEST(ConfigFile, AFolderAFifoAndAHugeFileAreNoConfiguration) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "folder");
  EXPECT_EQ(ReadConfigFile(folder / "folder").error().code, ErrorCode::kInvalidArgument);
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_TRUE(ReadConfigFile(folder / "fifo")) << "empty, and not waited for";
  WriteBytes(folder / "huge", std::string(kConfigFileMaxBytes + 1, '\n'));
  EXPECT_THAT(ReadConfigFile(folder / "huge").error().message,
              HasSubstr("longer than 65536 bytes"));
}

}  // namespace
}  // namespace hark::app
