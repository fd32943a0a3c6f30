#include "daemon/app/reload.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace hark::app {
namespace {

constexpr std::array<std::string_view, 3> kLive{"retention.days", "retention.max_mb", "log.level"};

using Values = std::vector<std::pair<std::string, std::string>>;

// "section.key" and its value, for each line of DescribeConfig(): whatever a configuration is made
// of is in there, so that no key is forgotten here.
Values ValuesOf(const Config& config) {
  const std::string text = DescribeConfig(config);
  Values values;
  std::string section;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = line.find(" = ");
    if (line.starts_with('[') && line.ends_with(']')) {
      section = line.substr(1, line.size() - 2);
    } else if (!line.starts_with('#') && equals != std::string::npos) {
      values.emplace_back(section + "." + line.substr(0, equals), line.substr(equals + 3));
    }
  }
  return values;
}

bool Holds(const Values& values, const std::pair<std::string, std::string>& value) {
  return std::ranges::find(values, value) != values.end();
}

}  // namespace

Reload PlanReload(const Config& running, const Config& read) {
  Reload plan{running, {}, {}};
  plan.config.retention = read.retention;
  plan.config.log_level = read.log_level;

  const Values before = ValuesOf(running);
  const Values after = ValuesOf(read);
  const auto add = [&plan](const std::string& key) {
    const bool live = std::ranges::find(kLive, key) != kLive.end();
    std::vector<std::string>& keys = live ? plan.taken : plan.need_restart;
    if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  };
  for (const auto& value : after) {
    if (!Holds(before, value)) add(value.first);
  }
  // Set before, and not at all now.
  for (const auto& value : before) {
    if (!Holds(after, value)) add(value.first);
  }
  return plan;
}

}  // namespace hark::app
