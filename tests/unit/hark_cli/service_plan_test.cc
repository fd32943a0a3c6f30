#include "tools/hark/service_plan.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/hark/daemon_setup.h"
#include "tools/hark/service_manager.h"

namespace hark::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

ServiceSetting Ann() {
  ServiceSetting setting;
  setting.home = "/home/ann";
  setting.config_home = "/home/ann/.config";
  setting.harkd = "/opt/hark/harkd";
  setting.data_dir = "/home/ann/.local/share/hark";
  setting.key_file = "/home/ann/.local/share/hark/keys/master.key";
  setting.socket = "/run/user/7/hark/harkd.sock";
  setting.uid = 7;
  return setting;
}

std::string TextOf(const ServicePlan& plan, const std::string& ending) {
  const auto found = std::ranges::find_if(
      plan.files, [&](const ServiceFile& file) { return file.path.ends_with(ending); });
  return found == plan.files.end() ? std::string() : found->text;
}

std::vector<std::string> Words(const ServicePlan& plan) {
  std::vector<std::string> lines;
  for (const PlannedCommand& command : plan.after) {
    std::string line;
    for (const std::string& word : command.words) line += (line.empty() ? "" : " ") + word;
    lines.push_back(line);
  }
  return lines;
}

TEST(SystemdPlan, WritesUnitsForTheProgramThatIsThere) {
  const ServicePlan plan = PlanSystemdInstall(Ann());
  EXPECT_THAT(TextOf(plan, "/harkd.service"), HasSubstr("\nExecStart=\"/opt/hark/harkd\"\n"));
  EXPECT_THAT(TextOf(plan, "/harkd.socket"), HasSubstr("ListenStream=%t/hark/harkd.sock\n"));
  for (const ServiceFile& file : plan.files) EXPECT_THAT(file.text, HasSubstr(kServiceMark));
  EXPECT_THAT(Words(plan), Contains("systemctl --user enable harkd.socket harkd.service"));
  EXPECT_EQ(Words(plan).back(), "systemctl --user start harkd.service");
}

TEST(SystemdPlan, OfAPackageNeedsNoUnitsOfItsOwn) {
  ServiceSetting setting = Ann();
  setting.packaged = true;
  const ServicePlan plan = PlanSystemdInstall(setting);
  EXPECT_THAT(plan.files, IsEmpty());
  EXPECT_THAT(plan.stale, Contains("/home/ann/.config/systemd/user/harkd.service"));
  setting.default_socket = false;  // for which the package's socket is the wrong one
  EXPECT_THAT(TextOf(PlanSystemdInstall(setting), "/harkd.socket"),
              HasSubstr("ListenStream=/run/user/7/hark/harkd.sock\n"));
}

TEST(SystemdPlan, TheDropInIsForWhereUserNamespacesWorkAndNamesWhatHarkdWrites) {
  ServiceSetting setting = Ann();
  EXPECT_EQ(TextOf(PlanSystemdInstall(setting), "/user-namespace.conf"), "");
  EXPECT_THAT(PlanSystemdInstall(setting).stale, Contains(HasSubstr("user-namespace.conf")));
  setting.user_namespaces = true;
  setting.key_file = "/home/ann/keys/k";
  const ServicePlan plan = PlanSystemdInstall(setting);
  EXPECT_THAT(
      TextOf(plan, "/user-namespace.conf"),
      HasSubstr("\nReadWritePaths=\"-/home/ann/.local/share/hark\" %t \"-/home/ann/keys\"\n"));
  EXPECT_THAT(plan.private_folders,
              UnorderedElementsAre("/home/ann/.local/share/hark", "/home/ann/keys"));
  // The folder in the data folder is the daemon's to make, if its key is to be in a file.
  setting.key_file = Ann().key_file;
  EXPECT_THAT(PlanSystemdInstall(setting).private_folders,
              UnorderedElementsAre("/home/ann/.local/share/hark"));
}

