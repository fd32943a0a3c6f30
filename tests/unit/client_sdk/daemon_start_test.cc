#include "client-sdk/src/daemon_start.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace hark::client {
namespace {

// While it lives, two more descriptors can be had, and no third.
class TwoDescriptorsLeft {
 public:
  TwoDescriptorsLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int first = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int second = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(first);
    close(second);
    rlimit left = before_;
    left.rlim_cur = static_cast<rlim_t>(std::max(first, second)) + 1;
    setrlimit(RLIMIT_NOFILE, &left);
  }
  TwoDescriptorsLeft(const TwoDescriptorsLeft&) = delete;
  TwoDescriptorsLeft& operator=(const TwoDescriptorsLeft&) = delete;
  ~TwoDescriptorsLeft() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(StartDaemon, AProgramThatIsNotThereIsAnError) {
  const Result<void> started = StartDaemon("/nonexistent/harkd", {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kNoDaemon);
}

// Regression: it had no pipe to hear of the failure from, and heard of none.
TEST(StartDaemon, WithoutDescriptorsNothingIsTakenForStarted) {
  const TwoDescriptorsLeft limit;
  const Result<void> started = StartDaemon("/nonexistent/harkd", {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kNoDaemon);
}

}  // namespace
}  // namespace hark::client
