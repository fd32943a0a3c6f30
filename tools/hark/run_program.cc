#include "tools/hark/run_program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char**
    environ;  // NOLINT(readability-redundant-declaration): not every C library declares it

namespace hark::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Pipe {
  std::array<int, 2> ends{-1, -1};

  Pipe() {
    if (pipe(ends.data()) != 0) ends = {-1, -1};
    for (const int fd : ends) {
      if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    Close(0);
    Close(1);
  }
  void Close(std::size_t end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
};

// False: the end.
bool ReadSome(int fd, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t got = read(fd, buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  if (got == 0) return false;
  const std::size_t room = kMaxOutput - text.size();
  text.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
  return true;
}

// Both to their ends, or until the time is over.
void Collect(Pipe& out, Pipe& err, ProgramResult& result, SteadyClock::time_point deadline) {
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0) return;
    std::array<pollfd, 2> waits{pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0}};
    if (poll(waits.data(), waits.size(), static_cast<int>(left.count())) < 0 && errno != EINTR)
      return;
    if (waits[0].revents != 0 && !ReadSome(out.ends[0], result.out)) out.Close(0);
    if (waits[1].revents != 0 && !ReadSome(err.ends[0], result.err)) err.Close(0);
  }
}

int WaitFor(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return ProgramResult::kKilled;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : ProgramResult::kKilled;
}

}  // namespace

ProgramResult RunProgram(const std::vector<std::string>& words,
                         std::chrono::milliseconds patience) {
  ProgramResult result;
  Pipe out;
  Pipe err;
  if (words.empty() || out.ends[1] < 0 || err.ends[1] < 0) return result;
  std::vector<std::string> copies = words;
  const std::vector<char*> arguments = Pointers(copies);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.ends[1], STDERR_FILENO);
  // hark ignores SIGPIPE; a program that it runs has the usual action.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t usual;
  sigemptyset(&usual);
  sigaddset(&usual, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int error = posix_spawnp(&child, copies.front().c_str(), &actions, &attributes,
                                 arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  out.Close(1);
  err.Close(1);
  if (error != 0) return result;
  Collect(out, err, result, SteadyClock::now() + patience);
  const bool too_long = out.ends[0] >= 0 || err.ends[0] >= 0;
  if (too_long) kill(child, SIGKILL);
  result.code = WaitFor(child);
  if (too_long) result.code = ProgramResult::kKilled;
  return result;
}

int BecomeProgram(const std::vector<std::string>& words) {
  std::vector<std::string> copies = words;
  const std::vector<char*> arguments = Pointers(copies);
  std::signal(SIGPIPE, SIG_DFL);
  execvp(copies.front().c_str(), arguments.data());
  return errno;
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace hark::cli
