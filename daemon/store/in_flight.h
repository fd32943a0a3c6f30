// Which entries of the outbox are on the present connection, and which were answered and are only
// not removed yet. Kept in memory only: that an entry has left is durable in its row, and a restart
// ends the connection.

#ifndef HARK_DAEMON_STORE_IN_FLIGHT_H_
#define HARK_DAEMON_STORE_IN_FLIGHT_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "daemon/model/message.h"

namespace hark::store {

// By position.
struct InFlight {
  std::unordered_set<std::uint64_t> sending;  // Left, not answered.
  std::unordered_set<std::uint64_t>
      leaving;  // Stored as left, and about to leave, or refused for now.
  std::unordered_set<std::uint64_t> ahead;  // Of those: has never left (marks_ahead.h).
  // Read markers that were acknowledged, and whose rows are still there (settled_sends.h).
  std::unordered_set<std::uint64_t> settled;

  void Erase(std::uint64_t position) {
    sending.erase(position);
    leaving.erase(position);
    ahead.erase(position);
  }
  [[nodiscard]] bool empty() const { return sending.empty() && leaving.empty(); }

  friend bool operator==(const InFlight&, const InFlight&) = default;
};

// What is shown of an entry whose row says `stored`.
[[nodiscard]] inline Delivery ShownDelivery(const InFlight& in_flight, std::uint64_t position,
                                            Delivery stored, bool attempted) {
  if (stored != Delivery::kQueued) return stored;
  if (in_flight.sending.contains(position)) return Delivery::kSending;
  if (attempted && !in_flight.leaving.contains(position)) return Delivery::kUnknown;
  return Delivery::kQueued;
}

// As of the last commit, for the readers. Thread-safe.
class PublishedInFlight {
 public:
  [[nodiscard]] std::shared_ptr<const InFlight> Load() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  void Store(InFlight value) {
    auto next = std::make_shared<const InFlight>(std::move(value));
    const std::lock_guard lock(mutex_);
    value_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const InFlight> value_ = std::make_shared<const InFlight>();
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_IN_FLIGHT_H_
