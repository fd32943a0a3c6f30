#include "daemon/app/options.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

// CLI11 is heavy, so it is included here and nowhere else.
#include <CLI/CLI.hpp>

#include "daemon/app/exit_code.h"

namespace hark::app {
namespace {

struct Flag {
  const char* name;
  const char* placeholder;
  std::optional<std::string> Settings::* value;
  const char* help;
};

constexpr std::array kFlags{
    Flag{"--data-dir", "FOLDER", &Settings::storage_data_dir,
         "Folder of the encrypted files; default $XDG_DATA_HOME/hark"},
    Flag{"--socket", "PATH", &Settings::ipc_socket,
         "Unix socket to listen on; default $XDG_RUNTIME_DIR/hark/harkd.sock"},
    Flag{"--backend-url", "URL", &Settings::backend_url, "Backend to sync with: ws://… or wss://…"},
    Flag{"--encoding", "NAME", &Settings::backend_encoding,
         "Wire encoding: proto (default) or json"},
    Flag{"--key-source", "KIND", &Settings::keys_kind,
         "Where the key is: secret-service, credential, file; chosen at the first sign-in"},
    Flag{"--pin", "PINS", &Settings::backend_pins,
         "Keys that the backend may have: sha256//…, several separated by ';'"},
    Flag{"--log-level", "LEVEL", &Settings::log_level,
         "debug, info, warning or error; default info"},
    Flag{"--log-format", "NAME", &Settings::log_format,
         "auto (default: the journal where there is one), text or json"},
};

struct ExitMeaning {
  ExitCode code;
  const char* meaning;
};

constexpr std::array kExitMeanings{
    ExitMeaning{ExitCode::kStopped, "stopped on request"},
    ExitMeaning{ExitCode::kInternal, "internal error"},
    ExitMeaning{ExitCode::kWrongFlags, "wrong flags"},
    ExitMeaning{ExitCode::kConfiguration, "configuration file missing or wrong"},
    ExitMeaning{ExitCode::kAlreadyRunning, "another harkd runs"},
    ExitMeaning{ExitCode::kFolderOrSocket, "a folder or the socket cannot be used"},
    ExitMeaning{ExitCode::kBackend, "--check-backend: the backend cannot be used"},
};

std::string Footer() {
  std::string footer =
      "\nFlags win over the configuration file, by default "
      "$XDG_CONFIG_HOME/hark/harkd.toml.\n\nExit codes:\n";
  for (const ExitMeaning& exit : kExitMeanings) {
    footer += "  " + std::to_string(static_cast<int>(exit.code)) + "  " + exit.meaning + "\n";
  }
  return footer;
}

Result<void> CheckFlag(const Flag& flag, const Settings& settings) {
  if (!(settings.*flag.value)) return {};
  const auto keys = AllSettings();
  const auto key = std::ranges::find(keys, flag.value, &SettingKey::value);
  const Result<void> checked = key->check(*(settings.*flag.value));
  if (checked) return {};
  return Fail(ErrorCode::kInvalidArgument, std::string(flag.name) + " " + checked.error().message);
}

// CLI11's sentences, without line breaks and with the way to help.
tl::unexpected<Error> FailParse(std::string sentence) {
  std::ranges::replace(sentence, '\n', ' ');
  return Fail(ErrorCode::kInvalidArgument, std::move(sentence) + " (see harkd --help)");
}

}  // namespace

Result<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  CLI::App app(
      "harkd keeps your conversations at hand: it syncs them with a backend into encrypted files "
      "and serves\n"
      "them to programs of yours over a Unix socket.\n",
      "harkd");
  bool check_config = false;
  bool check_backend = false;
  app.set_version_flag("--version", "harkd " + std::string(Version()),
                       "Print the version and exit");
  app.add_option("--config", options.config.config_file, "Configuration file to read; must exist")
      ->type_name("FILE");
  for (const Flag& flag : kFlags) {
    app.add_option(flag.name, options.config.flags.*flag.value, flag.help)
        ->type_name(flag.placeholder);
  }
  app.add_flag("--check-config", check_config,
               "Print the configuration that would be used and exit");
  app.add_flag("--check-backend", check_backend,
               "Connect to the backend as the daemon would, print what is wrong and exit");
  app.footer(Footer());

  try {
    // CLI11 takes them last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    options.action = Options::Action::kPrint;
    options.text = app.help();
    return options;
  } catch (const CLI::CallForVersion& version) {
    options.action = Options::Action::kPrint;
    options.text = std::string(version.what()) + "\n";
    return options;
  } catch (const CLI::ArgumentMismatch& error) {
    // Its own sentence is "--socket: 1 required  missing".
    const std::string flag = error.what();
    return FailParse(flag.substr(0, flag.find(':')) + " takes one value, once");
  } catch (const CLI::Error& error) {
    return FailParse(error.what());
  }

  if (options.config.config_file && options.config.config_file->empty())
    return FailParse("--config must not be empty");
  for (const Flag& flag : kFlags) {
    if (const Result<void> checked = CheckFlag(flag, options.config.flags); !checked) {
      return FailParse(checked.error().message);
    }
  }
  if (check_config) options.action = Options::Action::kCheckConfig;
  if (check_backend) options.action = Options::Action::kCheckBackend;
  return options;
}

std::string_view Version() {
  return HARK_VERSION;
}

}  // namespace hark::app
