#ifndef HARK_TOOLS_BACKEND_COMMANDS_H_
#define HARK_TOOLS_BACKEND_COMMANDS_H_

// Does what the command line asks. Answers go to stdout, everything else to stderr; the result is
// the exit code.

#include "tools/backend/options.h"

namespace hark::backend {

int RunCommand(const Command& command);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_COMMANDS_H_
