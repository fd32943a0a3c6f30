#include "daemon/base/netstrings.h"

#include <array>
#include <charconv>
#include <system_error>

#include "daemon/base/integer.h"

namespace hark {

void AppendNetstring(std::string& out, std::string_view value) {
  std::array<char, kNetstringOverhead> length{};
  const auto written = std::to_chars(length.data(), length.data() + length.size(), value.size());
  out.append(length.data(), written.ptr);
  out += ':';
  out += value;
  out += ',';
}

std::optional<std::string_view> TakeNetstring(std::string_view& in) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(in.data(), in.data() + in.size(), size);
  if (error != std::errc()) return std::nullopt;
  in.remove_prefix(static_cast<std::size_t>(end - in.data()));
  if (in.size() < 2 || size > in.size() - 2 || in.front() != ':' || in[size + 1] != ',')
    return std::nullopt;
  const std::string_view value = in.substr(1, size);
  in.remove_prefix(size + 2);
  return value;
}

std::optional<std::uint32_t> TakeNumber(std::string_view& in) {
  const auto text = TakeNetstring(in);
  return text ? ParseInteger<std::uint32_t>(*text) : std::nullopt;
}

}  // namespace hark
