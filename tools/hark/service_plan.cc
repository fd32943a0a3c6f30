#include "tools/hark/service_plan.h"

#include <utility>

#include "tools/hark/service_texts.h"

namespace hark::cli {
namespace {

// Replaces what is there exactly so.
std::string With(std::string text, std::string_view placeholder, const std::string& value) {
  for (std::size_t at = text.find(placeholder); at != std::string::npos;
       at = text.find(placeholder, at + value.size())) {
    text.replace(at, placeholder.size(), value);
  }
  return text;
}

std::string FolderOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

// A word of a unit file: systemd expands %, and splits at blanks.
std::string UnitWord(const std::string& text) {
  std::string word = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') word += '\\';
    word += c;
    if (c == '%') word += '%';
  }
  return word + "\"";
}

// The same in ExecStart, where $ stands for variables too.
std::string CommandWord(const std::string& text) {
  return With(UnitWord(text), "$", "$$");
}

std::string XmlText(const std::string& text) {
  return With(With(With(text, "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

std::string Marked(const std::string& text) {
  return "# " + std::string(kServiceMark) + "; 'hark service uninstall' removes it.\n" + text;
}

std::string UnitFolder(const ServiceSetting& setting) {
  return setting.config_home + "/systemd/user";
}

std::string ServiceUnit(const ServiceSetting& setting) {
  std::string command = CommandWord(setting.harkd);
  if (!setting.config_file.empty()) command += " --config " + CommandWord(setting.config_file);
  return With(SystemdService(), "ExecStart=/usr/bin/harkd", "ExecStart=" + command);
}

std::string SocketUnit(const ServiceSetting& setting) {
  if (setting.default_socket) return SystemdSocket();
  return With(SystemdSocket(), "ListenStream=%t/hark/harkd.sock",
              "ListenStream=" + With(setting.socket, "%", "%%"));
}

// A folder that somebody removed is harkd's to complain about: it says which; systemd would not.
std::string WritableWord(const std::string& folder) {
  return UnitWord("-" + folder);
}

// Where the key file is or may come to be (hark admin rotate-key --to file), if that is not in the
// data folder; else empty.
std::string OtherKeyFolder(const ServiceSetting& setting) {
  const bool inside = setting.key_file.starts_with(setting.data_dir + "/");
  return setting.key_file.empty() || inside ? std::string() : FolderOf(setting.key_file);
}

std::string SandboxDropIn(const ServiceSetting& setting) {
  std::string writable = WritableWord(setting.data_dir) + " %t";
  if (const std::string keys = OtherKeyFolder(setting); !keys.empty())
    writable += " " + WritableWord(keys);
  if (!setting.default_socket) writable += " " + WritableWord(FolderOf(setting.socket));
  return With(SystemdUserNamespace(), "@WRITABLE@", writable);
}

// A packaged unit for another set-up than the package's own does not fit.
bool PackagedUnitsFit(const ServiceSetting& setting) {
  return setting.packaged && setting.config_file.empty() && setting.default_socket;
}

PlannedCommand Systemctl(std::vector<std::string> words) {
  words.insert(words.begin(), {"systemctl", "--user"});
  return {std::move(words)};
}

std::string AgentPath(const ServiceSetting& setting) {
  return setting.home + "/Library/LaunchAgents/org.hark.harkd.plist";
}

std::string AgentDomain(const ServiceSetting& setting) {
  return "gui/" + std::to_string(setting.uid);
}

}  // namespace

ServicePlan PlanSystemdInstall(const ServiceSetting& setting) {
  ServicePlan plan;
  const std::string folder = UnitFolder(setting);
  const std::string service = folder + "/harkd.service";
  const std::string socket = folder + "/harkd.socket";
  const std::string drop_in = folder + "/harkd.service.d/user-namespace.conf";
  if (PackagedUnitsFit(setting)) {
    plan.stale = {service, socket};
  } else {
    plan.files.push_back({service, Marked(ServiceUnit(setting))});
    plan.files.push_back({socket, Marked(SocketUnit(setting))});
  }
  if (setting.user_namespaces) {
    // A folder that is not there cannot be made writable inside.
    plan.private_folders.push_back(setting.data_dir);
    if (std::string keys = OtherKeyFolder(setting); !keys.empty())
      plan.private_folders.push_back(std::move(keys));
    plan.files.push_back({drop_in, Marked(SandboxDropIn(setting))});
  } else {
    plan.stale.push_back(drop_in);
  }
  // What was tried too often before what was wrong was mended.
  plan.before.push_back(Systemctl({"reset-failed", "harkd.socket", "harkd.service"}));
  plan.after.push_back(Systemctl({"daemon-reload"}));
  std::vector<std::string> enable{"enable", "harkd.socket"};
  if (!setting.on_demand) enable.emplace_back("harkd.service");
  if (setting.on_demand) plan.after.push_back(Systemctl({"disable", "harkd.service"}));
  plan.after.push_back(Systemctl(enable));
  // So that what runs is what is installed: clients wait at the socket meanwhile, and go on.
  plan.after.push_back(Systemctl({"stop", "harkd.service"}));
  PlannedCommand listen = Systemctl({"restart", "harkd.socket"});
  listen.if_changed = socket;
  plan.after.push_back(listen);
  plan.after.push_back(Systemctl({"start", "harkd.socket"}));
  if (!setting.on_demand) plan.after.push_back(Systemctl({"start", "harkd.service"}));
  return plan;
}

ServicePlan PlanSystemdUninstall(const ServiceSetting& setting) {
  ServicePlan plan;
  const std::string folder = UnitFolder(setting);
  plan.before = {Systemctl({"disable", "--now", "harkd.socket", "harkd.service"})};
  plan.stale = {folder + "/harkd.service", folder + "/harkd.socket",
                folder + "/harkd.service.d/user-namespace.conf"};
  plan.empty_folders = {folder + "/harkd.service.d"};
  plan.after = {Systemctl({"daemon-reload"})};
  return plan;
}

std::string LaunchdLog(const ServiceSetting& setting) {
  return setting.home + "/Library/Logs/hark/harkd.log";
}

ServicePlan PlanLaunchdInstall(const ServiceSetting& setting) {
  ServicePlan plan;
  plan.private_folders = {FolderOf(setting.socket), FolderOf(LaunchdLog(setting))};
  std::string text = With(LaunchdAgent(), "@HARKD@", XmlText(setting.harkd));
  text = With(std::move(text), "@SOCKET@", XmlText(setting.socket));
  text = With(std::move(text), "@LOG@", XmlText(LaunchdLog(setting)));
  // XML allows nothing before its first line.
  const std::size_t second = text.find('\n') + 1;
  text.insert(second,
              "<!-- " + std::string(kServiceMark) + "; 'hark service uninstall' removes it. -->\n");
  if (setting.on_demand)
    text = With(std::move(text), "<key>RunAtLoad</key>\n  <true/>",
                "<key>RunAtLoad</key>\n  <false/>");
  plan.files = {{AgentPath(setting), std::move(text)}};
  // launchd knows no reload: an agent that is there already is taken out first.
  plan.before = {{{"launchctl", "bootout", AgentDomain(setting) + "/org.hark.harkd"}}};
  plan.after = {{{"launchctl", "bootstrap", AgentDomain(setting), AgentPath(setting)}}};
  return plan;
}

ServicePlan PlanLaunchdUninstall(const ServiceSetting& setting) {
  ServicePlan plan;
  plan.before = {{{"launchctl", "bootout", AgentDomain(setting) + "/org.hark.harkd"}}};
  plan.stale = {AgentPath(setting)};
  return plan;
}

}  // namespace hark::cli
