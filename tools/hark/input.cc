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
