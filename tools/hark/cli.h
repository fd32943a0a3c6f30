// The command line: its options and sub-commands, and running one of them.

#ifndef HARK_TOOLS_HARK_CLI_H_
#define HARK_TOOLS_HARK_CLI_H_

namespace hark::cli {

// Gives the exit code.
int Run(int argc, char** argv);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_CLI_H_
