// A file that a command writes: private, and there under its name only when it is whole.

#ifndef HARK_TOOLS_HARK_OUTPUT_FILE_H_
#define HARK_TOOLS_HARK_OUTPUT_FILE_H_

#include <string>
#include <string_view>

#include "tools/hark/exit_code.h"

namespace hark::cli {

// Mode 0600. Written as PATH.part; what is there under PATH is never replaced.
class OutputFile {
 public:
  // "-": stdout, which is only written to.
  explicit OutputFile(std::string path) : path_(std::move(path)) {}
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  // Removes what is not whole.
  ~OutputFile();

  // Each answers whether it worked; error() says why not.
  [[nodiscard]] bool Open();
  [[nodiscard]] bool Write(std::string_view bytes);
  // Durable when it returns.
  [[nodiscard]] bool Close();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  // Why it does not open: something is there, or the path cannot be used.
  [[nodiscard]] ExitCode why_not_open() const { return taken_ ? kConflict : kInvalidInput; }

 private:
  [[nodiscard]] bool Failed(const char* what);

  const std::string path_;
  std::string part_;  // Of the unfinished file; empty: there is none.
  int descriptor_ = -1;
  bool taken_ = false;
  std::string error_;
};

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_OUTPUT_FILE_H_
