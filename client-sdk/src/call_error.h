// gRPC statuses to the SDK's errors: the only place. The one difficulty is that gRPC uses the same
// codes for what the daemon answered and for a connection that broke; the two have to be told
// apart, since only the second may be repeated and only the first has a message for people.

#ifndef HARK_CLIENT_SDK_SRC_CALL_ERROR_H_
#define HARK_CLIENT_SDK_SRC_CALL_ERROR_H_

#include <grpcpp/support/status.h>

#include "hark/result.h"

namespace hark::client {

struct CallError {
  Error error;
  // The connection broke, or there was none: the daemon did not answer, and may or may not have
  // done what was asked.
  bool lost = false;
};

// `status` must not be OK.
[[nodiscard]] CallError ExplainStatus(const grpc::Status& status);

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_CALL_ERROR_H_
