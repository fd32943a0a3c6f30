// Turns what SQLite throws into an Error. Inside this folder a failed statement throws
// SQLite::Exception; nothing of it leaves: each entry point runs inside Catching().

#ifndef HARK_DAEMON_STORE_SQLITE_ERROR_H_
#define HARK_DAEMON_STORE_SQLITE_ERROR_H_

#include <exception>
#include <utility>

#include <SQLiteCpp/Exception.h>

#include "daemon/base/result.h"

namespace hark::store {

// Never holds SQL or values, only what happened. Its code follows from the verdict of
// error_policy.h: kResourceExhausted where repeating the call later may help, kCorrupt for damage,
// kInternal for a bug. SQLite's number says nothing to a person: it is logged here, and nowhere
// else, once for each call that failed.
[[nodiscard]] Error ToError(const SQLite::Exception& exception);

// For anything else that a call threw.
[[nodiscard]] Error ToError(const std::exception& exception);

// Runs `body`, which answers a Result, and makes what it throws one.
template <typename Body>
auto Catching(Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const SQLite::Exception& exception) {
    return tl::unexpected<Error>(ToError(exception));
  } catch (const std::exception& exception) {
    return tl::unexpected<Error>(ToError(exception));
  }
}

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SQLITE_ERROR_H_
