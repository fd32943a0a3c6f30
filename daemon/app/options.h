// harkd's command line.

#ifndef HARK_DAEMON_APP_OPTIONS_H_
#define HARK_DAEMON_APP_OPTIONS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/app/config.h"
#include "daemon/base/result.h"

namespace hark::app {

struct Options {
  enum class Action : std::uint8_t {
    kRun,
    kCheckConfig,   // load the configuration, print DescribeConfig(), exit
    kCheckBackend,  // load the configuration, print TryBackend(), exit
    kPrint,         // print `text`, exit: help or version
  };

  Action action = Action::kRun;
  ConfigRequest config;
  std::string text;
};

// `arguments`: without the program's name. Pure. kInvalidArgument with a sentence for every wrong
// flag or value.
[[nodiscard]] Result<Options> ParseOptions(const std::vector<std::string>& arguments);

// Of this build, as in "0.1.0".
[[nodiscard]] std::string_view Version();

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_OPTIONS_H_
