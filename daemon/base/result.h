// Errors are values. A function that can fail returns Result<T>; a coroutine that can fail returns
// Task<T> (base/task.h). Exceptions from libraries are caught in the module that includes the
// library.

#ifndef HARK_DAEMON_BASE_RESULT_H_
#define HARK_DAEMON_BASE_RESULT_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "daemon/base/trouble.h"

namespace hark {

// What the caller should do differently, not where the failure happened. Adding a code means adding
// a row to ToGrpcStatus() in ipc/status.cc; the compiler enforces it (no default label there).
enum class ErrorCode : std::uint8_t {
  kInvalidArgument,    // The request can never succeed as sent.
  kNotFound,           // No such conversation or message.
  kConflict,           // Same id with other content, or the row changed since it was read.
  kPrecondition,       // The action does not fit the state of the message.
  kLocked,             // The key is not available now; the user can unlock it.
  kOffline,            // No backend connection; retried by the sync engine.
  kUnauthenticated,    // The backend refused the credentials, or nobody is signed in: the user must
                       // sign in.
  kResourceExhausted,  // A limit of base/limits.h, or the disk, is full.
  kCorrupt,            // A file failed its checks; it is not touched.
  kCancelled,          // The daemon is stopping or the caller went away.
  kTimeout,            // It took longer than it may; asking for less may succeed.
  kInternal,           // A bug.
};

struct [[nodiscard]] Error {
  Error(ErrorCode c, std::string m, Trouble t = Trouble::kNone)
      : code(c), message(std::move(m)), trouble(t) {}

  friend bool operator==(const Error&, const Error&) = default;

  ErrorCode code;
  // A plain sentence for a person or a log. Never contains message text, titles, tokens or keys.
  std::string message;
  // Set by transport alone: what was the matter, and how long the backend asks to be left in peace;
  // 0: it did not say.
  Trouble trouble;
  std::chrono::milliseconds retry_after{0};
};

template <typename T>
using Result = tl::expected<T, Error>;

// Fail(ErrorCode::kNotFound, "no such conversation") reads better than the type it makes.
[[nodiscard]] inline tl::unexpected<Error> Fail(ErrorCode code, std::string message,
                                                Trouble trouble = Trouble::kNone) {
  return tl::unexpected<Error>(Error(code, std::move(message), trouble));
}

}  // namespace hark

#endif  // HARK_DAEMON_BASE_RESULT_H_
