// What hark's exit codes mean. They are part of its interface: README.md and --help list them.

#ifndef HARK_TOOLS_HARK_EXIT_CODE_H_
#define HARK_TOOLS_HARK_EXIT_CODE_H_

#include "hark/result.h"

namespace hark::cli {

enum ExitCode : int {
  kOk = 0,
  kUnexpected = 1,
  kUsage = 2,
  kNoDaemon = 3,
  kNotFound = 4,
  kSignIn = 5,
  kUnavailable = 6,
  kInvalidInput = 7,
  kConflict = 8,
  kLimit = 9,
  kDoctorWarning = 10,
  kDoctorProblem = 11,
};

// The table for --help.
inline constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0  done\n"
    "  1  unexpected error\n"
    "  2  wrong usage\n"
    "  3  no daemon is running, or it is not this user's\n"
    "  4  no such conversation or message\n"
    "  5  nobody is signed in, or the token was refused\n"
    "  6  offline, unavailable, or it took too long\n"
    "  7  invalid input\n"
    "  8  conflict: the id was used before, the action does not fit the message, or another\n"
    "     account was signed in\n"
    "  9  a limit is reached\n"
    "  10  doctor: Hark works, though not as well as it could\n"
    "  11  doctor: something does not work\n";

[[nodiscard]] ExitCode ExitCodeOf(client::ErrorCode code);

// Says it on stderr in one sentence, and gives the exit code.
ExitCode Report(const client::Error& error);
ExitCode Report(ExitCode code, const char* sentence);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_EXIT_CODE_H_
