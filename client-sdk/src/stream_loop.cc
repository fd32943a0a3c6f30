#include "client-sdk/src/stream_loop.h"

#include <utility>

#include "client-sdk/src/reconnect_policy.h"

namespace hark::client {

void StreamControl::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  if (end_attempt_) end_attempt_();
  stop_.notify_all();
}

bool StreamControl::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

bool StreamControl::BeginAttempt(std::function<void()> end) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  end_attempt_ = std::move(end);
  return true;
}

void StreamControl::EndAttempt() {
  const std::lock_guard lock(mutex_);
  end_attempt_ = nullptr;
}

bool StreamControl::Wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !stop_.wait_for(lock, time, [this] { return stopped_; });
}

namespace {

// Tells the UI once about each change between connected and lost.
class ConnectionReport {
 public:
  ConnectionReport(StreamControl& control, const StreamHandlers& handlers)
      : control_(control), handlers_(handlers) {}

  void Connected() {
    if (state_ != State::kConnected) Tell(State::kConnected, nullptr);
  }
  void Lost(const Error& error) {
    if (state_ != State::kLost) Tell(State::kLost, &error);
  }

 private:
  enum class State { kNew, kConnected, kLost };

  void Tell(State state, const Error* error) {
    state_ = state;
    if (handlers_.on_connection && !control_.stopped()) handlers_.on_connection(error);
  }

  StreamControl& control_;
  const StreamHandlers& handlers_;
  State state_ = State::kNew;
};

// One stream after the other. Gives the reason of the end, which is of no interest when the watch
// was stopped.
Error Follow(StreamControl& control, Stream& stream, const StreamHandlers& handlers) {
  ConnectionReport report(control, handlers);
  for (int failures = 0; !control.stopped();) {
    Error error;
    if (Result<void> check = stream.Check(); check) {
      error = stream.Run(control, [&] {
        failures = 0;
        report.Connected();
      });
    } else {
      error = check.error();
    }
    if (control.stopped()) break;
    ++failures;
    switch (JudgeEnd(error.code, stream.has_token(), failures)) {
      case Verdict::kEnd: return error;
      case Verdict::kReconnectAfresh: stream.ForgetToken(); break;
      case Verdict::kReconnect: report.Lost(error); break;
    }
    if (!control.Wait(ReconnectDelay(failures))) break;
  }
  return {ErrorCode::kCancelled, "the watch was cancelled", Retry::kNo};
}

}  // namespace

void RunStream(StreamControl& control, Stream& stream, const StreamHandlers& handlers) {
  Error error;
  try {
    error = Follow(control, stream, handlers);
  } catch (...) {
    // A callback threw, against the contract. Nothing can be told to its caller, but the process
    // lives on.
    error = {ErrorCode::kInternal, "a callback threw an exception", Retry::kNo};
  }
  if (control.stopped() || !handlers.on_end) return;
  try {
    handlers.on_end(error);
  } catch (...) {  // NOLINT(bugprone-empty-catch): there is nobody left to tell.
  }
}

Subscription::State::State(std::unique_ptr<Stream> stream, StreamHandlers handlers)
    : control_(std::make_shared<StreamControl>()),
      thread_([control = control_, owned = std::move(stream), callbacks = std::move(handlers)] {
        RunStream(*control, *owned, callbacks);
      }) {}

Subscription::State::~State() {
  control_->Stop();
  // From inside a callback: the thread ends after it, and owns all that it still needs.
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

Subscription::Subscription() = default;
Subscription::Subscription(std::unique_ptr<State> state) : state_(std::move(state)) {}
Subscription::Subscription(Subscription&& other) noexcept = default;
Subscription& Subscription::operator=(Subscription&& other) noexcept = default;
Subscription::~Subscription() = default;

void Subscription::Cancel() {
  state_.reset();
}

}  // namespace hark::client
