#ifndef HARK_TOOLS_BACKEND_RESULT_H_
#define HARK_TOOLS_BACKEND_RESULT_H_

// Errors of the backend are values. The code says what the one who asked should do, and is
// translated to a refusal of the wire protocol, an HTTP status or an exit code at the edge; the
// message is one sentence without anybody's content.

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace hark::backend {

enum class ErrorCode {
  kInvalid,          // Can never be accepted as sent.
  kTooLarge,         // Over an announced limit.
  kNotFound,         // No such conversation, message or user.
  kConflict,         // Same id, other content; or not the revision that the caller saw.
  kPermission,       // Known user, not allowed.
  kUnauthenticated,  // The token is wrong, expired or revoked.
  kRateLimited,      // Again later.
  kUnavailable,      // A passing trouble, such as a full disk.
  kMalformed,        // Does not parse.
  kDataFolder,       // The data folder cannot be used as it is.
  kInUse,            // Another process has the data folder.
  kAlreadyExists,
  kInternal,
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_RESULT_H_
