// How fast something may come: so many at once, and then so many a second.

#ifndef HARK_DAEMON_TRANSPORT_FRAME_RATE_H_
#define HARK_DAEMON_TRANSPORT_FRAME_RATE_H_

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace hark::transport {

// Pure: the time is given. Not thread-safe.
class FrameRate {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  FrameRate(std::size_t at_once, std::size_t per_second)
      : each_(Duration(std::chrono::seconds(1)) / static_cast<Duration::rep>(per_second)),
        slack_(each_ * static_cast<Duration::rep>(at_once)) {}

  // One came.
  void Count(Time now) { paid_until_ = std::max(paid_until_, now) + each_; }

  // How long it takes from `now` until they are no more than allowed; 0 if they are.
  [[nodiscard]] Duration Excess(Time now) const {
    return std::max(paid_until_ - now - slack_, Duration{0});
  }

 private:
  Duration each_;
  Duration slack_;
  Time paid_until_{};  // What has come so far is what may come until then.
};

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_FRAME_RATE_H_
