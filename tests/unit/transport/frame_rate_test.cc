#include "daemon/transport/frame_rate.h"

#include <chrono>

#include <gtest/gtest.h>

namespace hark::transport {
namespace {

using std::chrono::milliseconds;
constexpr FrameRate::Duration kNone{0};

TEST(FrameRate, SoManyAtOnceAreFree) {
  FrameRate rate(3, 10);
  const FrameRate::Time now{std::chrono::hours(1)};
  for (int i = 0; i < 3; ++i) {
    rate.Count(now);
    EXPECT_EQ(rate.Excess(now), kNone) << i;
  }
  rate.Count(now);
  EXPECT_EQ(rate.Excess(now), milliseconds(100));
  rate.Count(now);
  EXPECT_EQ(rate.Excess(now), milliseconds(200));
  EXPECT_EQ(rate.Excess(now + milliseconds(150)), milliseconds(50));
  EXPECT_EQ(rate.Excess(now + milliseconds(200)), kNone);
}

TEST(FrameRate, SoManyASecondAreFreeForEver) {
  FrameRate rate(3, 10);
  FrameRate::Time now{std::chrono::hours(1)};
  for (int i = 0; i < 1'000; ++i) {
    rate.Count(now);
    EXPECT_EQ(rate.Excess(now), kNone) << i;
    now += milliseconds(100);
  }
}

TEST(FrameRate, SilenceSavesUpNoMoreThanSoManyAtOnce) {
  FrameRate rate(3, 10);
  FrameRate::Time now{std::chrono::hours(1)};
  rate.Count(now);
  now += std::chrono::hours(1);
  for (int i = 0; i < 4; ++i) rate.Count(now);
  EXPECT_EQ(rate.Excess(now), milliseconds(100));
}

}  // namespace
}  // namespace hark::transport
