#include "tests/unit/sync/model_store.h"

#include <algorithm>
#include <utility>

namespace hark::sync {
namespace {

bool GaveUp(const OutboxEntry& entry) {
  return entry.delivery == Delivery::kFailed || entry.delivery == Delivery::kExpired;
}

}  // namespace

ModelStore::Entry* ModelStore::FindSend(const MessageId& id) {
  for (auto& [position, entry] : entries_) {
    if (entry.entry.kind == OutboxKind::kSend && entry.entry.message == id) return &entry;
  }
  return nullptr;
}

std::vector<std::uint64_t> ModelStore::ChangesOf(const MessageId& id) const {
  std::vector<std::uint64_t> changes;
  for (const auto& [position, entry] : entries_) {
    if (entry.entry.kind != OutboxKind::kSend && entry.entry.message == id)
      changes.push_back(position);
  }
  return changes;
}

ModelStore::Entry& ModelStore::Add(OutboxKind kind, const MessageId& id, std::string content,
                                   std::uint64_t base) {
  Entry entry;
  entry.entry.position = ++last_position_;
  entry.entry.kind = kind;
  entry.entry.conversation = ConversationId("c");
  entry.entry.message = id;
  entry.entry.base_revision = base;
  entry.entry.submitted_at = now_;
  entry.content = std::move(content);
  return entries_[last_position_] = std::move(entry);
}

// ---- The user ----

OutboxEntry ModelStore::Shown(const Entry& entry) {
  OutboxEntry shown = entry.entry;
  if (GaveUp(shown)) return shown;
  if (entry.way == Way::kSending) {
    shown.delivery = Delivery::kSending;
  } else if (entry.attempted && entry.way == Way::kNone) {
    shown.delivery = Delivery::kUnknown;
  }
  return shown;
}

void ModelStore::EnqueueSend(const MessageId& id, std::string content) {
  Add(OutboxKind::kSend, id, std::move(content), 0);
}

void ModelStore::Requeue(Entry& entry) {
  if (!GaveUp(entry.entry)) return;
  entry.entry.delivery = Delivery::kQueued;
  entry.entry.submitted_at = now_;
}

void ModelStore::DropWhatIsStillHere(const MessageId& id) {
  std::vector<std::uint64_t> changes = ChangesOf(id);
  const auto is_still_here = [this](std::uint64_t position) {
    return !entries_[position].attempted || GaveUp(entries_[position].entry);
  };
  for (; !changes.empty() && is_still_here(changes.back()); changes.pop_back())
    entries_.erase(changes.back());
}

// One that expired goes to the end: others may have passed it.
void ModelStore::RequeueSend(const MessageId& id) {
  Entry* const send = FindSend(id);
  if (send == nullptr || !GaveUp(send->entry)) return;
  const bool passed = send->entry.delivery == Delivery::kExpired;
  Requeue(*send);
  if (!passed) return;
  Entry moved = *send;
  entries_.erase(moved.entry.position);
  moved.entry.position = ++last_position_;
  entries_[last_position_] = std::move(moved);
}

// An edit that expired and may have arrived is asked again before anything follows it.
bool ModelStore::AskAgain(const MessageId& id) {
  const std::vector<std::uint64_t> changes = ChangesOf(id);
  const auto cached = cache_.find(id);
  if (changes.empty() || cached == cache_.end() || cached->second.deleted) return false;
  Entry& first = entries_[changes.front()];
  if (first.entry.kind != OutboxKind::kEdit || first.entry.delivery != Delivery::kExpired ||
      !first.attempted || first.entry.base_revision != cached->second.revision) {
    return false;
  }
  Requeue(first);
  return true;
}

bool ModelStore::Act(const MessageId& id, const EditMessage& edit) {
  if (Entry* send = FindSend(id)) {
    const std::vector<std::uint64_t> changes = ChangesOf(id);
    if (!send->attempted) {
      send->content = edit.content;
    } else if (changes.empty()) {
      Add(OutboxKind::kEdit, id, edit.content, 0);
    } else {
      entries_[changes.back()].content = edit.content;
    }
    for (const std::uint64_t position : ChangesOf(id)) Requeue(entries_[position]);
    RequeueSend(id);
    return true;
  }
  const std::optional<Message> shown = Show(id);
  if (!shown || shown->deleted) return false;
  (void)AskAgain(id);
  DropWhatIsStillHere(id);
  Add(OutboxKind::kEdit, id, edit.content, ChangesOf(id).empty() ? cache_.at(id).revision : 0);
  return true;
}

void ModelStore::Withdraw(const MessageId& id) {
  Entry* send = FindSend(id);
  const bool left = send->attempted;
  entries_.erase(send->entry.position);
  for (const std::uint64_t position : ChangesOf(id)) entries_.erase(position);
  cancelled_.insert(id);
  if (left) Add(OutboxKind::kDelete, id, {}, 0);
}

bool ModelStore::Act(const MessageId& id, const DeleteMessage&) {
  if (FindSend(id)) {
    Withdraw(id);
    return true;
  }
  const std::optional<Message> shown = Show(id);
  if (!shown || shown->deleted) return true;
  DropWhatIsStillHere(id);
  Add(OutboxKind::kDelete, id, {}, 0);
  return true;
}

bool ModelStore::Act(const MessageId& id, const RetryMessage&) {
  const auto cached = cache_.find(id);
  const bool asks_again = AskAgain(id);
  for (const std::uint64_t position : ChangesOf(id)) {
    Entry& entry = entries_[position];
    if (!GaveUp(entry.entry)) continue;
    if (cached == cache_.end() || FindSend(id)) {
      Requeue(entry);  // With its send.
    } else if (cached->second.deleted && entry.entry.kind == OutboxKind::kEdit) {
      continue;
    } else if (position != ChangesOf(id).back()) {
      entries_.erase(position);
    } else {
      // On top of what is there now.
      Requeue(entry);
      entry.attempted = false;
      entry.entry.base_revision = asks_again ? 0 : cached->second.revision;
    }
  }
  RequeueSend(id);
  return true;
}

bool ModelStore::Act(const MessageId& id, const CancelMessage&) {
  if (FindSend(id)) {
    Withdraw(id);
    return true;
  }
  if (cancelled_.contains(id)) return true;
  const std::vector<std::uint64_t> changes = ChangesOf(id);
  DropWhatIsStillHere(id);
  return ChangesOf(id).size() < changes.size();
}

// ---- The engine ----

void ModelStore::Apply(const store::Batch& batch) {
  for (const store::Operation& operation : batch.operations)
    std::visit([this](const auto& one) { Do(one); }, operation);
}

void ModelStore::SetBases(const MessageId& id, std::uint64_t revision, bool only_unset) {
  for (const std::uint64_t position : ChangesOf(id)) {
    OutboxEntry& entry = entries_[position].entry;
    if (entry.kind == OutboxKind::kEdit && (!only_unset || entry.base_revision == 0))
      entry.base_revision = revision;
  }
}

void ModelStore::Fail(Entry& entry) {
  entry.entry.delivery = Delivery::kFailed;
  entry.attempted = false;
  entry.way = Way::kNone;
}

void ModelStore::Do(const store::ApplyMessage& apply) {
  const Message& message = apply.message;
  if (const Entry* send = FindSend(message.id)) entries_.erase(send->entry.position);
  Message& cached = cache_[message.id];
  if (message.revision <= cached.revision) return;
  cached = message;
  // Made before its message was acknowledged: it changes the first revision.
  SetBases(message.id, 1, true);
  for (const std::uint64_t position : ChangesOf(message.id)) {
    Entry& entry = entries_[position];
    if (message.deleted && entry.entry.kind == OutboxKind::kDelete) {
      entries_.erase(position);
    } else if (entry.entry.kind == OutboxKind::kEdit &&
               entry.entry.base_revision < message.revision &&
               entry.entry.delivery != Delivery::kFailed) {
      if (!message.deleted && entry.content == message.content &&
          entry.entry.base_revision + 1 == message.revision) {
        entries_.erase(position);
        SetBases(message.id, message.revision, false);
      } else {
        Fail(entry);
      }
    }
  }
  const bool may_stay = message.deleted || !cancelled_.contains(message.id);
  if (!may_stay && ChangesOf(message.id).empty()) Add(OutboxKind::kDelete, message.id, {}, 0);
}

void ModelStore::Do(const store::AcknowledgeSend& sent) {
  Entry* send = FindSend(sent.id);
  if (!send) return;
  Message message;
  message.id = sent.id;
  message.conversation = ConversationId("c");
  message.sequence = sent.sequence;
  message.revision = sent.revision;
  message.content = send->content;
  entries_.erase(send->entry.position);
  if (cache_[sent.id].revision < message.revision) cache_[sent.id] = message;
  SetBases(sent.id, sent.revision, true);
}

void ModelStore::Do(const store::AcknowledgeChange& changed) {
  const auto found = entries_.find(changed.position);
  if (found == entries_.end()) return;
  const Entry entry = found->second;
  entries_.erase(found);
  const MessageId& id = entry.entry.message;
  const auto known = cache_.find(id);
  if (known == cache_.end()) return;
  Message& cached = known->second;
  if (cached.revision < changed.revision) {
    cached.revision = changed.revision;
    cached.deleted = entry.entry.kind == OutboxKind::kDelete;
    cached.content = entry.content;
  }
  SetBases(id, changed.revision, false);
}

void ModelStore::Do(const store::MarkSending& marks) {
  for (const std::uint64_t position : marks.positions) {
    const auto found = entries_.find(position);
    if (found == entries_.end() || GaveUp(found->second.entry)) continue;
    found->second.attempted = true;
    found->second.way = Way::kSending;
  }
}

void ModelStore::Do(const store::ConnectionLost&) {
  for (auto& [position, entry] : entries_) entry.way = Way::kNone;
}

void ModelStore::Do(const store::RequeueEntry& requeue) {
  const auto found = entries_.find(requeue.position);
  if (found != entries_.end()) found->second.way = Way::kLeaving;
}

void ModelStore::Do(const store::FailEntry& failed) {
  const auto found = entries_.find(failed.position);
  if (found != entries_.end()) Fail(found->second);
}

void ModelStore::Do(const store::ExpireEntries& expired) {
  for (const std::uint64_t position : expired.positions) {
    const auto found = entries_.find(position);
    if (found == entries_.end()) continue;
    const std::vector<std::uint64_t> changes = ChangesOf(found->second.entry.message);
    const bool deleted =
        !changes.empty() && entries_[changes.back()].entry.kind == OutboxKind::kDelete;
    if (found->second.entry.kind == OutboxKind::kEdit && deleted) {
      entries_.erase(found);
      continue;
    }
    found->second.entry.delivery = Delivery::kExpired;
    found->second.way = Way::kNone;
  }
}

// ---- What is there ----

std::optional<OutboxChanged> ModelStore::TakeDelta() {
  OutboxChanged delta;
  delta.revision = ++revision_;
  for (const auto& [position, entry] : entries_) {
    const auto before = shown_entries_.find(position);
    if (before == shown_entries_.end() || !(before->second == entry))
      delta.entries.push_back(Shown(entry));
  }
  for (const auto& [position, entry] : shown_entries_) {
    if (!entries_.contains(position)) delta.removed.push_back(position);
  }
  shown_entries_ = entries_;
  if (delta.entries.empty() && delta.removed.empty()) return std::nullopt;
  return delta;
}

store::OutboxState ModelStore::ReadOutbox() const {
  store::OutboxState state;
  state.revision = revision_;
  for (const auto& [position, entry] : entries_) state.entries.push_back(Shown(entry));
  return state;
}

std::optional<store::OutgoingEntry> ModelStore::ReadOutgoing(std::uint64_t position) const {
  const auto found = entries_.find(position);
  if (found == entries_.end()) return std::nullopt;
  store::OutgoingEntry outgoing;
  outgoing.entry = Shown(found->second);
  outgoing.message.id = outgoing.entry.message;
  outgoing.message.conversation = outgoing.entry.conversation;
  outgoing.message.content = found->second.content;
  return outgoing;
}

std::optional<Message> ModelStore::Show(const MessageId& id) const {
  std::optional<Message> shown;
  const auto cached = cache_.find(id);
  if (cached != cache_.end()) shown = cached->second;
  for (const auto& [position, entry] : entries_) {
    if (entry.entry.message != id || entry.entry.kind != OutboxKind::kSend) continue;
    shown.emplace();
    shown->id = id;
    shown->content = entry.content;
    shown->delivery = Shown(entry).delivery;
  }
  for (const auto& [position, entry] : entries_) {
    const bool changes = entry.entry.message == id && entry.entry.kind != OutboxKind::kSend;
    if (!changes || !shown) continue;
    const OutboxEntry as_shown = Shown(entry);
    PendingChange change;
    change.delivery = as_shown.delivery;
    if (as_shown.kind == OutboxKind::kDelete) change.kind = PendingChange::Kind::kDelete;
    if (GaveUp(as_shown)) {
      change.content = entry.content;
    } else {
      shown->deleted = shown->deleted || as_shown.kind == OutboxKind::kDelete;
      shown->content = shown->deleted ? std::string() : entry.content;
    }
    shown->change = std::move(change);
  }
  return shown;
}

}  // namespace hark::sync
