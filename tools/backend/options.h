#ifndef HARK_TOOLS_BACKEND_OPTIONS_H_
#define HARK_TOOLS_BACKEND_OPTIONS_H_

// The command line: what was asked, as values, and the exit codes.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace hark::backend {

enum ExitCode : int {
  kExitOk = 0,
  kExitInternal = 1,
  kExitUsage = 2,
  kExitDataFolder = 3,   // The data folder or the certificate cannot be used.
  kExitPortTaken = 4,    // The address cannot be listened on.
  kExitInUse = 5,        // Another process has the data folder.
  kExitImport = 6,       // The import file is bad, or differs from what is there.
  kExitUnknownUser = 7,  // There is no such user or token.
  kExitAlreadyExists = 8,
};

struct ServeOptions {
  std::string data;
  std::string listen = "127.0.0.1:8765";
  std::string port_file;
  std::string responder = "none";
  int responder_delay_ms = 30;
  std::string certificate;
  std::string key;
  std::uint32_t heartbeat_ms = 30'000;
  std::uint64_t change_log_limit = 1'000'000;
  std::string refuse_content_prefix;  // For tests: such appends and edits are refused for good.
};

struct UserAddOptions {
  std::string data;
  std::string name;
};

struct UserListOptions {
  std::string data;
};

struct TokenCreateOptions {
  std::string data;
  std::string user;
  std::optional<std::int64_t> expires_in_seconds;
};

struct TokenRevokeOptions {
  std::string data;
  std::string user;  // All tokens of the user,
  bool from_stdin =
      false;  // or the one that is read: arguments are visible to every process of the machine.
};

struct ImportCommandOptions {
  std::string data;
  std::string file;
  std::string user;
  int days = 30;
};

struct ConversationCreateOptions {
  std::string data;
  std::string id;
  std::string title;
  std::string user;
};

using Command = std::variant<ServeOptions, UserAddOptions, UserListOptions, TokenCreateOptions,
                             TokenRevokeOptions, ImportCommandOptions, ConversationCreateOptions>;

struct ParsedCommand {
  std::optional<Command>
      command;  // None: `exit_code` says the rest; what had to be printed is printed.
  int exit_code = kExitOk;
};

ParsedCommand ParseCommandLine(int argc, const char* const* argv);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_OPTIONS_H_
