// Errors are values: a call that can fail returns Result<T>, which holds either a T or an Error. An
// Error says what the caller should do (code, retry) and holds one plain sentence for a person. No
// call of this SDK throws, running out of memory aside.

#ifndef HARK_CLIENT_RESULT_H_
#define HARK_CLIENT_RESULT_H_

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace hark::client {

// What went wrong, by what the caller can do about it. A newer SDK may add values: treat unknown
// ones as kInternal.
enum class ErrorCode {
  // No daemon listens on the socket, or it went away during the call. Start harkd.
  kNoDaemon,
  // Something listens, but it may not be this user's daemon: another uid owns the socket, its
  // folder or the process, or
  // others can write to the folder. Nothing was sent to it.
  kUntrustedDaemon,
  // The request itself is wrong (empty, too long, not UTF-8, unknown token). Repeating it does not
  // help.
  kInvalidArgument,
  // No such conversation or message.
  kNotFound,
  // The same message id was used before, with other content.
  kConflict,
  // The action does not fit the state of the message: read it again.
  kPrecondition,
  // No account yet: sign in first.
  kNotSignedIn,
  // The backend refused the token.
  kUnauthenticated,
  // The daemon or, for SignIn, the backend cannot do it now. Try later.
  kUnavailable,
  // The daemon did not answer in time. The call may have had its effect all the same.
  kTimeout,
  // A limit is reached: the outbox or the disk is full, or too many streams are open.
  kResourceExhausted,
  // A stored file is damaged; the message says what to do.
  kCorrupt,
  // Another account was signed in: what the caller shows is no longer current. Start afresh.
  kAccountChanged,
  // The daemon is too old for this call, or speaks another major version of the API than this SDK;
  // the message says which. One of the two has to be updated.
  kUnsupported,
  // The call was cancelled on this side.
  kCancelled,
  // A fault of the daemon or of this SDK.
  kInternal,
};

// The code as a stable lower-case word: "no_daemon", "not_found", …
[[nodiscard]] std::string_view ToString(ErrorCode code);

// Whether repeating the same call can help.
enum class Retry {
  kNo,           // Not without changing the request.
  kLater,        // Yes, after a while: it depends on something that comes back by itself.
  kAfterAction,  // Yes, after the user (or the UI) did something: started harkd, signed in, freed
                 // space.
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  // One sentence for a person, without a final full stop. Holds no message content and no token.
  std::string message;
  Retry retry = Retry::kNo;
  // With kLater: wait at least this long. 0: the daemon did not say.
  std::chrono::milliseconds retry_after{0};
};

// Either a T or an Error. Reading the half that is not there ends the program (std::abort): look
// first.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that `return value;` and `return error;` read as they should.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() & { return Get(state_); }
  [[nodiscard]] const T& value() const& { return Get(state_); }
  [[nodiscard]] T&& value() && { return std::move(Get(state_)); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] T* operator->() { return &value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    const Error* error = std::get_if<1>(&state_);
    if (error == nullptr) std::abort();
    return *error;
  }

 private:
  template <typename State>
  static auto& Get(State& state) {
    auto* value = std::get_if<0>(&state);
    if (value == nullptr) std::abort();
    return *value;
  }

  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): as above
  Result(Error error) : state_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] const Error& error() const {
    const Error* error = std::get_if<Error>(&state_);
    if (error == nullptr) std::abort();
    return *error;
  }

 private:
  std::variant<std::monostate, Error> state_;
};

}  // namespace hark::client

#endif  // HARK_CLIENT_RESULT_H_
