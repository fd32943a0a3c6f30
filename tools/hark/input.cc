#include "tools/hark/input.h"

#include <cstdio>

#include <unistd.h>

namespace hark::cli {

std::string ReadInput(std::size_t limit) {
  std::string input(limit + 1, '\0');
  std::size_t size = 0;
  while (size < input.size()) {
    const ssize_t count = read(STDIN_FILENO, input.data() + size, input.size() - size);
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  input.resize(size);
  return input;
}

std::string ReadSecret(std::size_t limit) {
  std::string secret = ReadInput(limit + 2);
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
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
