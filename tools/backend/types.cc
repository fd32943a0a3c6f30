#include "tools/backend/types.h"

namespace hark::backend {

TimePoint FromTimestamp(const google::protobuf::Timestamp& stamp) {
  return TimePoint(std::chrono::seconds(stamp.seconds()) +
                   std::chrono::microseconds(stamp.nanos() / 1000));
}

google::protobuf::Timestamp ToTimestamp(TimePoint time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(whole.time_since_epoch().count());
  stamp.set_nanos(static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time - whole).count()));
  return stamp;
}

bool IsValidTimestamp(const google::protobuf::Timestamp& stamp) {
  constexpr std::int64_t kYear1 = -62'135'596'800;
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  return stamp.seconds() >= kYear1 && stamp.seconds() <= kYear9999 && stamp.nanos() >= 0 &&
         stamp.nanos() <= 999'999'999;
}

}  // namespace hark::backend
