// What a command reads from stdin.

#ifndef HARK_TOOLS_HARK_INPUT_H_
#define HARK_TOOLS_HARK_INPUT_H_

#include <cstddef>
#include <string>

namespace hark::cli {

// Reads stdin to its end, but not more than one byte over `limit`: enough to see that it is too
// much.
[[nodiscard]] std::string ReadInput(std::size_t limit);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_INPUT_H_
