// The thread of one watch: make the stream, deliver its events, connect again when it breaks, stop
// when told to. Knows nothing of gRPC; what a stream is comes in as a function.

#ifndef HARK_CLIENT_SDK_SRC_STREAM_LOOP_H_
#define HARK_CLIENT_SDK_SRC_STREAM_LOOP_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "hark/result.h"
#include "hark/watch.h"

namespace hark::client {

// Shared by the handle, which stops, and the thread, which looks. Thread-safe.
class StreamControl {
 public:
  // Ends the stream that is running and every wait, for good.
  void Stop();
  [[nodiscard]] bool stopped() const;

  // The thread says how the stream that it now runs is ended from outside; false if it was stopped
  // before. `end` is called with the lock held, and not after EndAttempt().
  [[nodiscard]] bool BeginAttempt(std::function<void()> end);
  void EndAttempt();

  // False if stopped before the time was over.
  [[nodiscard]] bool Wait(std::chrono::milliseconds time);

 private:
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;               // Guarded by mutex_.
  std::function<void()> end_attempt_;  // Guarded by mutex_.
};

// Runs on the watch's thread only.
class Stream {
 public:
  Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // Whether a daemon is there that may be talked to.
  virtual Result<void> Check() = 0;
  // Opens the stream and delivers events until it ends; says why. Calls `connected` before it
  // delivers the first.
  virtual Error Run(StreamControl& control, const std::function<void()>& connected) = 0;
  [[nodiscard]] virtual bool has_token() const = 0;
  virtual void ForgetToken() = 0;
};

// Runs until the stream ends for good or is stopped. `handlers` has only the callbacks that all
// watches share.
void RunStream(StreamControl& control, Stream& stream, const StreamHandlers& handlers);

// The handle's half.
class Subscription::State {
 public:
  // Throws std::system_error when there is no thread to be had.
  State(std::unique_ptr<Stream> stream, StreamHandlers handlers);
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

 private:
  std::shared_ptr<StreamControl> control_;
  std::thread thread_;
};

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_STREAM_LOOP_H_
