// Error to grpc::Status: the only place where a status of this API is made. Each carries a
// v1::ErrorDetail.

#ifndef HARK_DAEMON_IPC_STATUS_H_
#define HARK_DAEMON_IPC_STATUS_H_

#include <string>

#include <grpcpp/support/status.h>

#include "daemon/base/result.h"

namespace hark::ipc {

// How a call that needs an account ends. kUnauthenticated means here that nobody is signed in
// (account::Accounts::Problem), which is a state of the daemon, not a fault of this call:
// FAILED_PRECONDITION.
[[nodiscard]] grpc::Status ToGrpcStatus(const Error& error);

// A client of another major version of this API: FAILED_PRECONDITION with the reason API_VERSION.
[[nodiscard]] grpc::Status ApiVersionStatus(std::string sentence);

// How SignIn ends: kUnauthenticated means that the backend refused the token.
[[nodiscard]] grpc::Status ToSignInStatus(const Error& error);

// How a stream ends: kConflict means that another account was signed in, so the client must start
// afresh (ABORTED).
[[nodiscard]] grpc::Status ToStreamStatus(const Error& error);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_STATUS_H_
