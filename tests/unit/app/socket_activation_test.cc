#include "daemon/app/socket_activation.h"

#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

namespace hark::app {
namespace {

Result<std::optional<int>> With(const std::string& count, const std::string& process) {
  Environment environment;
  environment.variables = {{"LISTEN_FDS", count}, {"LISTEN_PID", process}};
  return PassedSocket(environment);
}

TEST(PassedSocket, IsTheThirdDescriptor) {
  const auto passed = With("1", std::to_string(::getpid()));
  ASSERT_TRUE(passed);
  EXPECT_EQ(*passed, 3);
}

TEST(PassedSocket, IsNotTakenFromAnotherProcess) {
  const auto passed = With("1", std::to_string(::getppid()));
  ASSERT_TRUE(passed);
  EXPECT_FALSE(*passed);
}

TEST(PassedSocket, OutsideAServiceManagerThereIsNone) {
  const auto passed = PassedSocket(Environment());
  ASSERT_TRUE(passed);
  EXPECT_FALSE(*passed);
  EXPECT_FALSE(*With("0", std::to_string(::getpid())));
}

TEST(PassedSocket, NonsenseIsAnError) {
  const std::string self = std::to_string(::getpid());
  for (const char* count : {"2", "-1", "x", "1x", "99999999999999999999"})
    EXPECT_FALSE(With(count, self)) << count;
  EXPECT_FALSE(With("1", "me"));
}

}  // namespace
}  // namespace hark::app
