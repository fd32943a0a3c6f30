#include "tools/hark/input.h"

#include <array>
#include <csignal>
#include <cstdio>

#include <termios.h>
#include <unistd.h>

namespace hark::cli {
namespace {

// The terminal as it was: for the handler of signals too, which can reach nothing else.
termios before_hiding{};

// A shell whose terminal shows nothing any more is what Ctrl-C would leave. Ends as the signal
// does.
void ShowAgainAndEnd(int signal) {
  tcsetattr(STDIN_FILENO, TCSANOW, &before_hiding);
  raise(signal);
}

// Typed characters are not shown while it lives; one at a time. Nothing happens where stdin is no
// terminal.
class HiddenInput {
 public:
  HiddenInput() {
    if (isatty(STDIN_FILENO) != 1 || tcgetattr(STDIN_FILENO, &before_hiding) != 0) return;
    hidden_ = true;
    struct sigaction end{};
    end.sa_handler = ShowAgainAndEnd;
    end.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
    for (std::size_t i = 0; i < kEnding.size(); ++i) sigaction(kEnding[i], &end, &actions_[i]);
    termios silent = before_hiding;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;
  ~HiddenInput() {
    if (!hidden_) return;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_hiding);
    for (std::size_t i = 0; i < kEnding.size(); ++i) sigaction(kEnding[i], &actions_[i], nullptr);
  }

  [[nodiscard]] bool hidden() const { return hidden_; }

 private:
  static constexpr std::array kEnding{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

  std::array<struct sigaction, kEnding.size()> actions_{};
  bool hidden_ = false;
};

// To the end of stdin, or of the line.
std::string Read(std::size_t limit, bool line) {
  std::string input(limit + 1, '\0');
  std::size_t size = 0;
  while (size < input.size()) {
    const ssize_t count = read(STDIN_FILENO, input.data() + size, input.size() - size);
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
    if (line && input[size - 1] == '\n') break;
  }
  input.resize(size);
  return input;
}

void DropLineBreaks(std::string& secret) {
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
}

}  // namespace

std::string ReadInput(std::size_t limit) {
  return Read(limit, false);
}

std::string ReadSecret(std::size_t limit) {
  std::string secret = Read(limit + 2, false);
  DropLineBreaks(secret);
  return secret;
}

std::string AskSecret(const std::string& what, std::size_t limit) {
  const HiddenInput hidden;
  if (!hidden.hidden()) return ReadSecret(limit);
  std::fprintf(stderr, "%s, then Enter: ", what.c_str());
  std::string secret = Read(limit + 2, true);
  DropLineBreaks(secret);
  std::fputc('\n', stderr);
  return secret;
}

void Wipe(std::string& secret) {
  // Volatile, or the compiler leaves it out: nobody reads it any more.
  volatile char* bytes = secret.data();
  for (std::size_t i = 0; i < secret.size(); ++i) bytes[i] = '\0';
}

ExitCode Confirm(const std::string& question) {
  if (isatty(STDIN_FILENO) != 1)
    return Report(kUsage, "this removes something for good: say --yes, or ask from a terminal");
  std::fprintf(stderr, "%s Go on? [y/N] ", question.c_str());
  std::fflush(stderr);
  char answer = '\n';
  const bool read_one = read(STDIN_FILENO, &answer, 1) == 1;
  if (read_one && (answer == 'y' || answer == 'Y')) return kOk;
  return Report(kUnexpected, "nothing was changed");
}

}  // namespace hark::cli
