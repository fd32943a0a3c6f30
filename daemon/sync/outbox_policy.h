// What of the outbox goes next (guarantee G4): per conversation one send at a time, in submit
// order; a refused one parks its conversation; read markers go beside the sends. Pure.

#ifndef HARK_DAEMON_SYNC_OUTBOX_POLICY_H_
#define HARK_DAEMON_SYNC_OUTBOX_POLICY_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/model/outbox.h"
#include "daemon/sync/backoff.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

class OutboxPolicy {
 public:
  explicit OutboxPolicy(std::uint64_t seed);

  // Entries as read from the store, in position order, none seen before.
  void Add(const std::vector<OutboxEntry>& entries);

  // The position up to which entries are known.
  [[nodiscard]] std::uint64_t last_position() const { return last_position_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Requests not yet answered.
  [[nodiscard]] std::size_t in_flight() const { return requests_.size(); }

  // The next entry that may leave, marked as under way with this request; absent if there is none.
  [[nodiscard]] std::optional<OutboxEntry> Take(transport::RequestId request, Clock::Instant now);
  // As Take, but only tells whether there is one.
  [[nodiscard]] bool HasReady(Clock::Instant now) const;

  // The answer to a request: the entry it was about, or nothing if the request is not one of the
  // outbox's.
  [[nodiscard]] std::optional<OutboxEntry> Find(transport::RequestId request) const;

  // The entry is done (acknowledged), or given up.
  void Done(transport::RequestId request);
  // Also done, learnt by its echo in the change stream before or without the acknowledgement.
  void DoneByEcho(const MessageId& message);
  // Refused for good: the conversation's later sends wait behind it.
  void Park(transport::RequestId request);
  // Refused for now: not again before then.
  void Postpone(transport::RequestId request, Clock::Duration retry_after, Clock::Instant now);

  // The connection is gone: what was under way is ready again, in its old place. Returns whether
  // something was.
  bool ConnectionLost();

  // When a postponed entry is ready; absent if none is postponed.
  [[nodiscard]] std::optional<Clock::Instant> NextReady() const;

 private:
  // One queue per conversation and kind.
  using Key = std::pair<OutboxKind, ConversationId>;
  struct Queue {
    std::deque<OutboxEntry> entries;
    transport::RequestId in_flight = 0;  // of the front
    bool parked = false;
    std::optional<Clock::Instant> not_before;
    std::optional<Backoff> backoff;
  };

  [[nodiscard]] bool IsReady(const Queue& queue, Clock::Instant now) const;
  void PopFront(const Key& key, Queue& queue);

  std::uint64_t seed_;
  std::map<Key, Queue> queues_;
  std::unordered_map<transport::RequestId, Key> requests_;
  std::uint64_t last_position_ = 0;
  std::size_t size_ = 0;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_OUTBOX_POLICY_H_
