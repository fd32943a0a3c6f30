#include "daemon/app/options.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hark::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Options, WithoutFlagsItRunsWithDefaults) {
  const auto options = ParseOptions({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->action, Options::Action::kRun);
  EXPECT_FALSE(options->config.config_file);
  for (const SettingKey& key : AllSettings())
    EXPECT_FALSE(options->config.flags.*(key.value)) << key.name;
}

TEST(Options, EveryFlagIsTaken) {
  const auto options =
      ParseOptions({"--config", "c.toml", "--data-dir", "data", "--socket=/run/s", "--backend-url",
                    "wss://x/", "--encoding", "json", "--log-level", "debug", "--check-config"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->action, Options::Action::kCheckConfig);
  EXPECT_EQ(options->config.config_file, "c.toml");
  EXPECT_EQ(options->config.flags.storage_data_dir, "data");
  EXPECT_EQ(options->config.flags.ipc_socket, "/run/s");
  EXPECT_EQ(options->config.flags.backend_url, "wss://x/");
  EXPECT_EQ(options->config.flags.backend_encoding, "json");
  EXPECT_EQ(options->config.flags.log_level, "debug");
}

TEST(Options, TheBackendCanBeTried) {
  const auto options = ParseOptions({"--check-backend", "--backend-url", "wss://x/"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->action, Options::Action::kCheckBackend);
}

TEST(Options, HelpDocumentsEveryFlagAndEveryExitCode) {
  const auto options = ParseOptions({"--help"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->action, Options::Action::kPrint);
  for (const char* text :
       {"--config", "--data-dir", "--socket", "--backend-url", "--encoding", "--log-level",
        "--check-config", "--check-backend", "--version", "--help", "0  stopped on request",
        "1  internal error", "2  wrong flags", "3  configuration", "4  another harkd runs",
        "5  a folder or the socket"}) {
    EXPECT_THAT(options->text, HasSubstr(text));
  }
}

TEST(Options, VersionPrintsOneLine) {
  const auto options = ParseOptions({"--version"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->action, Options::Action::kPrint);
  EXPECT_EQ(options->text, "harkd " + std::string(Version()) + "\n");
}

TEST(Options, WrongFlagsAreErrorsInOneLine) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--nonsense"},
      {"extra"},
      {"--socket"},
      {"--config", ""},
      {"--socket", ""},
      {"--socket", "/a", "--socket", "/b"},
      {"--log-level", "loud"},
      {"--encoding", "xml"},
      {"--backend-url", "http://x"},
      {"--data-dir", std::string("a\nb")},
      {"--check-config=maybe"},
      {"-x"},
  };
  for (const auto& arguments : wrong) {
    const auto options = ParseOptions(arguments);
    ASSERT_FALSE(options) << arguments[0];
    EXPECT_EQ(options.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(options.error().message, HasSubstr("see harkd --help"));
    EXPECT_THAT(options.error().message, Not(HasSubstr("\n")));
  }
}

TEST(Options, AMissingOrRepeatedValueNamesItsFlag) {
  const std::string expected = "--socket takes one value, once (see harkd --help)";
  EXPECT_EQ(ParseOptions({"--socket"}).error().message, expected);
  EXPECT_EQ(ParseOptions({"--socket", "/a", "--socket", "/b"}).error().message, expected);
}

TEST(Options, AWrongValueNamesItsFlag) {
  EXPECT_EQ(ParseOptions({"--log-level", "loud"}).error().message,
            "--log-level must be debug, info, warning or error (see harkd --help)");
}

}  // namespace
}  // namespace hark::app
