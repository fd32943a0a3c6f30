#include "daemon/ipc/status.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "hark/v1/errors.pb.h"

namespace hark::ipc {
namespace {

v1::ErrorDetail DetailOf(const grpc::Status& status) {
  v1::StatusDetails details;
  v1::ErrorDetail detail;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), status.error_code());
  EXPECT_EQ(details.message(), status.error_message());
  EXPECT_EQ(details.details_size(), 1);
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/hark.v1.ErrorDetail");
  EXPECT_TRUE(details.details(0).UnpackTo(&detail));
  return detail;
}

TEST(StatusTest, EachErrorHasItsCode) {
  using grpc::StatusCode;
  const std::vector<std::pair<ErrorCode, StatusCode>> expected = {
      {ErrorCode::kInvalidArgument, StatusCode::INVALID_ARGUMENT},
      {ErrorCode::kNotFound, StatusCode::NOT_FOUND},
      {ErrorCode::kConflict, StatusCode::ALREADY_EXISTS},
      {ErrorCode::kPrecondition, StatusCode::FAILED_PRECONDITION},
      {ErrorCode::kLocked, StatusCode::FAILED_PRECONDITION},
      {ErrorCode::kOffline, StatusCode::UNAVAILABLE},
      {ErrorCode::kUnauthenticated, StatusCode::FAILED_PRECONDITION},
      {ErrorCode::kResourceExhausted, StatusCode::RESOURCE_EXHAUSTED},
      {ErrorCode::kCorrupt, StatusCode::DATA_LOSS},
      {ErrorCode::kCancelled, StatusCode::UNAVAILABLE},
      {ErrorCode::kInternal, StatusCode::INTERNAL},
  };
  for (const auto& [error, code] : expected) {
    const grpc::Status status = ToGrpcStatus(Error(error, "a sentence"));
    EXPECT_EQ(status.error_code(), code);
    EXPECT_EQ(status.error_message(), "a sentence");
    EXPECT_FALSE(DetailOf(status).reason().empty());
  }
}

TEST(StatusTest, OnlyWhatMayPassByItselfIsRetryable) {
  EXPECT_TRUE(DetailOf(ToGrpcStatus(Error(ErrorCode::kCancelled, ""))).retryable());
  EXPECT_GT(DetailOf(ToGrpcStatus(Error(ErrorCode::kOffline, ""))).retry_after_ms(), 0U);
  EXPECT_FALSE(DetailOf(ToGrpcStatus(Error(ErrorCode::kConflict, ""))).retryable());
}

TEST(StatusTest, WrongStateOfAMessageDiffersFromNobodySignedIn) {
  const v1::ErrorDetail detail = DetailOf(ToGrpcStatus(Error(ErrorCode::kPrecondition, "")));
  EXPECT_EQ(detail.reason(), "PRECONDITION");
  EXPECT_FALSE(detail.retryable());
}

TEST(StatusTest, RefusedTokenDiffersFromNobodySignedIn) {
  const Error error(ErrorCode::kUnauthenticated, "");
  EXPECT_EQ(ToSignInStatus(error).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(DetailOf(ToSignInStatus(error)).reason(), "TOKEN_REFUSED");
  EXPECT_EQ(DetailOf(ToGrpcStatus(error)).reason(), "NOT_SIGNED_IN");
}

TEST(StatusTest, StreamsAreAbortedWhenTheAccountIsSwitched) {
  const Error error(ErrorCode::kConflict, "");
  EXPECT_EQ(ToStreamStatus(error).error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(DetailOf(ToStreamStatus(error)).reason(), "ACCOUNT_SWITCHED");
}

}  // namespace
}  // namespace hark::ipc
