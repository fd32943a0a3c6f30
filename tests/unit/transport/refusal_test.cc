#include "daemon/transport/refusal.h"

#include <chrono>

#include <gtest/gtest.h>

namespace hark::transport {
namespace {

TEST(Refusal, StatusSaysWhatToDo) {
  EXPECT_EQ(RefusalError(401, "").code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(RefusalError(403, "").code, ErrorCode::kOffline) << "of a wall on the way, maybe";
  EXPECT_EQ(RefusalError(404, "").code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(RefusalError(426, "").code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(RefusalError(301, "").code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(RefusalError(200, "").code, ErrorCode::kOffline);
  EXPECT_EQ(RefusalError(429, "").code, ErrorCode::kOffline);
  EXPECT_EQ(RefusalError(502, "").code, ErrorCode::kOffline);
}

TEST(Refusal, RetryAfterIsHonouredInSeconds) {
  EXPECT_EQ(RefusalError(503, "30").retry_after, std::chrono::seconds(30));
  EXPECT_EQ(RefusalError(429, "5").retry_after, std::chrono::seconds(5));
  for (const char* other : {"", "-5", "5 ", "+5", "5.5", "Wed, 21 Oct 2015 07:28:00 GMT"})
    EXPECT_EQ(RefusalError(503, other).retry_after, std::chrono::seconds(0)) << other;
}

TEST(Refusal, RetryAfterIsAnHourAtMost) {
  for (const char* long_time : {"3601", "1000000", "99999999999999"})
    EXPECT_EQ(RefusalError(503, long_time).retry_after, std::chrono::hours(1)) << long_time;
}

TEST(Refusal, RetryAfterIsToldInSeconds) {
  EXPECT_EQ(RefusalError(503, "30").message,
            "the backend is not available (HTTP 503); it asks to come back after 30 s");
  EXPECT_EQ(RefusalError(429, "5").message,
            "the backend has too many requests (HTTP 429); it asks to come back after 5 s");
}

TEST(Refusal, OtherTextInRetryAfterIsNotRepeated) {
  EXPECT_EQ(RefusalError(503, "Wed, 21 Oct 2015 07:28:00 GMT").message,
            "the backend is not available (HTTP 503)");
}

}  // namespace
}  // namespace hark::transport
