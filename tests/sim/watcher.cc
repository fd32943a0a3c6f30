#include "tests/sim/watcher.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace hark::sim {

void Watcher::Attach(store::Reader& reader, std::shared_ptr<bus::EventBus> bus) {
  reader_ = &reader;
  subscription_ = bus->Subscribe(this);
  if (revision_ == 0 || !ReadMissed()) TakeSnapshot();
}

bool Watcher::ReadMissed() {
  for (;;) {
    auto page = reader_->ReadChanges({revision_, conversation_, true});
    if (!page || !*page) return false;
    if ((*page)->changes.revision < revision_) complaint_ = "the log went back";
    Apply((*page)->changes);
    if ((*page)->complete) return true;
  }
}

void Watcher::OnCommit(std::shared_ptr<const Commit> commit) {
  if (commit->revision <= revision_) return;  // The snapshot has it.
  Apply(*commit);
  const auto& gaps = commit->gaps_changed;
  stale_ = stale_ || std::find(gaps.begin(), gaps.end(), conversation_) != gaps.end();
}

void Watcher::Apply(const Commit& commit) {
  revision_ = commit.revision;
  for (const Message& message : commit.messages) {
    if (message.conversation == conversation_) Show(message);
  }
  for (const RemovedMessage& removed : commit.removed) {
    if (removed.conversation == conversation_) shown_.erase(removed.message);
  }
}

void Watcher::CatchUp() {
  if (stale_) TakeSnapshot();
}

void Watcher::TakeSnapshot() {
  stale_ = false;
  const auto page = reader_->ReadPage({conversation_, std::nullopt, 50});
  if (!page) return;  // Not known yet, or the disk is off.
  if (page->revision < revision_) complaint_ = "the local revision went back";
  revision_ = page->revision;
  oldest_.reset();
  for (const Message& message : page->messages) {
    if (message.sequence > 0 && !oldest_) oldest_ = message.sequence;
  }
  // A visible list never becomes empty because of a sync.
  const bool had_sent = std::any_of(shown_.begin(), shown_.end(), [](const auto& entry) {
    return entry.second.delivery == Delivery::kSent;
  });
  if (had_sent && page->messages.empty()) complaint_ = "the visible list was emptied";
  std::map<MessageId, Message> before = std::exchange(shown_, {});
  for (const Message& message : page->messages) {
    if (const auto known = before.find(message.id); known != before.end())
      shown_.insert(before.extract(known));
    Show(message);
  }
}

void Watcher::Show(const Message& message) {
  const auto [shown, inserted] = shown_.try_emplace(message.id, message);
  if (inserted) return;
  if (message.revision < shown->second.revision) complaint_ = "a message's revision went back";
  if (shown->second.delivery == Delivery::kSent && message.delivery != Delivery::kSent)
    complaint_ = "a sent message became unsent";
  shown->second = message;
}

std::string Watcher::Compare(const store::MessagePage& newest) const {
  // What is older than its snapshot, a window has to page back to.
  // (That it may also know of a still older one, which was changed, is no part of its window.)
  Sequence oldest = oldest_.value_or(std::numeric_limits<Sequence>::max());
  for (const auto& [id, message] : shown_) {
    if (!oldest_ && message.sequence > 0) oldest = std::min(oldest, message.sequence);
  }
  for (const Message& message : newest.messages) {
    const auto shown = shown_.find(message.id);
    if (shown == shown_.end() && message.sequence > 0 && message.sequence < oldest) continue;
    if (shown == shown_.end()) return "a watcher lacks " + message.id.value();
    if (shown->second != message) return "a watcher shows another " + message.id.value();
  }
  return {};
}

}  // namespace hark::sim
