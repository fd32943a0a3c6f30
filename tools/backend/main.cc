// hark-backend: see options.h for what it can be asked, README.md for how to run it.

#include <csignal>
#include <exception>
#include <iostream>

#include <sys/stat.h>

#include <google/protobuf/stubs/logging.h>

#include "tools/backend/commands.h"
#include "tools/backend/options.h"

int main(int argc, char** argv) {
  // A client that goes away, or a file size limit, is an error to handle and no reason to die.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // protobuf would write a line of its own for each frame that does not parse; the session logs one
  // with its id.
  google::protobuf::SetLogHandler(nullptr);
  // What is made here is its owner's.
  umask(0077);
  try {
    const auto parsed = hark::backend::ParseCommandLine(argc, argv);
    if (!parsed.command) return parsed.exit_code;
    return hark::backend::RunCommand(*parsed.command);
  } catch (const std::exception& failure) {
    std::cerr << "hark-backend: " << failure.what() << '\n';
    return hark::backend::kExitInternal;
  }
}
