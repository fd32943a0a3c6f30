// harkd: arguments in, RunDaemon() out.

#include <cstdio>
#include <string>
#include <vector>

#include "daemon/app/backend_route.h"
#include "daemon/app/config.h"
#include "daemon/app/daemon.h"
#include "daemon/app/exit_code.h"
#include "daemon/app/options.h"
#include "daemon/app/paths.h"
#include "daemon/app/process.h"

namespace {

using hark::app::ExitCode;

int Fail(ExitCode code, const std::string& message) {
  std::fprintf(stderr, "harkd: %s\n", message.c_str());
  return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
  // Before hardening: afterwards /proc/self/environ is closed.
  const auto environment = hark::app::Environment::OfThisProcess();
  if (const auto hardened = hark::app::HardenProcess(); !hardened) {
    return Fail(ExitCode::kInternal, hardened.error().message);
  }
  const auto options = hark::app::ParseOptions(std::vector<std::string>(argv + 1, argv + argc));
  if (!options) return Fail(ExitCode::kWrongFlags, options.error().message);
  if (options->action == hark::app::Options::Action::kPrint) {
    std::fputs(options->text.c_str(), stdout);
    return static_cast<int>(ExitCode::kStopped);
  }
  const auto config = hark::app::LoadConfig(options->config, environment);
  if (!config) return Fail(ExitCode::kConfiguration, config.error().message);
  if (options->action == hark::app::Options::Action::kCheckConfig) {
    std::fputs(hark::app::DescribeConfig(*config).c_str(), stdout);
    std::fputs(hark::app::DescribeRoute(*config, environment).c_str(), stdout);
    return static_cast<int>(ExitCode::kStopped);
  }
  if (options->action == hark::app::Options::Action::kCheckBackend) {
    const std::string wrong = hark::app::TryBackend(*config, environment);
    std::fputs(wrong.c_str(), stdout);
    return static_cast<int>(wrong.empty() ? ExitCode::kStopped : ExitCode::kBackend);
  }
  return static_cast<int>(hark::app::RunDaemon(*config, options->config, environment));
}
