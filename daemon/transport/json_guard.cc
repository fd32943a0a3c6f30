#include "daemon/transport/json_guard.h"

#include <cstddef>

namespace hark::transport {
namespace {

// Punctuation, white space, and what numbers and the three literals are made of.
constexpr std::string_view kOutsideStrings = ",: \t\r\n0123456789+-.eEtrufalsn";

// The index of the quote that ends the string beginning after `open`, or npos.
std::size_t EndOfString(std::string_view text, std::size_t open) {
  std::size_t at = open + 1;
  while (true) {
    at = text.find_first_of("\"\\", at);
    if (at == std::string_view::npos || text[at] == '"') return at;
    at += 2;  // The escaped character, whatever it is.
  }
}

}  // namespace

bool IsShallowJson(std::string_view text, int depth) {
  int open = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    switch (text[at]) {
      case '{':
      case '[':
        if (++open > depth) return false;
        break;
      case '}':
      case ']':
        if (--open < 0) return false;
        break;
      case '"':
        at = EndOfString(text, at);
        if (at == std::string_view::npos) return false;
        break;
      default:
        if (kOutsideStrings.find(text[at]) == std::string_view::npos) return false;
    }
  }
  return open == 0;
}

}  // namespace hark::transport
