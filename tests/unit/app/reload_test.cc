#include "daemon/app/reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hark::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Config Running() {
  Config config;
  config.backend_url = "ws://127.0.0.1:1/sync";
  config.data_dir = "/data";
  config.key_file = "/data/keys/master.key";
  config.socket = "/run/hark.sock";
  config.config_file = "/etc/harkd.toml";
  return config;
}

TEST(Reload, TakesWhatCanChangeWhileItRuns) {
  Config read = Running();
  read.retention = {.days = 7, .max_bytes = std::uint64_t{5} * 1024 * 1024};
  read.log_level = log::Level::kDebug;
  const Reload plan = PlanReload(Running(), read);
  EXPECT_EQ(plan.config.retention, read.retention);
  EXPECT_EQ(plan.config.log_level, log::Level::kDebug);
  EXPECT_THAT(plan.taken, ElementsAre("retention.days", "retention.max_mb", "log.level"));
  EXPECT_THAT(plan.need_restart, IsEmpty());
}

TEST(Reload, NamesWhatNeedsARestartAndLeavesItAsItIs) {
  Config read = Running();
  read.backend_url = "ws://127.0.0.1:2/sync";
  read.outbox_age = std::chrono::days(3);
  read.socket = "/run/other.sock";
  read.ca_file = "/etc/ca.pem";
  read.log_format = log::Format::kJson;
  const Reload plan = PlanReload(Running(), read);
  EXPECT_EQ(DescribeConfig(plan.config), DescribeConfig(Running()));
  EXPECT_THAT(plan.taken, IsEmpty());
  EXPECT_THAT(plan.need_restart, ElementsAre("backend.url", "backend.ca_file", "outbox.days",
                                             "ipc.socket", "log.format"));
}

TEST(Reload, AKeyThatIsNoLongerSetIsNamedToo) {
  Config running = Running();
  running.ca_file = "/etc/ca.pem";
  EXPECT_THAT(PlanReload(running, Running()).need_restart, ElementsAre("backend.ca_file"));
}

TEST(Reload, WithoutAChangeNothingIsNamed) {
  const Reload plan = PlanReload(Running(), Running());
  EXPECT_THAT(plan.taken, IsEmpty());
  EXPECT_THAT(plan.need_restart, IsEmpty());
}

}  // namespace
}  // namespace hark::app
