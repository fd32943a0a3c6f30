#include "daemon/account/draft_book.h"

#include <algorithm>
#include <utility>

#include "daemon/base/limits.h"

namespace hark::account {
namespace {

constexpr std::uint64_t kGeneration = 0xFFFF'FFFF'0000'0000;

bool IsNewer(const Draft& a, const Draft& b) {
  return a.version > b.version;
}

}  // namespace

DraftBook::DraftBook(LocalRevision revision, std::vector<Draft> saved)
    : floor_(revision & kGeneration) {
  std::uint64_t oldest_cleared = UINT64_MAX;
  for (Draft& draft : saved) {
    loaded_ = std::max(loaded_, draft.version);
    if (draft.text.empty()) {
      ++cleared_;
      oldest_cleared = std::min(oldest_cleared, draft.version);
    } else {
      ++count_;
      bytes_ += draft.text.size();
    }
    const std::uint64_t version = draft.version;
    const ConversationId conversation = draft.conversation;
    entries_.emplace(conversation, Entry{std::move(draft), version, version});
  }
  if (cleared_ >= limits::kClearedDrafts) forgotten_to_ = oldest_cleared;
  newest_ = loaded_;
}

Draft DraftBook::Get(const ConversationId& conversation) const {
  const auto found = entries_.find(conversation);
  if (found != entries_.end()) return found->second.draft;
  Draft none;
  none.conversation = conversation;
  return none;
}

Result<DraftOutcome> DraftBook::Set(const DraftChange& change, WallTime now) {
  Draft draft = Get(change.conversation);
  if (draft.text == change.text) return DraftOutcome{false, std::move(draft)};
  if (draft.version > change.base_version) return DraftOutcome{true, std::move(draft)};
  if (auto room = CheckRoom(draft, change.text.size()); !room)
    return tl::unexpected(std::move(room.error()));
  if (draft.text.empty()) {
    ++count_;
    if (draft.version > 0) --cleared_;
  }
  if (change.text.empty()) {
    --count_;
    ++cleared_;
  }
  bytes_ += change.text.size();
  bytes_ -= draft.text.size();
  draft.text = change.text;
  newest_ = std::max(newest_, floor_) + 1;
  draft.version = newest_;
  draft.changed_at = now;
  entries_[change.conversation].draft = draft;
  return DraftOutcome{false, std::move(draft)};
}

// A draft may always become shorter.
Result<void> DraftBook::CheckRoom(const Draft& draft, std::size_t new_size) const {
  if (new_size <= draft.text.size()) return {};
  if (draft.text.empty() && count_ >= limits::kDrafts) {
    return Fail(ErrorCode::kResourceExhausted,
                "There are too many drafts: send or clear one of the others.");
  }
  if (bytes_ - draft.text.size() + new_size > limits::kAllDraftsBytes) {
    return Fail(ErrorCode::kResourceExhausted,
                "The drafts are too long together: send or clear one of the others.");
  }
  return {};
}

void DraftBook::ForgetCleared() {
  while (cleared_ > limits::kClearedDrafts) {
    auto oldest = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      const Draft& draft = entry->second.draft;
      // Forgotten before it is on disk, the text there would come back.
      if (!draft.text.empty() || entry->second.saved < draft.version) continue;
      if (oldest == entries_.end() || draft.version < oldest->second.draft.version) oldest = entry;
    }
    if (oldest == entries_.end()) return;
    forgotten_to_ = std::max(forgotten_to_, oldest->second.draft.version);
    entries_.erase(oldest);
    --cleared_;
  }
}

DraftList DraftBook::List(const std::optional<ConversationId>& conversation) const {
  DraftList list;
  list.version = newest_;
  if (conversation) {
    list.drafts.push_back(Get(*conversation));
    return list;
  }
  for (const auto& [id, entry] : entries_) {
    if (!entry.draft.text.empty()) list.drafts.push_back(entry.draft);
  }
  std::sort(list.drafts.begin(), list.drafts.end(), IsNewer);
  return list;
}

std::optional<DraftList> DraftBook::Since(std::uint64_t version,
                                          const std::optional<ConversationId>& conversation) const {
  // Between what the disk had and this opening are the versions that a crash took: whoever saw one
  // of them holds a text that is not here.
  const bool known = version <= loaded_ || (version > floor_ && version <= newest_);
  if (!known || version < forgotten_to_) return std::nullopt;
  DraftList list;
  list.version = newest_;
  for (const auto& [id, entry] : entries_) {
    if (entry.draft.version <= version || (conversation && id != *conversation)) continue;
    list.drafts.push_back(entry.draft);
  }
  std::sort(list.drafts.rbegin(), list.drafts.rend(), IsNewer);
  return list;
}

bool DraftBook::IsSaved(const Draft& draft) const {
  const auto found = entries_.find(draft.conversation);
  return found == entries_.end() || found->second.saved >= draft.version;
}

std::vector<Draft> DraftBook::TakeUnsaved(const ConversationId* also) {
  std::vector<Draft> drafts;
  for (auto& [id, entry] : entries_) {
    const bool wanted = also != nullptr && id == *also && entry.saved < entry.draft.version;
    if (entry.taken >= entry.draft.version && !wanted) continue;
    entry.taken = entry.draft.version;
    drafts.push_back(entry.draft);
  }
  return drafts;
}

void DraftBook::Saved(const std::vector<Draft>& drafts) {
  for (const Draft& draft : drafts) {
    const auto found = entries_.find(draft.conversation);
    if (found == entries_.end()) continue;
    found->second.saved = std::max(found->second.saved, draft.version);
  }
  ForgetCleared();
}

void DraftBook::NotSaved(const std::vector<Draft>& drafts) {
  for (const Draft& draft : drafts) {
    const auto found = entries_.find(draft.conversation);
    if (found != entries_.end()) found->second.taken = found->second.saved;
  }
}

bool DraftBook::HasUnsaved() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) {
    return entry.second.taken < entry.second.draft.version;
  });
}

}  // namespace hark::account