TEST(SystemdPlan, OddPathsStayOneWordAndNothingInThemIsExpanded) {
  ServiceSetting setting = Ann();
  setting.harkd = "/opt/a \"b\" %h $HOME/harkd";
  setting.data_dir = "/home/a n/100%";
  setting.user_namespaces = true;
  const ServicePlan plan = PlanSystemdInstall(setting);
  EXPECT_THAT(TextOf(plan, "/harkd.service"),
              HasSubstr("ExecStart=\"/opt/a \\\"b\\\" %%h $$HOME/harkd\"\n"));
  EXPECT_THAT(TextOf(plan, "/user-namespace.conf"), HasSubstr("\"-/home/a n/100%%\""));
}

TEST(SystemdPlan, OnDemandIsNotStartedAtLogIn) {
  ServiceSetting setting = Ann();
  setting.on_demand = true;
  const auto words = Words(PlanSystemdInstall(setting));
  EXPECT_THAT(words, Contains("systemctl --user enable harkd.socket"));
  EXPECT_THAT(words, Contains("systemctl --user disable harkd.service"));
  EXPECT_THAT(words, Not(Contains("systemctl --user start harkd.service")));
}

// A socket that changed place has to be listened at anew; otherwise it stays open all the while.
TEST(SystemdPlan, TheSocketIsOnlyClosedWhenItsUnitChanged) {
  for (const PlannedCommand& command : PlanSystemdInstall(Ann()).after) {
    const bool closes =
        command.words == std::vector<std::string>{"systemctl", "--user", "restart", "harkd.socket"};
    EXPECT_EQ(command.if_changed, closes ? "/home/ann/.config/systemd/user/harkd.socket" : "");
  }
}

TEST(SystemdPlan, UninstallingTakesAwayWhatInstallingMade) {
  ServiceSetting setting = Ann();
  setting.user_namespaces = true;
  const ServicePlan gone = PlanSystemdUninstall(setting);
  for (const ServiceFile& file : PlanSystemdInstall(setting).files)
    EXPECT_THAT(gone.stale, Contains(file.path));
}

TEST(LaunchdPlan, TheAgentHasTheSocketTheProgramAndNoPlaceholder) {
  ServiceSetting setting = Ann();
  setting.home = "/Users/ann & bob";
  const ServicePlan plan = PlanLaunchdInstall(setting);
  const std::string text = TextOf(plan, "/Library/LaunchAgents/org.hark.harkd.plist");
  EXPECT_TRUE(text.starts_with("<?xml")) << text;
  EXPECT_THAT(text, HasSubstr(kServiceMark));
  EXPECT_THAT(
      text,
      HasSubstr("<key>SockPathName</key>\n      <string>/run/user/7/hark/harkd.sock</string>"));
  EXPECT_THAT(text, HasSubstr("<integer>384</integer>"));
  EXPECT_THAT(text, HasSubstr("/Users/ann &amp; bob/Library/Logs/hark/harkd.log"));
  EXPECT_EQ(text.find("@HARKD@"), std::string::npos);
  EXPECT_EQ(text.find("@SOCKET@"), std::string::npos);
  EXPECT_EQ(text.find("@LOG@"), std::string::npos);
  EXPECT_THAT(Words(plan), ElementsAre(HasSubstr("launchctl bootstrap gui/7 ")));
  EXPECT_THAT(PlanLaunchdUninstall(setting).stale, ElementsAre(plan.files.front().path));
}

TEST(DaemonSetup, ReadsWhatCheckConfigPrints) {
  const auto values = ParseConfigValues(
      "# read from x\n[storage]\ndata_dir = \"/a \\\"b\\\" \\\\c\"\n\n[retention]\ndays = 90\n");
  EXPECT_EQ(values.at("storage.data_dir"), "/a \"b\" \\c");
  EXPECT_EQ(values.at("retention.days"), "90");
  EXPECT_EQ(values.size(), 2U);
}

TEST(ServiceManager, ReadsProperties) {
  const auto properties = ParseProperties("ActiveState=active\nEmpty=\nPath=a=b\n");
  EXPECT_EQ(properties.at("ActiveState"), "active");
  EXPECT_EQ(properties.at("Empty"), "");
  EXPECT_EQ(properties.at("Path"), "a=b");
}

}  // namespace
}  // namespace hark::cli
