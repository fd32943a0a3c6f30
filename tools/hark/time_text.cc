#include "tools/hark/time_text.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace hark::cli {
namespace {

using std::chrono::floor;

std::string Formatted(const std::optional<client::Time>& time, const char* format) {
  if (!time) return "-";
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(floor<std::chrono::seconds>(*time));
  std::tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return "-";
  std::array<char, 64> written{};
  const std::size_t size = std::strftime(written.data(), written.size(), format, &parts);
  return {written.data(), size};
}

std::string Counted(long long count, const char* unit, const char* plural = "") {
  return std::to_string(count) + " " + unit + (count == 1 ? "" : plural);
}

}  // namespace

client::Time Now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string Rfc3339(client::Time time) {
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<std::chrono::milliseconds>(time) - day);
  std::array<char, 64> written{};
  std::snprintf(written.data(), written.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return written.data();
}

std::string LocalMinute(const std::optional<client::Time>& time) {
  return Formatted(time, "%Y-%m-%d %H:%M");
}
std::string LocalSecond(const std::optional<client::Time>& time) {
  return Formatted(time, "%Y-%m-%d %H:%M:%S");
}

std::string About(std::chrono::microseconds distance) {
  using namespace std::chrono_literals;
  if (distance < 0us) distance = -distance;
  if (distance < 1s) return Counted(distance / 1ms, "ms");
  if (distance < 2min) return Counted(distance / 1s, "s");
  if (distance < 2h) return Counted(distance / 1min, "min");
  if (distance < 48h) return Counted(distance / 1h, "h");
  return Counted(distance / 24h, "day", "s");
}

std::string Exact(std::chrono::microseconds duration) {
  const auto microseconds = static_cast<double>(duration.count());
  std::array<char, 32> written{};
  if (microseconds < 1e6) {
    std::snprintf(written.data(), written.size(), microseconds < 1e4 ? "%.2f ms" : "%.1f ms",
                  microseconds / 1e3);
  } else {
    std::snprintf(written.data(), written.size(), "%.2f s", microseconds / 1e6);
  }
  return written.data();
}

}  // namespace hark::cli
