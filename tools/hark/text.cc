#include "tools/hark/text.h"

#include <array>
#include <cstdio>

#include "tools/hark/code_point.h"

namespace hark::cli {
namespace {

std::string Escaped(const CodePoint& point) {
  std::array<char, 16> written{};
  const char* format = "\\U%08x";
  if (!point.valid || point.value < 0x80) {
    format = "\\x%02x";
  } else if (point.value < 0x10000) {
    format = "\\u%04x";
  }
  std::snprintf(written.data(), written.size(), format, point.value);
  return written.data();
}

void AppendPrintable(std::string& to, std::string_view text, const CodePoint& point) {
  if (point.value == '\t' || point.value == '\n' || point.value == '\r') {
    to += ' ';
  } else if (!point.valid || IsUnsafe(point.value)) {
    to += Escaped(point);
  } else {
    to += text.substr(0, point.length);
  }
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string printable;
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    AppendPrintable(printable, text, point);
    text.remove_prefix(point.length);
  }
  return printable;
}

std::vector<std::string> PrintableLines(std::string_view text) {
  std::vector<std::string> lines;
  for (;;) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(Printable(line));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

std::size_t DisplayWidth(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    width += ColumnsOf(point.value);
    text.remove_prefix(point.length);
  }
  return width;
}

std::string Fit(std::string_view text, std::size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const CodePoint point = FirstCodePoint(text.substr(end));
    const std::size_t columns = ColumnsOf(point.value);
    if (used + columns > width - 1) break;
    used += columns;
    end += point.length;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string PadRight(std::string_view text, std::size_t width) {
  const std::size_t used = DisplayWidth(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string PadLeft(std::string_view text, std::size_t width) {
  const std::size_t used = DisplayWidth(text);
  return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

std::vector<std::string> Wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (DisplayWidth(text) > width) {
    // The longest beginning that fits, back to its last space if it has one.
    std::size_t used = 0;
    std::size_t end = 0;
    std::size_t after_space = 0;
    while (end < text.size()) {
      const CodePoint point = FirstCodePoint(text.substr(end));
      const std::size_t columns = ColumnsOf(point.value);
      if (used + columns > width && end != 0) break;
      used += columns;
      end += point.length;
      if (point.value == ' ') after_space = end;
    }
    if (end < text.size() && text[end] == ' ') after_space = end;
    const std::size_t cut = after_space == 0 ? end : after_space;
    std::string_view line = text.substr(0, cut);
    while (line.ends_with(' ')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(cut);
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

std::string Grouped(unsigned long long number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string Bytes(unsigned long long bytes) {
  static constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  std::array<char, 32> written{};
  std::snprintf(written.data(), written.size(), unit == 0 ? "%.0f %s" : "%.1f %s", amount,
                kUnits[unit]);
  return written.data();
}

}  // namespace hark::cli
