#include "client-sdk/src/call_error.h"

#include <chrono>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "hark/v1/errors.pb.h"

namespace hark::client {
namespace {

using grpc::Status;
using grpc::StatusCode;

TEST(CallErrorTest, EachStatusHasOneCode) {
  const std::pair<StatusCode, ErrorCode> expected[] = {
      {StatusCode::INVALID_ARGUMENT, ErrorCode::kInvalidArgument},
      {StatusCode::OUT_OF_RANGE, ErrorCode::kInvalidArgument},
      {StatusCode::NOT_FOUND, ErrorCode::kNotFound},
      {StatusCode::ALREADY_EXISTS, ErrorCode::kConflict},
      {StatusCode::FAILED_PRECONDITION, ErrorCode::kNotSignedIn},
      {StatusCode::UNAUTHENTICATED, ErrorCode::kUnauthenticated},
      {StatusCode::UNAVAILABLE, ErrorCode::kUnavailable},
      {StatusCode::DEADLINE_EXCEEDED, ErrorCode::kTimeout},
      {StatusCode::RESOURCE_EXHAUSTED, ErrorCode::kResourceExhausted},
      {StatusCode::DATA_LOSS, ErrorCode::kCorrupt},
      {StatusCode::ABORTED, ErrorCode::kAccountChanged},
      {StatusCode::UNIMPLEMENTED, ErrorCode::kUnsupported},
      {StatusCode::INTERNAL, ErrorCode::kInternal},
      {StatusCode::UNKNOWN, ErrorCode::kInternal},
  };
  for (const auto& [status, code] : expected) {
    const CallError explained = ExplainStatus(Status(status, "The daemon says so."));
    EXPECT_EQ(explained.error.code, code) << status;
    EXPECT_FALSE(explained.lost) << status;
    EXPECT_FALSE(explained.error.message.empty());
    EXPECT_FALSE(ExplainStatus(Status(status, "")).error.message.empty());
  }
}

TEST(CallErrorTest, BrokenConnectionsAreToldFromAnswers) {
  EXPECT_TRUE(ExplainStatus(Status(StatusCode::UNAVAILABLE, "Socket closed")).lost);
  EXPECT_TRUE(ExplainStatus(Status(StatusCode::UNAVAILABLE,
                                   "failed to connect to all addresses; last error: …"))
                  .lost);
  EXPECT_TRUE(
      ExplainStatus(Status(StatusCode::INTERNAL, "Received RST_STREAM with error code 2")).lost);
  EXPECT_TRUE(ExplainStatus(Status::CANCELLED).lost);
  EXPECT_FALSE(
      ExplainStatus(Status(StatusCode::UNAVAILABLE, "The backend cannot be reached.")).lost);
}

TEST(CallErrorTest, GrpcsOwnWordsAreNotShown) {
  const CallError explained =
      ExplainStatus(Status(StatusCode::UNAVAILABLE, "recvmsg:Connection reset by peer"));
  EXPECT_EQ(explained.error.message, "the connection to the daemon was lost");
  EXPECT_EQ(explained.error.code, ErrorCode::kNoDaemon);
}

Status WithDetail(StatusCode code, const v1::ErrorDetail& detail) {
  v1::StatusDetails details;
  details.set_code(code);
  details.add_details()->PackFrom(detail);
  return {code, "Socket closed, said the daemon.", details.SerializeAsString()};
}

TEST(CallErrorTest, DetailsOfTheDaemonAreBelieved) {
  v1::ErrorDetail detail;
  detail.set_reason("OFFLINE");
  detail.set_retryable(true);
  detail.set_retry_after_ms(1500);
  const CallError offline = ExplainStatus(WithDetail(StatusCode::UNAVAILABLE, detail));
  EXPECT_FALSE(offline.lost);
  EXPECT_EQ(offline.error.code, ErrorCode::kUnavailable);
  EXPECT_EQ(offline.error.retry, Retry::kLater);
  EXPECT_EQ(offline.error.retry_after, std::chrono::milliseconds(1500));

  detail.set_reason("STOPPING");
  EXPECT_TRUE(ExplainStatus(WithDetail(StatusCode::UNAVAILABLE, detail)).lost);
  detail.set_reason("TOKEN_REFUSED");
  EXPECT_EQ(ExplainStatus(WithDetail(StatusCode::FAILED_PRECONDITION, detail)).error.code,
            ErrorCode::kUnauthenticated);
  detail.set_reason("SOMETHING_NEW");
  EXPECT_EQ(ExplainStatus(WithDetail(StatusCode::NOT_FOUND, detail)).error.code,
            ErrorCode::kNotFound);
}

TEST(CallErrorTest, AnotherMajorVersionIsUnsupportedAndSaysWhatToUpdate) {
  v1::ErrorDetail detail;
  detail.set_reason("API_VERSION");
  const CallError refused = ExplainStatus(WithDetail(StatusCode::FAILED_PRECONDITION, detail));
  EXPECT_EQ(refused.error.code, ErrorCode::kUnsupported);
  EXPECT_EQ(refused.error.retry, Retry::kAfterAction);
  EXPECT_FALSE(refused.lost);
}

TEST(CallErrorTest, DamagedDetailsAreIgnored) {
  const CallError explained = ExplainStatus(Status(StatusCode::NOT_FOUND, "No.", "\xFF\xFF\xFF"));
  EXPECT_EQ(explained.error.code, ErrorCode::kNotFound);
}

TEST(CallErrorTest, MessagesFitOneLine) {
  const CallError explained =
      ExplainStatus(Status(StatusCode::NOT_FOUND, "One\x1b[31m\nline. " + std::string(5000, 'x')));
  EXPECT_EQ(explained.error.message.find('\n'), std::string::npos);
  EXPECT_EQ(explained.error.message.find('\x1b'), std::string::npos);
  EXPECT_LE(explained.error.message.size(), 500U);
}

}  // namespace
}  // namespace hark::client
