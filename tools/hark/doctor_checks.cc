// The checks of the set-up, the service and what the daemon says.

#include <filesystem>
#include <string>
#include <system_error>

#include <sys/resource.h>

#include "tools/hark/doctor.h"
#include "tools/hark/run_program.h"

namespace hark::cli {
namespace {

std::string Property(const std::map<std::string, std::string>& properties, const char* name) {
  const auto found = properties.find(name);
  return found == properties.end() ? std::string() : found->second;
}

// Also by another name. What is not known is no other.
bool IsSame(const std::string& folder, const std::string& other) {
  std::error_code error;
  return folder.empty() || folder == other || std::filesystem::equivalent(folder, other, error);
}

}  // namespace

Finding CheckSetup(const Surroundings& around) {
  if (around.harkd.empty()) {
    return {"setup", Verdict::kProblem, "harkd is neither beside hark nor in PATH",
            "install it, or name it: hark doctor --harkd PATH"};
  }
  const DaemonConfig& config = around.config;
  if (config.code == ProgramResult::kNotStarted || config.code == ProgramResult::kKilled) {
    return {"setup", Verdict::kProblem, around.harkd + " cannot be run", "install it again"};
  }
  if (config.code != 0) {
    return {"setup", Verdict::kProblem, "the configuration cannot be used: " + config.error,
            "mend that line; harkd --check-config says whether it is right then"};
  }
  const std::string listens = config.Value("ipc.socket");
  if (listens != around.socket) {
    return {"setup", Verdict::kWarning,
            "harkd would listen at " + listens + ", and programs look at " + around.socket,
            "set HARK_SOCKET, or leave [ipc] socket out of the configuration"};
  }
  const std::string runs_with = around.daemon.version ? around.daemon.version->data_dir : "";
  if (const std::string named = config.Value("storage.data_dir"); !IsSame(runs_with, named)) {
    return {"setup", Verdict::kWarning,
            "harkd runs with the files in " + runs_with + ", not with those in " + named,
            "name the folder that you mean: [storage] data_dir, or --data-dir"};
  }
  return {"setup", Verdict::kGood, around.harkd + ", and its configuration is right", ""};
}

Finding CheckService(const Surroundings& around) {
  const auto& unit = around.service_unit;
  if (unit.empty()) {
    return {"service", Verdict::kWarning, "no service manager answers for this user",
            "start harkd yourself, or log in to a session of systemd"};
  }
  if (Property(unit, "LoadState") != "loaded") {
    return {"service", Verdict::kWarning,
            "harkd is not installed as a service, so nobody starts it", "hark service install"};
  }
  const std::string state = Property(unit, "ActiveState");
  if (state == "failed") {
    return {"service", Verdict::kProblem,
            "the service failed: " + Property(unit, "Result") + ", exit code " +
                Property(unit, "ExecMainStatus"),
            "hark service logs says why; then hark service install"};
  }
  const bool listens = Property(around.socket_unit, "ActiveState") == "active";
  if (state != "active" && !listens) {
    return {"service", Verdict::kProblem, "the service is installed and not started",
            "hark service install"};
  }
  const std::string restarts = Property(unit, "NRestarts");
  if (restarts != "0" && !restarts.empty()) {
    return {"service", Verdict::kWarning, "systemd had to start it again " + restarts + " times",
            "hark service logs says why"};
  }
  return {"service", Verdict::kGood, state == "active" ? "runs" : "waits for the first client", ""};
}

Finding CheckDaemon(const Surroundings& around) {
  const DaemonAnswers& daemon = around.daemon;
  if (daemon.refused) {
    return {"daemon", Verdict::kProblem, daemon.refused->message,
            "hark service install, or start harkd"};
  }
  if (!daemon.version)
    return {"daemon", Verdict::kProblem, "the daemon does not answer", "restart it"};
  if (daemon.version->version != HARK_VERSION) {
    return {"daemon", Verdict::kWarning,
            "harkd is version " + daemon.version->version + ", hark is " + HARK_VERSION,
            "hark service install starts the one that is installed"};
  }
  if (daemon.reading && daemon.account &&
      daemon.account->state != client::AccountInfo::State::kNone) {
    return {"daemon", Verdict::kProblem, daemon.reading->message,
            "see the key and the files below"};
  }
  return {"daemon", Verdict::kGood, "version " + daemon.version->version + " answers", ""};
}

Finding CheckAccount(const Surroundings& around) {
  using State = client::AccountInfo::State;
  if (!around.daemon.account)
    return {"account", Verdict::kWarning, "unknown while the daemon does not answer", ""};
  switch (around.daemon.account->state) {
    case State::kSignedIn: return {"account", Verdict::kGood, "somebody is signed in", ""};
    case State::kAuthRequired:
      return {"account", Verdict::kProblem, "the backend no longer accepts the token",
              "hark sign-in --token-stdin; what is cached stays, and what waits is sent then"};
    case State::kNone:
      // It says so too when the store of somebody cannot be opened.
      if (around.daemon.reading && around.daemon.reading->code != client::ErrorCode::kNotSignedIn) {
        return {"account", Verdict::kProblem, around.daemon.reading->message,
                "see the key and the files below"};
      }
      return {"account", Verdict::kWarning, "nobody has signed in yet",
              "hark sign-in --token-stdin"};
    case State::kSignedOut:
    case State::kUnknown: break;
  }
  return {"account", Verdict::kWarning, "nobody is signed in: nothing is synced",
          "hark sign-in --token-stdin"};
}

Finding CheckLimits() {
  // Above what harkd has open with a hundred clients; and no file that it writes may end early.
  constexpr rlim_t kFiles = 256;
  constexpr rlim_t kFileBytes = rlim_t{1024} * 1024 * 1024;
  struct rlimit files{};
  struct rlimit size{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max < kFiles) {
    return {
        "limits", Verdict::kWarning,
        "a process may open only " + std::to_string(files.rlim_max) + " files, so few clients fit",
        "raise it: ulimit -n, or LimitNOFILE= of the service"};
  }
  if (::getrlimit(RLIMIT_FSIZE, &size) == 0 && size.rlim_cur < kFileBytes) {
    return {"limits", Verdict::kWarning,
            "a file may grow to " + std::to_string(size.rlim_cur) +
                " bytes only, which a cache outgrows",
            "raise it: ulimit -f, or LimitFSIZE= of the service"};
  }
  return {"limits", Verdict::kGood, "of open files and of their size are wide enough", ""};
}

}  // namespace hark::cli
