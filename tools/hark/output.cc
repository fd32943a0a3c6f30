#include "tools/hark/output.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/hark/exit_code.h"
#include "tools/hark/text.h"

namespace hark::cli {
namespace {

constexpr std::size_t kColumnGap = 2;
// A terminal narrower than this gets lines that it wraps itself.
constexpr std::size_t kMinWidth = 40;

std::string_view CodeOf(Style style) {
  switch (style) {
    case Style::kPlain: return "";
    case Style::kBold: return "\x1b[1m";
    case Style::kDim: return "\x1b[2m";
    case Style::kRed: return "\x1b[31m";
    case Style::kGreen: return "\x1b[32m";
    case Style::kYellow: return "\x1b[33m";
    case Style::kCyan: return "\x1b[36m";
  }
  return "";
}

bool IsSet(const char* name) {
  const char* value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before any thread is started
  return value != nullptr && *value != '\0';
}

}  // namespace

OutputMode DetectMode(bool json, bool no_color) {
  OutputMode mode;
  mode.json = json;
  mode.terminal = !json && isatty(STDOUT_FILENO) == 1;
  const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): as above
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  mode.color = mode.terminal && !no_color && !IsSet("NO_COLOR") && !dumb;
  winsize size{};
  if (mode.terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    mode.width = std::max<std::size_t>(size.ws_col, kMinWidth);
  }
  return mode;
}

void Output::Raw(std::string_view text) {
  if (failed() || text.empty()) return;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
    error_ = errno == 0 ? EIO : errno;
}

void Output::Line(std::string_view text) {
  Raw(text);
  Raw("\n");
}

void Output::Flush() {
  if (!failed() && std::fflush(stdout) != 0) error_ = errno == 0 ? EIO : errno;
}

std::string Output::Styled(Style style, std::string_view text) const {
  if (!mode_.color || style == Style::kPlain) return std::string(text);
  return std::string(CodeOf(style)) + std::string(text) + "\x1b[0m";
}

int Output::Finish(int code) {
  Flush();
  if (!failed()) return code;
  if (error_ == EPIPE) return code;
  return Report(
      kUnexpected,
      ("the output could not be written: " + std::generic_category().message(error_)).c_str());
}

Table::Table(std::vector<std::string> names) : names_(std::move(names)) {
  for (std::string& name : names_) {
    right_.push_back(name.starts_with('>'));
    if (right_.back()) name.erase(0, 1);
  }
}

void Table::Add(std::vector<std::string> cells) {
  cells.resize(names_.size());
  rows_.push_back(std::move(cells));
}

void Table::Print(Output& output) const {
  std::vector<std::size_t> widths(names_.size());
  const auto measure = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      widths[i] = std::max(widths[i], DisplayWidth(cells[i]));
  };
  measure(names_);
  for (const auto& row : rows_) measure(row);

  const auto format = [&](const std::vector<std::string>& cells) {
    std::string line;
    std::size_t used = 0;
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
      line += right_[i] ? PadLeft(cells[i], widths[i]) : PadRight(cells[i], widths[i]);
      line += std::string(kColumnGap, ' ');
      used += widths[i] + kColumnGap;
    }
    const OutputMode& mode = output.mode();
    const bool cut = mode.terminal && used + kMinWidth / 2 < mode.width;
    line += cut ? Fit(cells.back(), mode.width - used) : cells.back();
    while (line.ends_with(' ')) line.pop_back();
    return line;
  };
  output.Line(output.Styled(Style::kBold, format(names_)));
  for (const auto& row : rows_) output.Line(format(row));
}

}  // namespace hark::cli
