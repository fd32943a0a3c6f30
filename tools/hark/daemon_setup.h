// Where harkd is, and what it would run with: asked of harkd itself (--check-config), so that hark
// never has an opinion of its own.

#ifndef HARK_TOOLS_HARK_DAEMON_SETUP_H_
#define HARK_TOOLS_HARK_DAEMON_SETUP_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hark::cli {

struct DaemonConfig {
  // harkd's exit code: 0, 3 for a configuration that cannot be used; run_program.h has the others.
  int code = 0;
  std::string error;                          // Its sentence.
  std::string text;                           // As it printed it.
  std::map<std::string, std::string> values;  // "storage.data_dir" and so on, without quotes;
  // "proxy" and "proxy_problem" are of the environment that harkd was asked in.

  // Empty: not set.
  [[nodiscard]] std::string Value(const std::string& key) const;
};

// The program: beside this one, in the build folder that this one is in, or in PATH; empty: none.
// `self`: the path of this program.
[[nodiscard]] std::string FindHarkd(const std::string& self);
[[nodiscard]] std::string PathOfThisProgram();

// `before`: words in front of the program's, for who wants it run by somebody else (systemd-run).
// `flags`: of harkd, which win over its configuration file.
[[nodiscard]] DaemonConfig CheckConfig(const std::string& harkd,
                                       const std::vector<std::string>& before = {},
                                       const std::vector<std::string>& flags = {});
// What stands between harkd and its backend, by connecting as it would (--check-backend).
struct BackendTrial {
  std::string problem;   // A sentence; empty: it was reached, or harkd is too old to say.
  bool believed = true;  // Otherwise somebody answers who is not the backend.
};
[[nodiscard]] BackendTrial TryBackend(const std::string& harkd);
// Pure: what --check-config prints.
[[nodiscard]] std::map<std::string, std::string> ParseConfigValues(std::string_view text);

// $XDG_CONFIG_HOME, or its default; empty: no home folder.
[[nodiscard]] std::string ConfigHome();
// $HOME, or what the system's list of users says.
[[nodiscard]] std::string Home();

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_DAEMON_SETUP_H_
