// The end of a command that follows something: Ctrl-C, a time limit, a reader that went away, or
// what it waited for.

#ifndef HARK_TOOLS_HARK_UNTIL_H_
#define HARK_TOOLS_HARK_UNTIL_H_

#include <atomic>
#include <chrono>
#include <optional>

namespace hark::cli {

// From its construction on, SIGINT and SIGTERM end the wait instead of the process; a second one
// ends the process. One at a time.
class Until {
 public:
  Until();
  Until(const Until&) = delete;
  Until& operator=(const Until&) = delete;
  ~Until();

  // Any thread may say it; the first one counts.
  void End(int exit_code);

  // Gives the code that End() was given; 0 after a signal or when stdout was closed; `late_code`
  // after `limit`.
  [[nodiscard]] int Wait(std::optional<std::chrono::milliseconds> limit, int late_code);

 private:
  int pipe_[2] = {-1, -1};
  std::atomic<int> code_{-1};
};

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_UNTIL_H_
