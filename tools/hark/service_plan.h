// What has to be there for harkd to run as a service, and what to tell the service manager. Plans
// only: pure, so that the ones for both systems are tested on either.

#ifndef HARK_TOOLS_HARK_SERVICE_PLAN_H_
#define HARK_TOOLS_HARK_SERVICE_PLAN_H_

#include <string>
#include <string_view>
#include <vector>

namespace hark::cli {

// What is known of the machine and the person. Paths are absolute.
struct ServiceSetting {
  std::string home;
  std::string config_home;  // $XDG_CONFIG_HOME, or its default.
  std::string harkd;        // The program to run.
  std::string config_file;  // For harkd; empty: its default.
  std::string data_dir;     // As harkd --check-config says, as the next two.
  std::string key_file;
  std::string socket;
  bool default_socket = true;  // Where harkd.socket listens.
  bool packaged = false;       // The units of a package are there, for this very program.
  bool user_namespaces = false;
  bool on_demand = false;  // Only with the first client, not at log-in.
  unsigned uid = 0;
};

// In the first line of every file that is written here. One without it is somebody's own.
inline constexpr std::string_view kServiceMark = "Written by 'hark service install'";

struct ServiceFile {
  std::string path;
  std::string text;
};

struct PlannedCommand {
  std::vector<std::string> words;
  // Run only if this file was changed; empty: always.
  std::string if_changed = {};
};

struct ServicePlan {
  std::vector<std::string> private_folders;  // Made with mode 0700 if they are not there.
  std::vector<ServiceFile> files;
  std::vector<std::string>
      stale;  // Files of ours that are not wanted; removed if they have the mark.
  std::vector<std::string> empty_folders;  // Removed if they are empty then.
  // Before the files are changed; they may fail.
  std::vector<PlannedCommand> before;
  // After it, in order; the first that fails ends the command.
  std::vector<PlannedCommand> after;
};

[[nodiscard]] ServicePlan PlanSystemdInstall(const ServiceSetting& setting);
[[nodiscard]] ServicePlan PlanSystemdUninstall(const ServiceSetting& setting);
[[nodiscard]] ServicePlan PlanLaunchdInstall(const ServiceSetting& setting);
[[nodiscard]] ServicePlan PlanLaunchdUninstall(const ServiceSetting& setting);

// The file that launchd writes harkd's log to.
[[nodiscard]] std::string LaunchdLog(const ServiceSetting& setting);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_SERVICE_PLAN_H_
