#include "daemon/sync/outbox_policy.h"

#include <algorithm>

#include "daemon/base/limits.h"

namespace hark::sync {

OutboxPolicy::OutboxPolicy(std::uint64_t seed) : seed_(seed) {}

void OutboxPolicy::Add(const std::vector<OutboxEntry>& entries) {
  for (const OutboxEntry& entry : entries) {
    last_position_ = std::max(last_position_, entry.position);
    Queue& queue = queues_[Key(entry.kind, entry.conversation)];
    if (entry.kind == OutboxKind::kMarkRead && queue.in_flight == 0 && !queue.entries.empty()) {
      // Markers only move forward: the newer one says it all.
      queue.entries.back() = entry;
      continue;
    }
    queue.parked = queue.parked || entry.delivery == Delivery::kFailed;
    queue.entries.push_back(entry);
    ++size_;
  }
}

bool OutboxPolicy::IsReady(const Queue& queue, Clock::Instant now) const {
  return !queue.entries.empty() && queue.in_flight == 0 && !queue.parked &&
         (!queue.not_before || *queue.not_before <= now);
}

bool OutboxPolicy::HasReady(Clock::Instant now) const {
  if (requests_.size() >= limits::kSendsInFlight) return false;
  return std::any_of(queues_.begin(), queues_.end(),
                     [&](const auto& item) { return IsReady(item.second, now); });
}

std::optional<OutboxEntry> OutboxPolicy::Take(transport::RequestId request, Clock::Instant now) {
  if (requests_.size() >= limits::kSendsInFlight) return std::nullopt;
  // The oldest of the ready fronts, so that conversations take turns.
  auto best = queues_.end();
  for (auto it = queues_.begin(); it != queues_.end(); ++it) {
    if (!IsReady(it->second, now)) continue;
    if (best == queues_.end() ||
        it->second.entries.front().position < best->second.entries.front().position)
      best = it;
  }
  if (best == queues_.end()) return std::nullopt;
  best->second.in_flight = request;
  requests_.emplace(request, best->first);
  return best->second.entries.front();
}

std::optional<OutboxEntry> OutboxPolicy::Find(transport::RequestId request) const {
  const auto it = requests_.find(request);
  if (it == requests_.end()) return std::nullopt;
  return queues_.at(it->second).entries.front();
}

void OutboxPolicy::PopFront(const Key& key, Queue& queue) {
  requests_.erase(queue.in_flight);
  queue.in_flight = 0;
  queue.not_before.reset();
  queue.backoff.reset();
  queue.entries.pop_front();
  --size_;
  if (queue.entries.empty()) queues_.erase(key);
}

void OutboxPolicy::Done(transport::RequestId request) {
  const auto it = requests_.find(request);
  if (it == requests_.end()) return;
  const Key key = it->second;
  PopFront(key, queues_.at(key));
}

void OutboxPolicy::DoneByEcho(const MessageId& message) {
  for (auto it = queues_.begin(); it != queues_.end(); ++it) {
    Queue& queue = it->second;
    const auto entry =
        std::find_if(queue.entries.begin(), queue.entries.end(), [&](const OutboxEntry& candidate) {
          return candidate.kind == OutboxKind::kSend && candidate.message == message;
        });
    if (entry == queue.entries.end()) continue;
    if (entry == queue.entries.begin()) {
      // A failed send that arrived after all no longer blocks the ones behind it.
      queue.parked = false;
      const Key key = it->first;
      PopFront(key, queue);
    } else {
      queue.entries.erase(entry);
      --size_;
    }
    return;
  }
}

void OutboxPolicy::Park(transport::RequestId request) {
  const auto it = requests_.find(request);
  if (it == requests_.end()) return;
  Queue& queue = queues_.at(it->second);
  queue.parked = true;
  queue.in_flight = 0;
  requests_.erase(it);
}

void OutboxPolicy::Postpone(transport::RequestId request, Clock::Duration retry_after,
                            Clock::Instant now) {
  const auto it = requests_.find(request);
  if (it == requests_.end()) return;
  Queue& queue = queues_.at(it->second);
  if (!queue.backoff)
    queue.backoff.emplace(limits::kBackoffFirst, limits::kBackoffCap, seed_ ^ request);
  queue.not_before = now + queue.backoff->Next(retry_after);
  queue.in_flight = 0;
  requests_.erase(it);
}

bool OutboxPolicy::ConnectionLost() {
  const bool had_some = !requests_.empty();
  for (auto& [key, queue] : queues_) {
    queue.in_flight = 0;
    queue.not_before.reset();
  }
  requests_.clear();
  return had_some;
}

std::optional<Clock::Instant> OutboxPolicy::NextReady() const {
  std::optional<Clock::Instant> earliest;
  for (const auto& [key, queue] : queues_) {
    if (queue.in_flight != 0 || queue.parked || !queue.not_before) continue;
    if (!earliest || *queue.not_before < *earliest) earliest = queue.not_before;
  }
  return earliest;
}

}  // namespace hark::sync
