#include "tests/unit/client_sdk/small_store.h"

#include <algorithm>
#include <utility>

namespace hark::client {

Message SmallStore::Make(std::uint64_t sequence) const {
  Message message;
  message.id = "m" + std::to_string(sequence);
  message.role = sequence % 2 == 0 ? Role::kAssistant : Role::kUser;
  message.content = "text " + std::to_string(sequence);
  message.sequence = sequence;
  message.revision = 1;
  message.delivery = Delivery::kSent;
  return message;
}

void SmallStore::Append() {
  const Message message = Make(++known_);
  here_.emplace(known_, message);
  Tell({message});
}

void SmallStore::Edit(std::uint64_t sequence, bool deletes) {
  Message& message = here_.at(sequence);
  ++message.revision;
  message.deleted = message.deleted || deletes;
  message.content =
      message.deleted ? "" : message.id + ", revision " + std::to_string(message.revision);
  Tell({message});
}

void SmallStore::Learn(std::uint64_t count) {
  if (count == 0) return;
  known_ += count;
  ++revision_;
  TellGap();
}

void SmallStore::Fetch(std::uint64_t from, std::uint64_t to) {
  std::vector<Message> upserted;
  for (std::uint64_t i = to; i >= from && i > 0; --i) {
    if (closed_.contains(i) || here_.contains(i)) continue;
    upserted.push_back(here_.emplace(i, Make(i)).first->second);
  }
  if (upserted.empty()) return;
  Tell(std::move(upserted));
  TellGap();
}

void SmallStore::Close(std::uint64_t sequence) {
  if (here_.contains(sequence) || !closed_.insert(sequence).second) return;
  ++revision_;
  TellGap();
}

void SmallStore::Send() {
  Message message;
  message.id = "p" + std::to_string(++sent_);
  message.content = "pending";
  message.delivery = Delivery::kQueued;
  pending_.push_back(message);
  Tell({message});
}

void SmallStore::Acknowledge(std::uint64_t skipped) {
  Message message = pending_.front();
  pending_.erase(pending_.begin());
  known_ += skipped + 1;
  message.sequence = known_;
  message.revision = 1;
  message.delivery = Delivery::kSent;
  here_.emplace(known_, message);
  Tell({message});
  if (skipped > 0) TellGap();
}

void SmallStore::Cancel(std::size_t place) {
  const auto at = pending_.begin() + static_cast<std::ptrdiff_t>(place);
  const std::string id = at->id;
  pending_.erase(at);
  Tell({}, {id});
}

void SmallStore::Fail(std::size_t place) {
  pending_.at(place).delivery = Delivery::kFailed;
  Tell({pending_.at(place)});
}

void SmallStore::Retry(std::size_t place) {
  Message message = pending_.at(place);
  if (message.delivery != Delivery::kFailed) return;
  message.delivery = Delivery::kQueued;
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(place));
  pending_.push_back(message);
  Tell({message});
}

void SmallStore::Resync() {
  events.clear();
  events.emplace_back(Snapshot());
}

std::optional<Gap> SmallStore::MissingBelow(std::uint64_t sequence) const {
  const auto missing = [this](std::uint64_t s) {
    return s > 0 && s <= known_ && !here_.contains(s) && !closed_.contains(s);
  };
  while (sequence > 1 && closed_.contains(sequence - 1)) --sequence;
  if (!missing(sequence - 1)) return std::nullopt;
  Gap gap;
  gap.to_sequence = sequence - 1;
  gap.from_sequence = sequence - 1;
  while (missing(gap.from_sequence - 1)) --gap.from_sequence;
  return gap;
}

bool SmallStore::IsMissingBefore(const Message& message) const {
  return message.sequence > 0 && MissingBelow(message.sequence).has_value();
}

bool SmallStore::IsPending(const std::string& id) const {
  return std::any_of(pending_.begin(), pending_.end(),
                     [&](const Message& message) { return message.id == id; });
}

bool SmallStore::IsMissingAtEnd() const {
  const std::uint64_t last = here_.empty() ? 0 : here_.rbegin()->first;
  for (std::uint64_t i = last + 1; i <= known_; ++i) {
    if (!closed_.contains(i)) return true;
  }
  return false;
}

std::vector<Message> SmallStore::All() const {
  std::vector<Message> all;
  for (const auto& [sequence, message] : here_) all.push_back(message);
  all.insert(all.end(), pending_.begin(), pending_.end());
  return all;
}

std::optional<MessagePage> SmallStore::Page(const std::string& before, std::uint32_t size) {
  const std::vector<Message> all = All();
  std::size_t end = all.size();
  if (!before.empty()) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Message& message) { return message.id == before; });
    if (found == all.end()) return std::nullopt;
    end = static_cast<std::size_t>(found - all.begin());
  }
  std::optional<Gap> at_end;
  if (IsMissingAtEnd()) {
    at_end = Gap();
    at_end->from_sequence = here_.empty() ? 1 : here_.rbegin()->first + 1;
    at_end->to_sequence = known_;
  }
  const auto gap_at = [&](std::size_t place) -> std::optional<Gap> {
    if (place == here_.size()) return at_end;
    return place < all.size() ? MissingBelow(all[place].sequence) : std::nullopt;
  };
  std::size_t first = end;
  while (first > 0 && end - first < size && (first >= here_.size() || !gap_at(first))) --first;
  MessagePage page;
  page.messages = {all.begin() + static_cast<std::ptrdiff_t>(first),
                   all.begin() + static_cast<std::ptrdiff_t>(end)};
  page.gap_before = gap_at(first);
  if (first < here_.size() && end >= here_.size()) page.gap_after = at_end;
  page.has_more = first > 0 || page.gap_before;
  page.total_count = known_ + pending_.size();
  page.freshness.revision = revision_;
  return page;
}

MessagesSnapshot SmallStore::Snapshot() {
  MessagePage page = *Page({}, snapshot_size_);
  MessagesSnapshot snapshot;
  snapshot.position.revision = revision_;
  snapshot.messages = std::move(page.messages);
  snapshot.has_more = page.has_more;
  snapshot.total_count = page.total_count;
  snapshot.gap_before = page.gap_before;
  snapshot.gap_after = page.gap_after;
  ended_at_gap_ = page.gap_before || page.gap_after;
  return snapshot;
}

void SmallStore::Tell(std::vector<Message> upserted, std::vector<std::string> removed) {
  MessagesDelta delta;
  delta.position.revision = ++revision_;
  delta.upserted = std::move(upserted);
  delta.removed = std::move(removed);
  events.emplace_back(std::move(delta));
}

void SmallStore::TellGap() {
  if (ended_at_gap_) events.emplace_back(Snapshot());
}

}  // namespace hark::client
