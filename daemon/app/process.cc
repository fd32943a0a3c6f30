#include "daemon/app/process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <span>
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

// Each makes a library write messages, secrets or session keys to a file or to the log.
constexpr const char* kTellingVariables[] = {"GRPC_TRACE",
                                             "GRPC_VERBOSITY",
                                             "GRPC_STACKTRACE_MINLOGLEVEL",
                                             "GRPC_BINARY_LOG_FILTER",
                                             "SSLKEYLOGFILE",
                                             "SQLITE_TMPDIR",
                                             "G_MESSAGES_DEBUG",
                                             "G_DBUS_DEBUG"};

// Each may hold a password, and /proc/PID/environ shows what a process was started with.
constexpr const char* kSecretVariables[] = {"https_proxy", "HTTPS_PROXY", "http_proxy",
                                            "HTTP_PROXY",  "all_proxy",   "ALL_PROXY"};

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

// Keys are kept on locked pages (base/locked_memory.h): as many as the user may have.
void RaiseLockedMemoryLimit() {
  struct rlimit locked{};
  if (::getrlimit(RLIMIT_MEMLOCK, &locked) != 0) return;
  locked.rlim_cur = locked.rlim_max;
  (void)::setrlimit(RLIMIT_MEMLOCK, &locked);
}

// Where it was given to the process, which is where /proc looks.
void WipeVariable(const char* name) {
  char* const value = ::getenv(name);  // NOLINT(concurrency-mt-unsafe): no other thread yet.
  if (value == nullptr) return;
  for (volatile char* at = value; *at != '\0'; ++at) *at = '\0';
}

Result<void> Unset(std::span<const char* const> variables) {
  for (const char* variable : variables) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread yet.
    if (::unsetenv(variable) != 0) return FailErrno("unset a variable", errno);
  }
  return {};
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
  RaiseLockedMemoryLimit();
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    if (Result<void> ignored = IgnoreSignal(signal); !ignored) return ignored;
  }
  if (Result<void> unset = Unset(kTellingVariables); !unset) return unset;
  for (const char* variable : kSecretVariables) WipeVariable(variable);
  if (Result<void> unset = Unset(kSecretVariables); !unset) return unset;
  return {};
}

}  // namespace hark::app
