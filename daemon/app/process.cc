#include "daemon/app/process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "daemon/base/limits.h"

namespace hark::app {
namespace {

// Each makes a library write messages or session keys to a file or to the log.
constexpr const char* kTellingVariables[] = {"GRPC_TRACE", "GRPC_VERBOSITY",
                                             "GRPC_STACKTRACE_MINLOGLEVEL",
                                             "GRPC_BINARY_LOG_FILTER", "SSLKEYLOGFILE"};

tl::unexpected<Error> FailErrno(const std::string& what, int error) {
  return Fail(ErrorCode::kInternal,
              "cannot " + what + ": " + std::generic_category().message(error));
}

Result<void> IgnoreSignal(int signal) {
  struct sigaction action{};
  action.sa_handler = SIG_IGN;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(signal, &action, nullptr) != 0) return FailErrno("ignore a signal", errno);
  return {};
}

// Files that may be open at once: every connection of limits::kLocalConnections, and as many again.
// The usual limit, 1,024, is for programs that use select(). Where it cannot be raised, fewer
// clients are let in.
void RaiseDescriptorLimit() {
  constexpr rlim_t kWanted = 2 * limits::kLocalConnections;
  struct rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= kWanted) return;
  files.rlim_cur = std::min(kWanted, files.rlim_max);
  (void)::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

Result<void> HardenProcess() {
  ::umask(077);
#if defined(__linux__)
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    return FailErrno("close the process to debuggers", errno);
#endif
  const struct rlimit no_core{0, 0};
  if (::setrlimit(RLIMIT_CORE, &no_core) != 0) return FailErrno("switch core files off", errno);
  RaiseDescriptorLimit();
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    if (Result<void> ignored = IgnoreSignal(signal); !ignored) return ignored;
  }
  for (const char* variable : kTellingVariables) {
    if (::unsetenv(variable) != 0)
      return FailErrno("unset a variable", errno);  // NOLINT(concurrency-mt-unsafe)
  }
  return {};
}

}  // namespace hark::app
