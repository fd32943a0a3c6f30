// hark doctor: what is looked at, and what is found.

#ifndef HARK_TOOLS_HARK_DOCTOR_H_
#define HARK_TOOLS_HARK_DOCTOR_H_

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hark/keys.h"
#include "hark/result.h"
#include "hark/types.h"
#include "tools/hark/daemon_setup.h"

namespace hark::cli {

enum class Verdict {
  kGood,
  kWarning,  // Hark works, though not as well as it could.
  kProblem,  // Something does not work.
};

struct Finding {
  std::string check;  // A stable lower-case word.
  Verdict verdict = Verdict::kGood;
  std::string what;
  std::string mend;  // What to do; empty when there is nothing to be done.
};

// What the daemon says of itself; what it did not answer is absent.
struct DaemonAnswers {
  std::optional<client::Error> refused;  // Why nobody could be asked.
  std::optional<client::VersionInfo> version;
  std::optional<client::AccountInfo> account;
  std::optional<client::KeyStatus> keys;
  std::optional<client::SyncStatus> status;
  std::optional<client::Statistics> statistics;
  std::optional<client::Error> reading;  // Why its conversations cannot be read.
};

// Everything that the checks look at, gathered once.
struct Surroundings {
  std::string harkd;  // Empty: not found.
  DaemonConfig config;
  // The files that are looked at: of --data-dir, else of the daemon that runs, else of the
  // configuration. Empty: nobody says.
  std::string data_dir;
  std::string socket;  // Where hark looks for the daemon.
  DaemonAnswers daemon;
  std::chrono::system_clock::time_point now;
  // Properties of harkd.service and harkd.socket; empty: no service manager answers.
  std::map<std::string, std::string> service_unit;
  std::map<std::string, std::string> socket_unit;
};

// doctor_checks.cc
[[nodiscard]] Finding CheckSetup(const Surroundings& around);
[[nodiscard]] Finding CheckService(const Surroundings& around);
[[nodiscard]] Finding CheckDaemon(const Surroundings& around);
[[nodiscard]] Finding CheckAccount(const Surroundings& around);
[[nodiscard]] Finding CheckLimits();

// doctor_files.cc
[[nodiscard]] Finding CheckPermissions(const Surroundings& around);
[[nodiscard]] Finding CheckKey(const Surroundings& around);
[[nodiscard]] Finding CheckFiles(const Surroundings& around);
[[nodiscard]] Finding CheckDisk(const Surroundings& around);
[[nodiscard]] Finding CheckClock(const Surroundings& around);

// doctor_network.cc
[[nodiscard]] Finding CheckSocket(const Surroundings& around);
// Connects to the backend's address and hangs up, unless the daemon is connected already; with TLS
// has harkd look at who answers.
[[nodiscard]] Finding CheckBackend(const Surroundings& around);

// doctor_bundle.cc
//
// A text for who helps: versions, findings, configuration, counters, the service, the last lines of
// the log. Of what a person has it holds nothing: no content, titles, tokens, names or ids of
// users.
[[nodiscard]] std::string MakeBundle(const Surroundings& around,
                                     const std::vector<Finding>& findings, const std::string& log);
// Pure. Home folder, user name and long ids are taken out of `text`; of an address, what could be a
// password or a token.
[[nodiscard]] std::string Redacted(std::string text, const std::string& home,
                                   const std::string& user);
// Pure. Of a line of harkd's log: the event and what is known to be harmless.
[[nodiscard]] std::string RedactedLogLine(const std::string& line);

// A backend's address in parts. Nothing: it is none.
struct BackendAddress {
  std::string host;
  std::string port;
};
[[nodiscard]] std::optional<BackendAddress> ParseBackendUrl(const std::string& url);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_DOCTOR_H_
