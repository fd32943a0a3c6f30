// Where hark writes what it found: stdout, as tables for people or as JSON lines for programs.

#ifndef HARK_TOOLS_HARK_OUTPUT_H_
#define HARK_TOOLS_HARK_OUTPUT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/hark/json_line.h"

namespace hark::cli {

// How stdout is to be used.
struct OutputMode {
  bool json = false;
  bool terminal = false;
  bool color = false;
  // Columns; without a terminal nothing is cut or wrapped.
  std::size_t width = 80;
};

// From the flags, the environment (NO_COLOR, TERM) and what stdout is.
[[nodiscard]] OutputMode DetectMode(bool json, bool no_color);

enum class Style { kPlain, kBold, kDim, kRed, kGreen, kYellow, kCyan };

// One thread at a time.
class Output {
 public:
  explicit Output(OutputMode mode) : mode_(mode) {}

  [[nodiscard]] const OutputMode& mode() const { return mode_; }
  [[nodiscard]] bool json() const { return mode_.json; }

  // The text is written as it is: make it Printable() first.
  void Line(std::string_view text);
  void Raw(std::string_view text);
  void Json(const JsonLine& line) { Line(line.str()); }
  void Flush();

  // With colour, if there is any.
  [[nodiscard]] std::string Styled(Style style, std::string_view text) const;

  // Writing failed: nobody reads any more, or the disk is full. Nothing more is written.
  [[nodiscard]] bool failed() const { return error_ != 0; }
  // A pipe that was closed is no fault of hark's; anything else is said on stderr. Gives `code`
  // unless writing failed.
  [[nodiscard]] int Finish(int code);

 private:
  OutputMode mode_;
  int error_ = 0;
};

// Columns that line up. The last one takes the rest of the line and is cut to the terminal.
class Table {
 public:
  // Names that start with '>' are of columns aligned to the right; the '>' is not shown.
  explicit Table(std::vector<std::string> names);
  void Add(std::vector<std::string> cells);
  void Print(Output& output) const;

 private:
  std::vector<std::string> names_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_OUTPUT_H_
