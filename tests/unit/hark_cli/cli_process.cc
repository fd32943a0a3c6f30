#include "tests/unit/hark_cli/cli_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace hark::test {
namespace {

// Both ends close on exec; the child gets its own by dup2.
std::array<int, 2> Pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  return ends;
}

void CloseEnd(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

}  // namespace

CliProcess::CliProcess(const std::string& socket, std::vector<std::string> arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto in = Pipe();
  const auto out = Pipe();
  const auto err = Pipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);

  std::vector<std::string> variables = {"HARK_SOCKET=" + socket, "TZ=UTC"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (!text.starts_with("HARK_SOCKET=") && !text.starts_with("TZ=")) variables.push_back(text);
  }
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  arguments.insert(arguments.begin(), "hark");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  if (posix_spawn(&pid_, HARK_CLI, &actions, nullptr, argv.data(), environment.data()) != 0)
    std::abort();
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  close(err[1]);
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
}

CliProcess::~CliProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  CloseEnd(in_);
  CloseEnd(out_);
  CloseEnd(err_);
}

void CliProcess::Write(const std::string& input) {
  for (std::size_t at = 0; at < input.size();) {
    const ssize_t count = write(in_, input.data() + at, input.size() - at);
    if (count <= 0) return;
    at += static_cast<std::size_t>(count);
  }
}

void CliProcess::CloseInput() {
  CloseEnd(in_);
}
void CliProcess::CloseOutput() {
  CloseEnd(out_);
}
void CliProcess::Signal(int signal) {
  kill(pid_, signal);
}

std::string CliProcess::ReadLine() {
  for (;;) {
    if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    std::array<char, 4096> chunk{};
    const ssize_t count = read(out_, chunk.data(), chunk.size());
    if (count <= 0) return std::exchange(buffer_, {});
    buffer_.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

CliResult CliProcess::Finish() {
  CliResult result;
  CloseInput();
  // Both at once, so that neither pipe can fill up unread.
  std::array<pollfd, 2> fds = {pollfd{out_, POLLIN, 0}, pollfd{err_, POLLIN, 0}};
  std::array<std::string*, 2> texts = {&result.out, &result.err};
  result.out = std::exchange(buffer_, {});
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) break;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      std::array<char, 4096> chunk{};
      const ssize_t count = read(fds[i].fd, chunk.data(), chunk.size());
      if (count <= 0) {
        fds[i].fd = -1;
      } else {
        texts[i]->append(chunk.data(), static_cast<std::size_t>(count));
      }
    }
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

CliResult RunCli(const std::string& socket, std::vector<std::string> arguments,
                 const std::string& input) {
  CliProcess process(socket, std::move(arguments));
  process.Write(input);
  return process.Finish();
}

}  // namespace hark::test
