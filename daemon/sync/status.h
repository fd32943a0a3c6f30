// Where the daemon stands with the backend, for the offline banner and the sync icon.

#ifndef HARK_DAEMON_SYNC_STATUS_H_
#define HARK_DAEMON_SYNC_STATUS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/base/trouble.h"

namespace hark::sync {

enum class State : std::uint8_t {
  kSignedOut,
  kOffline,
  kConnecting,
  kCatchingUp,
  kLive,
  kAuthRequired,
  kDegraded,
};

struct Status {
  State state = State::kSignedOut;
  WallTime since{};
  std::string reason;  // A sentence for a person; empty when there is nothing to say.
  Trouble trouble = Trouble::kNone;
  std::uint64_t done = 0;  // With kCatchingUp: messages.
  std::uint64_t total = 0;
  bool initial = false;  // The first sync of this account here.
  std::optional<WallTime> next_attempt_at;
  std::optional<WallTime> last_synced_at;
  std::uint32_t pending = 0;

  friend bool operator==(const Status&, const Status&) = default;
};

// The latest status, and who wants to hear of changes. Thread-safe.
class StatusBoard {
 public:
  using Listener = std::function<void(const Status&)>;

  // Ends the subscription when destroyed; afterwards the listener is not running and is not called
  // again. Must not be destroyed from inside its own listener. The board outlives it.
  class Subscription {
   public:
    Subscription(StatusBoard& board, std::uint64_t key) : board_(board), key_(key) {}
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;
    ~Subscription();

   private:
    StatusBoard& board_;
    std::uint64_t key_;
  };

  [[nodiscard]] Status Current() const;

  // Tells every listener, on the caller's thread, unless nothing changed.
  void Set(Status status);

  // Calls `listener` with the present status before it returns, then with each later one. The
  // listener must not block and must not call the board.
  [[nodiscard]] std::unique_ptr<Subscription> Subscribe(Listener listener);

 private:
  mutable std::mutex mutex_;
  Status status_;
  std::map<std::uint64_t, Listener> listeners_;
  std::uint64_t next_key_ = 1;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_STATUS_H_
