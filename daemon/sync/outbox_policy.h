// What of the outbox goes next (guarantee G4). A copy of the store's outbox, without contents, in
// lanes:
//
//   sends          one lane a conversation, one at a time, in submit order. A failed one parks the
//                  lane unless it is skipped; an expired one is passed.
//   edits, deletes one lane a message, waiting while the message's own send is in the outbox.
//   read markers   one lane a conversation, beside the sends.
//
// The store decides what an entry's state is; the policy only remembers what the machine is doing
// with it. An entry that the machine works on is "claimed", and what the store says of it meanwhile
// is kept but not acted upon. Pure; every call costs O(log n), except Load.

#ifndef HARK_DAEMON_SYNC_OUTBOX_POLICY_H_
#define HARK_DAEMON_SYNC_OUTBOX_POLICY_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/model/outbox.h"
#include "daemon/sync/backoff.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

class OutboxPolicy {
 public:
  using Position = std::uint64_t;

  // `age`: how long sends and edits are tried by themselves, since they were submitted.
  OutboxPolicy(std::uint64_t seed, std::chrono::milliseconds age) : seed_(seed), age_(age) {}

  // ---- What the store holds. ----

  // All of it, in place of what was known. Only while nothing is under way.
  void Load(const std::vector<OutboxEntry>& entries);
  // What one commit made of it. Returns whether there is an entry that was not known.
  bool Change(const std::vector<OutboxEntry>& entries, const std::vector<Position>& removed);

  // Also those that are not sent by themselves.
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  // Of the newest entry; 0 if there is none.
  [[nodiscard]] Position newest() const { return items_.empty() ? 0 : items_.rbegin()->first; }
  // An entry is shown as under way that nobody has taken: it was stored while there seemed to be a
  // connection.
  [[nodiscard]] bool HasOrphans() const { return !orphans_.empty(); }

  // ---- What leaves. ----

  struct Taken {
    OutboxEntry entry;
    bool marked = false;  // The store already knows that it leaves.
  };
  // The oldest entry that may leave, claimed for this request; absent if there is none.
  [[nodiscard]] std::optional<Taken> Take(transport::RequestId request);
  // Whether Take would find one.
  [[nodiscard]] bool HasReady() const;
  // Read markers do not leave, until they are let go.
  void HoldMarkers(bool hold);
  // What was postponed until now, or before, is ready again.
  void WakePostponed(Clock::Instant now);
  // Whatever the backend asked for: the user does not want to wait.
  void WakeAll();

  // Requests that are not answered, also those whose entry is gone.
  [[nodiscard]] std::size_t in_flight() const { return requests_.size(); }
  [[nodiscard]] bool IsAsked(transport::RequestId request) const {
    return requests_.contains(request);
  }
  // Whether the entry of the request is still there; false also if the request is none of ours.
  [[nodiscard]] bool Holds(transport::RequestId request) const;

  // ---- What became of it: each ends the request. ----

  // The entry as it was taken. Absent: none of ours, or its entry is gone meanwhile. The entry
  // stays claimed.
  [[nodiscard]] std::optional<OutboxEntry> Answered(transport::RequestId request);
  // It is done: what waits behind it may leave before the store has recorded that.
  void Done(Position position);
  // Also done, learnt by its echo in the change stream.
  void DoneByEcho(const MessageId& message);
  // Refused for now: not again before then, nor later than limits::kRetryAfterMost plus the
  // backoff.
  void Postpone(Position position, Clock::Duration retry_after, Clock::Instant now);
  // The store has recorded what became of it, and from here on its word counts.
  void Release(Position position);

  // The connection is gone. Nothing is claimed or postponed any more, but for what is being
  // expired.
  void ConnectionLost();

  // ---- What is too old. ----

  // Sends and edits whose time is up, claimed.
  [[nodiscard]] std::vector<Position> TakeExpired(WallTime wall);
  [[nodiscard]] std::optional<WallTime> NextExpiry() const;

  // When a postponed entry is ready; absent if none is postponed.
  [[nodiscard]] std::optional<Clock::Instant> NextReady() const;

 private:
  enum class LaneKind : std::uint8_t { kSends, kChanges, kMarkers };
  struct LaneKey {
    LaneKind kind;
    std::string id;  // Of the conversation; kChanges: of the message.

    friend auto operator<=>(const LaneKey&, const LaneKey&) = default;
  };
  struct Lane {
    std::set<Position> entries;
    // What is entered of it in ready_ or waiting_.
    std::optional<Position> ready;
    std::optional<Clock::Instant> waiting;
    std::optional<Clock::Instant> not_before;
    Position postponed = 0;  // The entry that not_before and backoff are about.
    std::optional<Backoff> backoff;
  };
  struct Item {
    OutboxEntry entry;
    bool claimed = false;
    bool expiring = false;  // Claimed for that.
  };
  struct Request {
    Position position = 0;
    OutboxEntry entry;
  };

  [[nodiscard]] static LaneKey KeyOf(const OutboxEntry& entry);
  [[nodiscard]] bool MayExpire(const Item& item) const;
  void Put(const OutboxEntry& entry);
  void Remove(Position position);
  void Index(const Item& item);
  void Unindex(const Item& item);
  void Claim(Item& item, bool expiring = false);
  void Refresh(const LaneKey& key);
  void RefreshAround(const OutboxEntry& entry);
  // The entry that the lane would send, if it is not held up.
  [[nodiscard]] std::optional<Position> Front(const LaneKey& key, const Lane& lane) const;

  const std::uint64_t seed_;
  const std::chrono::milliseconds age_;

  std::map<Position, Item> items_;
  std::map<LaneKey, Lane> lanes_;
  std::unordered_map<transport::RequestId, Request> requests_;
  // Done here, while the store does not say so yet.
  std::unordered_set<Position> done_;

  // Indices of the above.
  std::set<Position> ready_;
  std::set<std::pair<Clock::Instant, LaneKey>> waiting_;
  std::unordered_map<std::string, Position> sends_;  // By message.
  std::set<std::pair<WallTime, Position>> ages_;     // What may expire, by when it was submitted.
  std::set<Position> orphans_;
  bool markers_held_ = false;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_OUTBOX_POLICY_H_
