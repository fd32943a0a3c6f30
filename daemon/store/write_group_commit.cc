// What a group changed, as those who watch are told of it.

#include <cassert>
#include <cstdint>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "daemon/store/conversation_rows.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/settled_sends.h"
#include "daemon/store/write_group.h"

namespace hark::store {

std::shared_ptr<Commit> GroupWriter::MakeCommit(Changes& changes) {
  auto commit = std::make_shared<Commit>();
  commit->revision = position_.revision + 1;
  commit->read_again = changes.cleared || unannounced_;
  if (unannounced_) {
    NoteEverything(*cache_, *authored_, changes);
    changes.outbox.insert(unannounced_outbox_.begin(), unannounced_outbox_.end());
  }
  for (const std::uint64_t position : changes.outbox) {
    if (auto row = FindOutboxRow(*authored_, position)) {
      commit->outbox.push_back(ShownEntry(in_flight_, *std::move(row)));
    } else {
      commit->outbox_removed.push_back(position);
    }
  }
  book_.Follow(*commit);
  commit->gaps_changed.assign(changes.gaps.begin(), changes.gaps.end());
  const MergedView view(*authored_, *cache_, in_flight_, clock_.WallNow(), false);
  std::vector<Changes::Noted> messages = changes.TakeMessages();
  commit->messages.reserve(messages.size());
  // A watcher may keep the commit for long: not the pages of which a little was news.
  const bool shares = changes.unchanged <= messages.size();
  for (Changes::Noted& noted : messages) {
    if (noted.message != nullptr) {
      if (!shares) noted.message = std::make_shared<const Message>(*noted.message);
      commit->messages.push_back(std::move(noted.message));
    } else if (auto message = FindMerged(view, noted.only_id)) {
      commit->messages.push_back(*std::move(message));
    } else if (const auto removed = changes.removed.find(noted.only_id);
               removed != changes.removed.end()) {
      commit->removed.push_back({removed->second, noted.only_id});
    }
  }
  const bool pending_possible = !IsOutboxEmpty(*authored_);
  const std::set<ConversationId> active = ReadActive(view);
  commit->conversations.reserve(changes.conversations.size());
  for (auto& [id, saved] : changes.conversations) {
    if (!saved) saved = FindConversation(*cache_, id);
    if (saved) {
      commit->conversations.push_back(
          MergeConversation(view, *saved, active.contains(id),
                            pending_possible ? CountOnce(view, id) : PendingCounts{}));
    }
  }
  return commit;
}

PendingCounts GroupWriter::CountOnce(const MergedView& view, const ConversationId& id) {
  if (const auto known = book_.Find(id)) {
    assert(*known == CountPending(view, id));
    return *known;
  }
  const PendingCounts counts = CountPending(view, id);
  book_.Note(id, counts);
  return counts;
}

}  // namespace hark::store
