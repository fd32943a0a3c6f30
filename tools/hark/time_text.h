// Times as text, for programs (UTC) and for people (local time, and how long ago).

#ifndef HARK_TOOLS_HARK_TIME_TEXT_H_
#define HARK_TOOLS_HARK_TIME_TEXT_H_

#include <chrono>
#include <optional>
#include <string>

#include "hark/types.h"

namespace hark::cli {

[[nodiscard]] client::Time Now();

// "2026-11-22T18:45:28.123Z": always with milliseconds, so that text sorts as time does.
[[nodiscard]] std::string Rfc3339(client::Time time);
// "2026-11-22 19:45", or with seconds, in the time zone of this machine; "-" when absent.
[[nodiscard]] std::string LocalMinute(const std::optional<client::Time>& time);
[[nodiscard]] std::string LocalSecond(const std::optional<client::Time>& time);

// "250 ms", "4 s", "3 min", "5 h", "2 days": one unit, for a distance in time.
[[nodiscard]] std::string About(std::chrono::microseconds distance);
// "0.08 ms", "12.3 ms", "4.50 s": for measurements.
[[nodiscard]] std::string Exact(std::chrono::microseconds duration);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_TIME_TEXT_H_
