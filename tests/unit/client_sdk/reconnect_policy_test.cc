#include "client-sdk/src/reconnect_policy.h"

#include <gtest/gtest.h>

namespace hark::client {
namespace {

TEST(ReconnectPolicyTest, DaemonThatGoesAwayIsAwaitedForEver) {
  for (int failures = 1; failures < 1000; ++failures) {
    EXPECT_EQ(JudgeEnd(ErrorCode::kNoDaemon, true, failures), Verdict::kReconnect);
    EXPECT_EQ(JudgeEnd(ErrorCode::kUnavailable, false, failures), Verdict::kReconnect);
  }
}

TEST(ReconnectPolicyTest, FaultsEndItAfterSomeTries) {
  EXPECT_EQ(JudgeEnd(ErrorCode::kInternal, true, 1), Verdict::kReconnect);
  EXPECT_EQ(JudgeEnd(ErrorCode::kInternal, true, 5), Verdict::kEnd);
}

TEST(ReconnectPolicyTest, RefusedTokenIsForgotten) {
  EXPECT_EQ(JudgeEnd(ErrorCode::kInvalidArgument, true, 1), Verdict::kReconnectAfresh);
  EXPECT_EQ(JudgeEnd(ErrorCode::kInvalidArgument, false, 1), Verdict::kEnd);
}

TEST(ReconnectPolicyTest, WhatDoesNotMendByItselfEndsIt) {
  for (const ErrorCode code :
       {ErrorCode::kNotFound, ErrorCode::kAccountChanged, ErrorCode::kNotSignedIn,
        ErrorCode::kUntrustedDaemon, ErrorCode::kUnsupported}) {
    EXPECT_EQ(JudgeEnd(code, true, 1), Verdict::kEnd) << ToString(code);
  }
}

TEST(ReconnectPolicyTest, DelaysGrowAndAreBounded) {
  std::chrono::milliseconds last{0};
  for (int failures = 1; failures < 100; ++failures) {
    const std::chrono::milliseconds delay = ReconnectDelay(failures);
    EXPECT_GE(delay, last);
    EXPECT_GE(delay, std::chrono::milliseconds(50));
    EXPECT_LE(delay, std::chrono::seconds(1));
    last = delay;
  }
}

}  // namespace
}  // namespace hark::client
