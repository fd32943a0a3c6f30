// The life of a view, from its start to the end of its handle: one thread and one watch.

#ifndef HARK_CLIENT_SDK_SRC_VIEW_RUN_H_
#define HARK_CLIENT_SDK_SRC_VIEW_RUN_H_

#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "hark/result.h"
#include "hark/watch.h"

namespace hark::client {

// What the handle of a view owns. `Core` is what the handle, the thread and the callbacks of the
// watch share: Run() is the thread's, until Stop(), and Core::HandlersOf() is given to the watch.
template <typename Core>
class ViewRun {
 public:
  // Throws std::system_error: there is no thread to have.
  explicit ViewRun(std::shared_ptr<Core> shared)
      : core(std::move(shared)), thread_([owned = core] { owned->Run(); }) {}
  ViewRun(const ViewRun&) = delete;
  ViewRun& operator=(const ViewRun&) = delete;
  ~ViewRun() {
    // First, so that the watch's thread does not wait for room in the queue.
    core->Stop();
    watch_.Cancel();
    // From inside a callback: the thread ends after it, and owns all that it still needs.
    if (thread_.get_id() == std::this_thread::get_id()) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }

  // `State` is a ViewRun. `watch`: Result<Subscription>(the core's handlers). kResourceExhausted:
  // no thread could be started.
  template <typename State, typename Watch>
  [[nodiscard]] static Result<std::unique_ptr<State>> Start(std::shared_ptr<Core> core,
                                                            const Watch& watch) {
    std::unique_ptr<State> state;
    try {
      state = std::make_unique<State>(std::move(core));
    } catch (const std::system_error&) {
      return Error{ErrorCode::kResourceExhausted, "no thread could be started for the view",
                   Retry::kLater};
    }
    Result<Subscription> started = watch(Core::HandlersOf(state->core));
    if (!started) return started.error();
    state->watch_ = std::move(*started);
    return state;
  }

  const std::shared_ptr<Core> core;

 private:
  std::thread thread_;
  Subscription watch_;
};

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_VIEW_RUN_H_
