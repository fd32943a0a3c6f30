// hark service: harkd as a service of the person's, without root.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

#include "hark/client.h"
#include "tools/hark/daemon_setup.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/json_line.h"
#include "tools/hark/local_commands.h"
#include "tools/hark/run_program.h"
#include "tools/hark/service_manager.h"
#include "tools/hark/service_plan.h"
#include "tools/hark/text.h"

namespace hark::cli {
namespace {

constexpr const char* kPackagedUnits[] = {"/usr/lib/systemd/user/harkd.service",
                                          "/usr/local/lib/systemd/user/harkd.service"};
constexpr const char* kUnit = "harkd.service";

int Trouble(ExitCode code, const std::string& sentence) {
  return Report(code, sentence.c_str());
}

// The units of a package are there, and start this program.
bool IsPackaged(const std::string& harkd) {
  for (const char* path : kPackagedUnits) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      if (line == "ExecStart=" + harkd) return true;
    }
  }
  return false;
}

// Where a unit of a log-in session finds its socket.
bool IsDefaultSocket(const std::string& socket) {
  return socket == "/run/user/" + std::to_string(::geteuid()) + "/hark/harkd.sock";
}

// What stands on the disk of a program that runs must not change with the present folder.
std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

// Everything that a plan needs; the exit code of what is wrong, which was said.
std::optional<ServiceSetting> FindSetting(const LocalSession& session, ServiceManager manager,
                                          int& code) {
  ServiceSetting setting;
  setting.home = Home();
  setting.config_home = ConfigHome();
  setting.on_demand = session.arguments.on_demand;
  setting.uid = ::geteuid();
  if (setting.home.empty()) {
    code = Trouble(kUnexpected, "cannot tell where your files are: HOME is not set");
    return std::nullopt;
  }
  const std::string& named = session.arguments.harkd;
  setting.harkd = named.empty() ? FindHarkd(PathOfThisProgram()) : AbsolutePath(named);
  if (setting.harkd.empty()) {
    code = Trouble(kInvalidInput,
                   "harkd is neither beside hark nor in PATH: name it with --harkd PATH");
    return std::nullopt;
  }
  // As the service manager would run it: with its environment, not that of this terminal.
  std::vector<std::string> before;
  if (manager == ServiceManager::kSystemd)
    before = {"systemd-run", "--user", "--quiet", "--wait", "--pipe", "--collect"};
  const DaemonConfig config = CheckConfig(setting.harkd, before);
  if (config.code != 0) {
    const std::string why = config.error.empty() ? "it cannot be run" : config.error;
    code = Trouble(kInvalidInput, setting.harkd + " --check-config: " + why);
    return std::nullopt;
  }
  setting.data_dir = config.Value("storage.data_dir");
  setting.key_file = config.Value("keys.file");
  setting.socket = config.Value("ipc.socket");
  setting.default_socket = IsDefaultSocket(setting.socket);
  if (manager == ServiceManager::kSystemd) {
    setting.packaged = IsPackaged(setting.harkd);
    setting.user_namespaces = UserNamespacesWork();
  }
  return setting;
}

std::string Property(const std::map<std::string, std::string>& properties, const char* name) {
  const auto found = properties.find(name);
  return found == properties.end() ? std::string() : found->second;
}

// A daemon that somebody started by hand answers at the socket. systemd would take the socket away
// from it, and the service could not have its data: it has to go first.
std::optional<int> OtherDaemon(const ServiceSetting& setting) {
  client::ConnectOptions options;
  options.socket_path = setting.socket;
  auto client = client::Client::Connect(std::move(options));
  if (!client) return std::nullopt;
  const auto version = client->GetVersion();
  const std::string own = Property(UnitProperties(kUnit), "MainPID");
  if (!version || std::to_string(version->process_id) == own) return std::nullopt;
  return Trouble(kConflict, "another harkd runs (process " + std::to_string(version->process_id) +
                                "): stop it first, kill " + std::to_string(version->process_id));
}

// The manager answers, or the exit code.
std::optional<int> Refusal(ServiceManager manager) {
  const std::optional<std::string> problem = ManagerProblem(manager);
  if (!problem) return std::nullopt;
  return Trouble(kUnavailable, *problem);
}

// Why a service that should run does not, as far as its end tells.
std::string WhyNot(const std::map<std::string, std::string>& service) {
  const std::string status = Property(service, "ExecMainStatus");
  const std::string result = Property(service, "Result");
  if (result == "success" || result.empty()) return {};
  if (status == "3") return "its configuration cannot be used; see harkd --check-config";
  if (status == "4") return "another harkd runs; stop that one, then hark service install";
  if (status == "5") return "a folder or the socket cannot be used; see hark doctor";
  return result + (status == "0" ? "" : ", exit code " + status);
}

struct Shown {
  std::string name;
  std::string text;
};

void Print(Output& output, const std::vector<Shown>& lines) {
  std::size_t width = 0;
  for (const Shown& line : lines) width = std::max(width, DisplayWidth(line.name));
  for (const Shown& line : lines)
    output.Line(output.Styled(Style::kBold, PadRight(line.name, width)) + "  " +
                Printable(line.text));
}

