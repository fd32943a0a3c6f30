#include "tools/hark/json_line.h"

#include <array>
#include <cstdio>

#include "tools/hark/code_point.h"
#include "tools/hark/time_text.h"

namespace hark::cli {
namespace {

std::string Unit(std::uint32_t value) {
  std::array<char, 8> written{};
  std::snprintf(written.data(), written.size(), "\\u%04x", value & 0xFFFFU);
  return written.data();
}

// As one UTF-16 unit, or two.
std::string Escaped(std::uint32_t value) {
  if (value < 0x10000) return Unit(value);
  const std::uint32_t rest = value - 0x10000;
  return Unit(0xD800U + (rest >> 10U)) + Unit(0xDC00U + (rest & 0x3FFU));
}

}  // namespace

std::string JsonQuoted(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const CodePoint point = FirstCodePoint(text);
    if (!point.valid) {
      quoted += "\\ufffd";
    } else if (point.value == '"' || point.value == '\\') {
      quoted += '\\';
      quoted += static_cast<char>(point.value);
    } else if (point.value == '\n') {
      quoted += "\\n";
    } else if (point.value == '\t') {
      quoted += "\\t";
    } else if (IsUnsafe(point.value)) {
      quoted += Escaped(point.value);
    } else {
      quoted += text.substr(0, point.length);
    }
    text.remove_prefix(point.length);
  }
  return quoted + '"';
}

void JsonLine::Name(std::string_view name) {
  if (!fields_.empty()) fields_ += ',';
  fields_ += JsonQuoted(name) + ':';
}

JsonLine& JsonLine::Text(std::string_view name, std::string_view value) {
  Name(name);
  fields_ += JsonQuoted(value);
  return *this;
}

JsonLine& JsonLine::Number(std::string_view name, std::uint64_t value) {
  Name(name);
  fields_ += std::to_string(value);
  return *this;
}

JsonLine& JsonLine::Integer(std::string_view name, std::int64_t value) {
  Name(name);
  fields_ += std::to_string(value);
  return *this;
}

JsonLine& JsonLine::Flag(std::string_view name, bool value) {
  Name(name);
  fields_ += value ? "true" : "false";
  return *this;
}

JsonLine& JsonLine::Time(std::string_view name, const std::optional<client::Time>& value) {
  return value ? Text(name, Rfc3339(*value)) : Null(name);
}

JsonLine& JsonLine::Null(std::string_view name) {
  Name(name);
  fields_ += "null";
  return *this;
}

JsonLine& JsonLine::Texts(std::string_view name, const std::vector<std::string>& values) {
  Name(name);
  fields_ += '[';
  for (std::size_t i = 0; i < values.size(); ++i)
    fields_ += (i == 0 ? "" : ",") + JsonQuoted(values[i]);
  fields_ += ']';
  return *this;
}

JsonLine& JsonLine::TextMap(std::string_view name,
                            const std::map<std::string, std::string>& values) {
  JsonLine object;
  for (const auto& [key, value] : values) object.Text(key, value);
  return Object(name, object);
}

JsonLine& JsonLine::Object(std::string_view name, const JsonLine& value) {
  Name(name);
  fields_ += value.str();
  return *this;
}

JsonLine& JsonLine::Objects(std::string_view name, const std::vector<JsonLine>& values) {
  Name(name);
  fields_ += '[';
  for (std::size_t i = 0; i < values.size(); ++i) fields_ += (i == 0 ? "" : ",") + values[i].str();
  fields_ += ']';
  return *this;
}

}  // namespace hark::cli
