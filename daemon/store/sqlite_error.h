// Turns what SQLite throws into an Error. Inside this folder a failed statement throws
// SQLite::Exception; nothing of it leaves: each entry point runs inside Catching().

#ifndef HARK_DAEMON_STORE_SQLITE_ERROR_H_
#define HARK_DAEMON_STORE_SQLITE_ERROR_H_

#include <exception>
#include <utility>

#include <SQLiteCpp/Exception.h>

#include "daemon/base/result.h"

namespace hark::store {

// Never holds SQL or values, only what happened and SQLite's number for it.
[[nodiscard]] Error ToError(const SQLite::Exception& exception);

// For anything else that a call threw.
[[nodiscard]] Error ToError(const std::exception& exception);

// After one of these the connection is not to be trusted: a failed allocation or cipher call leaves
// it refusing everything (docs: FACTS, "the connection is dead"). It has to be opened again.
[[nodiscard]] bool BreaksConnection(const SQLite::Exception& exception);

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
