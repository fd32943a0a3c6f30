// hark: the command line client.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "tools/hark/cli.h"
#include "tools/hark/exit_code.h"

int main(int argc, char** argv) {
  // gRPC's traces would print what messages say, and its log lines are not hark's.
  unsetenv("GRPC_TRACE");
  setenv("GRPC_VERBOSITY", "NONE", 1);
  // A reader that goes away shows as a failed write; it must not kill hark in the middle of a call.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return hark::cli::Run(argc, argv);
  } catch (const std::exception&) {
    // Only running out of memory comes this way; what it says would help nobody.
    std::fputs("hark: an unexpected error; is there enough memory?\n", stderr);
    return hark::cli::kUnexpected;
  }
}
