#include "tools/hark/until.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace hark::cli {
namespace {

// Written by the signal handler, which may only touch this.
volatile std::sig_atomic_t wake_fd = -1;

extern "C" void OnSignal(int /*signal*/) {
  const int error = errno;
  const char byte = 's';
  [[maybe_unused]] const ssize_t written = write(wake_fd, &byte, 1);
  errno = error;
}

void Handle(int signal) {
  struct sigaction action{};
  action.sa_handler = OnSignal;
  action.sa_flags =
      static_cast<int>(SA_RESETHAND);  // The second one is not to be held up by anything.
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

Until::Until() {
  if (pipe(pipe_) != 0) std::abort();
  for (const int fd : pipe_) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  wake_fd = pipe_[1];
  Handle(SIGINT);
  Handle(SIGTERM);
}

Until::~Until() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  wake_fd = -1;
  close(pipe_[0]);
  close(pipe_[1]);
}

void Until::End(int exit_code) {
  int none = -1;
  if (!code_.compare_exchange_strong(none, exit_code)) return;
  const char byte = 'e';
  [[maybe_unused]] const ssize_t written = write(pipe_[1], &byte, 1);
}

int Until::Wait(std::optional<std::chrono::milliseconds> limit, int late_code) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + limit.value_or(std::chrono::milliseconds(0));
  for (;;) {
    int wait = -1;
    if (limit) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
      wait = static_cast<int>(std::clamp<long long>(left.count(), 0, 60'000));
    }
    // A pipe whose reader is gone reports an error, asked or not.
    std::array<pollfd, 2> fds = {pollfd{pipe_[0], POLLIN, 0}, pollfd{STDOUT_FILENO, 0, 0}};
    const int ready = poll(fds.data(), fds.size(), wait);
    const int code = code_.load();
    if (code >= 0) return code;
    if (ready < 0 && errno == EINTR) continue;
    if (ready > 0) return 0;
    if (limit && Clock::now() >= deadline) return late_code;
  }
}

}  // namespace hark::cli
