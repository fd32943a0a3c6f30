#include "daemon/sync/outbox_policy.h"

#include <algorithm>
#include <utility>

#include "daemon/base/limits.h"

namespace hark::sync {
namespace {

// Whether it is to be sent, as far as the store is concerned.
bool Leaves(const OutboxEntry& entry) {
  return entry.delivery != Delivery::kFailed && entry.delivery != Delivery::kExpired;
}

}  // namespace

OutboxPolicy::LaneKey OutboxPolicy::KeyOf(const OutboxEntry& entry) {
  switch (entry.kind) {
    case OutboxKind::kSend: return {LaneKind::kSends, entry.conversation.value()};
    case OutboxKind::kMarkRead: return {LaneKind::kMarkers, entry.conversation.value()};
    case OutboxKind::kEdit:
    case OutboxKind::kDelete: break;
  }
  return {LaneKind::kChanges, entry.message.value()};
}

// ---- What the store holds. ----

void OutboxPolicy::Load(const std::vector<OutboxEntry>& entries) {
  items_.clear();
  lanes_.clear();
  requests_.clear();
  done_.clear();
  ready_.clear();
  waiting_.clear();
  sends_.clear();
  ages_.clear();
  orphans_.clear();
  for (const OutboxEntry& entry : entries) Put(entry);
}

bool OutboxPolicy::Change(const std::vector<OutboxEntry>& entries,
                          const std::vector<Position>& removed) {
  bool news = false;
  for (const OutboxEntry& entry : entries) {
    if (done_.contains(entry.position)) continue;
    const auto known = items_.find(entry.position);
    // New, or retried in its place.
    news = news || known == items_.end() || (!Leaves(known->second.entry) && Leaves(entry));
    Put(entry);
  }
  for (const Position position : removed) {
    done_.erase(position);
    Remove(position);
  }
  return news;
}

void OutboxPolicy::Put(const OutboxEntry& entry) {
  Item& item = items_[entry.position];
  const bool known = item.entry.position != 0;
  if (known) Unindex(item);
  item.entry = entry;
  Index(item);
  RefreshAround(entry);
}

void OutboxPolicy::Remove(Position position) {
  const auto it = items_.find(position);
  if (it == items_.end()) return;
  const OutboxEntry entry = it->second.entry;
  Unindex(it->second);
  items_.erase(it);
  const auto lane = lanes_.find(KeyOf(entry));
  if (lane != lanes_.end() && lane->second.postponed == position) {
    lane->second.not_before.reset();
    lane->second.backoff.reset();
  }
  RefreshAround(entry);
}

bool OutboxPolicy::MayExpire(const Item& item) const {
  const bool kind = item.entry.kind == OutboxKind::kSend || item.entry.kind == OutboxKind::kEdit;
  return kind && !item.claimed && Leaves(item.entry);
}

void OutboxPolicy::Index(const Item& item) {
  const OutboxEntry& entry = item.entry;
  lanes_[KeyOf(entry)].entries.insert(entry.position);
  if (entry.kind == OutboxKind::kSend) sends_[entry.message.value()] = entry.position;
  if (MayExpire(item)) ages_.emplace(entry.submitted_at, entry.position);
  if (entry.delivery == Delivery::kSending && !item.claimed) orphans_.insert(entry.position);
}

void OutboxPolicy::Unindex(const Item& item) {
  const OutboxEntry& entry = item.entry;
  lanes_[KeyOf(entry)].entries.erase(entry.position);
  if (entry.kind == OutboxKind::kSend) {
    const auto send = sends_.find(entry.message.value());
    if (send != sends_.end() && send->second == entry.position) sends_.erase(send);
  }
  ages_.erase({entry.submitted_at, entry.position});
  orphans_.erase(entry.position);
}

void OutboxPolicy::Claim(Item& item, bool expiring) {
  item.claimed = true;
  item.expiring = expiring;
  ages_.erase({item.entry.submitted_at, item.entry.position});
  orphans_.erase(item.entry.position);
}

// ---- Lanes. ----

std::optional<OutboxPolicy::Position> OutboxPolicy::Front(const LaneKey& key,
                                                          const Lane& lane) const {
  if (key.kind == LaneKind::kChanges && sends_.contains(key.id)) return std::nullopt;
  if (key.kind == LaneKind::kMarkers && markers_held_) return std::nullopt;
  for (const Position position : lane.entries) {
    const Item& item = items_.at(position);
    if (item.claimed) return std::nullopt;
    const OutboxEntry& entry = item.entry;
    if (!Leaves(entry)) {
      const bool parks =
          entry.kind == OutboxKind::kSend && entry.delivery == Delivery::kFailed && !entry.skipped;
      if (parks) return std::nullopt;
      continue;
    }
    if (entry.kind == OutboxKind::kEdit && entry.base_revision == 0) return std::nullopt;
    return position;
  }
  return std::nullopt;
}

void OutboxPolicy::Refresh(const LaneKey& key) {
  const auto it = lanes_.find(key);
  if (it == lanes_.end()) return;
  Lane& lane = it->second;
  if (lane.ready) ready_.erase(*lane.ready);
  if (lane.waiting) waiting_.erase({*lane.waiting, key});
  lane.ready.reset();
  lane.waiting.reset();
  if (lane.entries.empty()) {
    lanes_.erase(it);
    return;
  }
  const std::optional<Position> front = Front(key, lane);
  if (!front) return;
  if (lane.not_before) {
    lane.waiting = lane.not_before;
    waiting_.emplace(*lane.not_before, key);
  } else {
    lane.ready = front;
    ready_.insert(*front);
  }
}

void OutboxPolicy::RefreshAround(const OutboxEntry& entry) {
  Refresh(KeyOf(entry));
  if (entry.kind == OutboxKind::kSend) Refresh({LaneKind::kChanges, entry.message.value()});
}

void OutboxPolicy::HoldMarkers(bool hold) {
  if (std::exchange(markers_held_, hold) == hold) return;
  std::vector<LaneKey> markers;
  for (auto it = lanes_.lower_bound({LaneKind::kMarkers, {}}); it != lanes_.end(); ++it)
    markers.push_back(it->first);
  for (const LaneKey& key : markers) Refresh(key);
}

void OutboxPolicy::WakeAll() {
  if (!waiting_.empty()) WakePostponed(waiting_.rbegin()->first);
}

void OutboxPolicy::WakePostponed(Clock::Instant now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const LaneKey key = waiting_.begin()->second;
    lanes_.at(key).not_before.reset();
    Refresh(key);
  }
}

