// The commands that need no daemon: those that install it and those that look at why it does not
// work.

#ifndef HARK_TOOLS_HARK_LOCAL_COMMANDS_H_
#define HARK_TOOLS_HARK_LOCAL_COMMANDS_H_

#include <cstdint>
#include <string>

#include "tools/hark/output.h"

namespace CLI {  // NOLINT(readability-identifier-naming): its own name for itself
class App;
}

namespace hark::cli {

// What can be said on the command line for one of these.
struct LocalArguments {
  std::string harkd;
  std::string bundle;
  std::string data_dir;
  std::uint64_t lines = 100;
  bool on_demand = false;
  bool follow = false;
};

struct LocalSession {
  Output& output;
  const LocalArguments& arguments;
  std::string socket;  // As --socket says; empty: the default.
};

// Each gives the exit code, after it has said on stderr what went wrong.
using LocalCommand = int (*)(LocalSession&);

int InstallService(LocalSession& session);
int UninstallService(LocalSession& session);
int ShowService(LocalSession& session);
int ShowServiceLog(LocalSession& session);
int Diagnose(LocalSession& session);

// Adds them; the one that is chosen is left in `chosen`. All outlive the parsing.
void AddLocalCommands(CLI::App& app, LocalArguments& arguments, LocalCommand& chosen);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_LOCAL_COMMANDS_H_
