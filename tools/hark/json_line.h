// One JSON object on one line, written field by field in a fixed order. What could drive a terminal
// is escaped, which JSON allows for every character.

#ifndef HARK_TOOLS_HARK_JSON_LINE_H_
#define HARK_TOOLS_HARK_JSON_LINE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hark/types.h"

namespace hark::cli {

class JsonLine {
 public:
  JsonLine& Text(std::string_view name, std::string_view value);
  JsonLine& Number(std::string_view name, std::uint64_t value);
  JsonLine& Integer(std::string_view name, std::int64_t value);
  JsonLine& Flag(std::string_view name, bool value);
  // RFC 3339, UTC; null when absent.
  JsonLine& Time(std::string_view name, const std::optional<client::Time>& value);
  JsonLine& Null(std::string_view name);
  JsonLine& Texts(std::string_view name, const std::vector<std::string>& values);
  JsonLine& TextMap(std::string_view name, const std::map<std::string, std::string>& values);
  JsonLine& Object(std::string_view name, const JsonLine& value);
  JsonLine& Objects(std::string_view name, const std::vector<JsonLine>& values);

  // "{…}", without a line break.
  [[nodiscard]] std::string str() const { return "{" + fields_ + "}"; }

 private:
  void Name(std::string_view name);

  std::string fields_;
};

// A JSON string with its quotes.
[[nodiscard]] std::string JsonQuoted(std::string_view text);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_JSON_LINE_H_
