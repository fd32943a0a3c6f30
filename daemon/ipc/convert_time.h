// Points of time, model to proto.

#ifndef HARK_DAEMON_IPC_CONVERT_TIME_H_
#define HARK_DAEMON_IPC_CONVERT_TIME_H_

#include <chrono>
#include <cstdint>

#include <google/protobuf/timestamp.pb.h>

#include "daemon/base/clock.h"

namespace hark::ipc {

inline void ToProto(WallTime time, google::protobuf::Timestamp* out) {
  // Floored, so that the nanoseconds are never negative, as Timestamp demands also before 1970.
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  out->set_seconds(seconds.time_since_epoch().count());
  out->set_nanos(static_cast<std::int32_t>(std::chrono::nanoseconds(time - seconds).count()));
}

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_CONVERT_TIME_H_
