// Runs another program to its end: the service manager's, the daemon's own --check-config.

#ifndef HARK_TOOLS_HARK_RUN_PROGRAM_H_
#define HARK_TOOLS_HARK_RUN_PROGRAM_H_

#include <chrono>
#include <string>
#include <vector>

namespace hark::cli {

struct ProgramResult {
  static constexpr int kNotStarted = 127;
  static constexpr int kKilled = 128;

  // Its exit code; kNotStarted: there is no such program; kKilled: a signal ended it, or it took
  // too long and was ended.
  int code = kNotStarted;
  // Standard output and standard error, each up to kMaxOutput; the rest is read and dropped.
  std::string out;
  std::string err;
};

inline constexpr std::size_t kMaxOutput = std::size_t{1024} * 1024;

// `words`: the program, found in PATH unless it has a slash, and its arguments. Standard input is
// empty.
[[nodiscard]] ProgramResult RunProgram(const std::vector<std::string>& words,
                                       std::chrono::milliseconds patience);

// Puts the program in the place of this one. Returns only if that fails, with the errno.
[[nodiscard]] int BecomeProgram(const std::vector<std::string>& words);

// The first line of the text, for a sentence.
[[nodiscard]] std::string FirstLine(const std::string& text);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_RUN_PROGRAM_H_
