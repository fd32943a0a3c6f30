// Runs the hark binary as a user would: arguments and stdin in; stdout, stderr and the exit code
// out.

#ifndef HARK_TESTS_UNIT_HARK_CLI_CLI_PROCESS_H_
#define HARK_TESTS_UNIT_HARK_CLI_CLI_PROCESS_H_

#include <string>
#include <vector>

#include <sys/types.h>

namespace hark::test {

struct CliResult {
  int code = -1;
  std::string out;
  std::string err;
};

// HARK_SOCKET is set to `socket`. Waits for the end.
[[nodiscard]] CliResult RunCli(const std::string& socket, std::vector<std::string> arguments,
                               const std::string& input = {});

// One that keeps running.
class CliProcess {
 public:
  CliProcess(const std::string& socket, std::vector<std::string> arguments);
  CliProcess(const CliProcess&) = delete;
  CliProcess& operator=(const CliProcess&) = delete;
  ~CliProcess();

  void Write(const std::string& input);
  void CloseInput();
  // Its next line, without the line break; empty at the end.
  std::string ReadLine();
  void CloseOutput();
  void Signal(int signal);
  // Reads the rest and waits for the end.
  CliResult Finish();

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string buffer_;
};

}  // namespace hark::test

#endif  // HARK_TESTS_UNIT_HARK_CLI_CLI_PROCESS_H_
