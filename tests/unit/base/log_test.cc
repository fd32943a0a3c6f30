#include "daemon/base/log.h"

#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include "daemon/base/secret.h"
#include "daemon/model/message.h"

namespace hark::log {
namespace {

// What may carry content must not become a field by itself: the compiler is the test.
static_assert(!std::is_constructible_v<Field, std::string_view, std::string>);
static_assert(!std::is_constructible_v<Field, std::string_view, std::string_view>);
static_assert(!std::is_constructible_v<Field, std::string_view, Message>);
static_assert(!std::is_constructible_v<Field, std::string_view, const Secret&>);
static_assert(std::is_constructible_v<Field, std::string_view, int>);
static_assert(std::is_constructible_v<Field, std::string_view, const ::hark::Error&>);

TEST(Log, ALineIsAnEventNameAndFieldsAndStaysOneLine) {
  Start(Level::kInfo);
  testing::internal::CaptureStderr();
  Info("connected", {{"attempt", 3}, Field::Safe("path", "/a b\nc\"d")});
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_NE(line.find("connected attempt=3 path=\"/a b c\\\"d\"\n"), std::string::npos) << line;
}

TEST(Log, BelowTheLevelNothingIsWritten) {
  Start(Level::kWarning);
  testing::internal::CaptureStderr();
  Info("connected");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace hark::log
