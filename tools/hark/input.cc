#include "tools/hark/input.h"

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

}  // namespace hark::cli