// ---- What leaves. ----

bool OutboxPolicy::HasReady() const {
  return requests_.size() < limits::kSendsInFlight && !ready_.empty();
}

std::optional<OutboxPolicy::Taken> OutboxPolicy::Take(transport::RequestId request) {
  if (!HasReady()) return std::nullopt;
  // The oldest of all, so that conversations take turns.
  Item& item = items_.at(*ready_.begin());
  Claim(item);
  requests_.emplace(request, Request{item.entry.position, item.entry});
  Refresh(KeyOf(item.entry));
  return Taken{item.entry, item.entry.delivery == Delivery::kSending};
}

bool OutboxPolicy::Holds(transport::RequestId request) const {
  const auto it = requests_.find(request);
  return it != requests_.end() && items_.contains(it->second.position);
}

std::optional<OutboxEntry> OutboxPolicy::Answered(transport::RequestId request) {
  const auto it = requests_.find(request);
  if (it == requests_.end()) return std::nullopt;
  const Request answered = std::move(it->second);
  requests_.erase(it);
  if (!items_.contains(answered.position)) return std::nullopt;
  return answered.entry;
}

void OutboxPolicy::Done(Position position) {
  if (!items_.contains(position)) return;
  done_.insert(position);
  Remove(position);
}

void OutboxPolicy::DoneByEcho(const MessageId& message) {
  const auto send = sends_.find(message.value());
  if (send != sends_.end()) Done(send->second);
}

void OutboxPolicy::Postpone(Position position, Clock::Duration retry_after, Clock::Instant now) {
  const auto it = items_.find(position);
  if (it == items_.end()) return;
  Lane& lane = lanes_.at(KeyOf(it->second.entry));
  if (!lane.backoff)
    lane.backoff.emplace(limits::kBackoffFirst, limits::kBackoffCap, seed_ ^ position);
  lane.postponed = position;
  lane.not_before =
      now + lane.backoff->Next(std::min<Clock::Duration>(retry_after, limits::kRetryAfterMost));
}

void OutboxPolicy::Release(Position position) {
  const auto it = items_.find(position);
  if (it == items_.end() || !it->second.claimed) return;
  Unindex(it->second);
  it->second.claimed = false;
  it->second.expiring = false;
  Index(it->second);
  RefreshAround(it->second.entry);
}

void OutboxPolicy::ConnectionLost() {
  requests_.clear();
  std::vector<Position> claimed;
  for (const auto& [position, item] : items_) {
    if (item.claimed && !item.expiring) claimed.push_back(position);
  }
  for (const Position position : claimed) Release(position);
  WakeAll();
}

// ---- What is too old. ----

std::vector<OutboxPolicy::Position> OutboxPolicy::TakeExpired(WallTime wall) {
  std::vector<Position> expired;
  while (!ages_.empty() && ages_.begin()->first + age_ <= wall) {
    Item& item = items_.at(ages_.begin()->second);
    expired.push_back(item.entry.position);
    Claim(item, true);
    Refresh(KeyOf(item.entry));
  }
  return expired;
}

std::optional<WallTime> OutboxPolicy::NextExpiry() const {
  if (ages_.empty()) return std::nullopt;
  return ages_.begin()->first + age_;
}

std::optional<Clock::Instant> OutboxPolicy::NextReady() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first;
}

}  // namespace hark::sync
