#include "client-sdk/src/daemon_start.h"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hark::client {
namespace {

Error CannotStart(const std::string& program, int error) {
  return {ErrorCode::kNoDaemon,
          "the daemon " + program + " cannot be started: " + std::generic_category().message(error),
          Retry::kAfterAction};
}

// Everything below runs in a copy of a process that may have many threads: only what is safe in a
// signal handler.

void KeepOnly(int kept, int limit) {
  for (int fd = 0; fd < limit; ++fd) {
    if (fd > STDERR_FILENO && fd != kept) close(fd);
  }
}

[[noreturn]] void Fail(int report) {
  const int error = errno;
  (void)!write(report, &error, sizeof error);
  _exit(127);
}

[[noreturn]] void RunDaemon(const char* program, char* const* arguments, int report, int limit) {
  if (setsid() < 0) Fail(report);
  // The one that runs the program is nobody's child: no process has to wait for it.
  const pid_t daemon = fork();
  if (daemon < 0) Fail(report);
  if (daemon > 0) _exit(0);
  // What the caller blocks would stay blocked in the program.
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDWR);
  if (null < 0) Fail(report);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (dup2(null, fd) < 0) Fail(report);
  }
  KeepOnly(report, limit);
  if (chdir("/") != 0) Fail(report);
  execv(program, arguments);
  Fail(report);
}

}  // namespace

Result<void> StartDaemon(const std::string& program, const std::vector<std::string>& arguments) {
  if (program.empty() || program.front() != '/') {
    return Error{ErrorCode::kInvalidArgument, "the daemon's program is not an absolute path",
                 Retry::kNo};
  }
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  rlimit files{};
  // A loop over all that could be open, but not over a limit of a billion.
  constexpr rlim_t kMostFiles = 65'536;
  const int limit = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < kMostFiles
                        ? static_cast<int>(files.rlim_cur)
                        : static_cast<int>(kMostFiles);

  // Closed by a program that begins; holds the error of one that does not.
  int report[2];
  if (pipe(report) != 0) return CannotStart(program, errno);
  int pipe_error = 0;
  for (int& fd : report) {
    // Out of the way of the standard three, which a caller may have closed.
    const int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0) pipe_error = errno;
    close(fd);
    fd = moved;
  }
  if (pipe_error != 0) {
    for (const int fd : report) {
      if (fd >= 0) close(fd);
    }
    return CannotStart(program, pipe_error);
  }
  const pid_t between = fork();
  if (between == 0) RunDaemon(words.front().c_str(), pointers.data(), report[1], limit);
  const int fork_error = errno;
  close(report[1]);
  int error = 0;
  ssize_t got = 0;
  if (between > 0) {
    while ((got = read(report[0], &error, sizeof error)) < 0 && errno == EINTR) {
    }
    while (waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  close(report[0]);
  if (between < 0) return CannotStart(program, fork_error);
  if (got == static_cast<ssize_t>(sizeof error)) return CannotStart(program, error);
  return {};
}

}  // namespace hark::client