int ShowSystemd(Output& output) {
  const auto service = UnitProperties(kUnit);
  const auto socket = UnitProperties("harkd.socket");
  const bool installed = Property(service, "LoadState") == "loaded";
  const bool enabled = Property(service, "UnitFileState") == "enabled";
  const bool listens = Property(socket, "ActiveState") == "active";
  const std::string state = Property(service, "ActiveState");
  const std::string why = WhyNot(service);
  const bool sandboxed =
      Property(service, "DropInPaths").find("user-namespace.conf") != std::string::npos;
  const std::string pid = Property(service, "MainPID");
  const std::string restarts = Property(service, "NRestarts");
  const auto number = [](const std::string& text) {
    return std::strtoull(text.c_str(), nullptr, 10);
  };
  const int code = !installed ? kNotFound : state == "active" || listens ? kOk : kNoDaemon;
  if (output.json()) {
    JsonLine line;
    line.Text("type", "service").Text("manager", "systemd").Flag("installed", installed);
    line.Flag("at_log_in", enabled).Flag("listens", listens).Text("state", state);
    line.Text("reason", why).Number("process_id", number(pid)).Number("restarts", number(restarts));
    line.Flag("user_namespace", sandboxed).Text("unit", Property(service, "FragmentPath"));
    output.Json(line);
    return code;
  }
  if (!installed) {
    output.Line("not installed: hark service install does it");
    return code;
  }
  std::string runs =
      state + (state == "active" ? " since " + Property(service, "ActiveEnterTimestamp") : "");
  if (!why.empty()) runs += ": " + why;
  Print(output, {{"service", runs},
                 {"socket", listens ? "listens: the first client starts harkd" : "does not listen"},
                 {"at log-in", enabled ? "started" : "not started"},
                 {"process", pid == "0" ? "-" : pid + ", restarted " + restarts + " times"},
                 {"sandbox", sandboxed ? "with a user namespace" : "without a user namespace"},
                 {"unit", Property(service, "FragmentPath")}});
  return code;
}

int ShowLaunchd(Output& output) {
  const std::string name = "gui/" + std::to_string(::geteuid()) + "/org.hark.harkd";
  const bool loaded = RunProgram({"launchctl", "print", name}, std::chrono::seconds(10)).code == 0;
  if (output.json()) {
    JsonLine line;
    line.Text("type", "service").Text("manager", "launchd").Flag("installed", loaded);
    output.Json(line);
  } else {
    output.Line(loaded ? "installed: launchctl print " + name
                       : "not installed: hark service install does it");
  }
  return loaded ? kOk : kNotFound;
}

int Done(Output& output, const char* type, const std::string& sentence) {
  if (output.json()) {
    JsonLine line;
    output.Json(line.Text("type", type));
  } else {
    output.Line(Printable(sentence));
  }
  return kOk;
}

}  // namespace

int InstallService(LocalSession& session) {
  const ServiceManager manager = ManagerHere();
  if (const auto refusal = Refusal(manager)) return *refusal;
  int code = kOk;
  const auto setting = FindSetting(session, manager, code);
  if (!setting) return code;
  const bool systemd = manager == ServiceManager::kSystemd;
  if (systemd) {
    if (const auto refusal = OtherDaemon(*setting)) return *refusal;
  }
  code = CarryOut(systemd ? PlanSystemdInstall(*setting) : PlanLaunchdInstall(*setting));
  if (code != kOk) {
    const std::string why = systemd ? WhyNot(UnitProperties(kUnit)) : std::string();
    if (!why.empty()) Report(static_cast<ExitCode>(code), ("harkd did not start: " + why).c_str());
    return code;
  }
  const std::string when = setting->on_demand ? "with the first client" : "at log-in";
  return Done(session.output, "service_installed",
              setting->harkd + " is a service of yours now, started " + when +
                  (systemd && !setting->user_namespaces
                       ? ". This system blocks user namespaces, so it runs with less of a sandbox."
                       : "."));
}

int UninstallService(LocalSession& session) {
  const ServiceManager manager = ManagerHere();
  if (const auto refusal = Refusal(manager)) return *refusal;
  ServiceSetting setting;
  setting.home = Home();
  setting.config_home = ConfigHome();
  setting.uid = ::geteuid();
  const int code = CarryOut(manager == ServiceManager::kSystemd ? PlanSystemdUninstall(setting)
                                                                : PlanLaunchdUninstall(setting));
  if (code != kOk) return code;
  return Done(session.output, "service_uninstalled",
              "harkd is no service of yours any more; your data is where it was.");
}

int ShowService(LocalSession& session) {
  const ServiceManager manager = ManagerHere();
  if (const auto refusal = Refusal(manager)) return *refusal;
  return manager == ServiceManager::kSystemd ? ShowSystemd(session.output)
                                             : ShowLaunchd(session.output);
}

int ShowServiceLog(LocalSession& session) {
  const std::string lines = std::to_string(session.arguments.lines);
  std::vector<std::string> words;
  if (ManagerHere() == ServiceManager::kSystemd) {
    words = {"journalctl", "--user", "--unit", kUnit, "--lines", lines};
    if (session.output.json()) words.insert(words.end(), {"--output", "json"});
    if (session.arguments.follow) words.emplace_back("--follow");
  } else {
    ServiceSetting setting;
    setting.home = Home();
    words = {"tail", "-n", lines, LaunchdLog(setting)};
    if (session.arguments.follow) words.insert(words.begin() + 1, "-f");
  }
  const int error = BecomeProgram(words);
  return Trouble(kUnexpected,
                 words.front() + " cannot be run: " + std::generic_category().message(error));
}

}  // namespace hark::cli
