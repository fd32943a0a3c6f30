// What a command reads from stdin, and from the person at the terminal.

#ifndef HARK_TOOLS_HARK_INPUT_H_
#define HARK_TOOLS_HARK_INPUT_H_

#include <cstddef>
#include <string>

#include "tools/hark/exit_code.h"

namespace hark::cli {

// Reads stdin to its end, but not more than one byte over `limit`: enough to see that it is too
// much.
[[nodiscard]] std::string ReadInput(std::size_t limit);

// A token, passphrase or code, without the line break that most tools add, which does not count.
// Wipe() it when it is done with.
[[nodiscard]] std::string ReadSecret(std::size_t limit);
// The same. At a terminal it asks for `what` ("Token"), shows nothing of what is typed, and ends
// with the line.
[[nodiscard]] std::string AskSecret(const std::string& what, std::size_t limit);
// Overwrites it.
void Wipe(std::string& secret);

// Asks on the terminal. kOk: yes; kUsage: nobody can be asked, and stderr says that --yes is
// needed; kUnexpected: no.
[[nodiscard]] ExitCode Confirm(const std::string& question);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_INPUT_H_
