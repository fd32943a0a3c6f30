#include "daemon/store/changes_reader.h"

#include <cstddef>
#include <unordered_set>
#include <utility>
#include <vector>

#include "daemon/base/limits.h"
#include "daemon/store/conversation_rows.h"
#include "daemon/store/logged_changes.h"
#include "daemon/store/merged_view.h"
#include "daemon/store/outbox_rows.h"
#include "daemon/store/page_stretch.h"
#include "daemon/store/send_rows.h"

namespace hark::store {
namespace {

constexpr char kHas[] = "SELECT 1 FROM change_log WHERE revision = ?";
// Not beyond the snapshot: what a later row tells of may be in one of the two files only.
constexpr char kAfter[] =
    "SELECT revision, changes FROM change_log WHERE revision > ? AND revision <= ?"
    " ORDER BY revision";

bool HasRow(Connection& cache, LocalRevision revision) {
  Query query(cache.statements(), kHas);
  query.Uint(revision);
  return query.Next();
}

// Collects a page, a row of the log at a time. What was told before on the page is not told again:
// it was read as it is now.
class ChangesBuilder {
 public:
  ChangesBuilder(const Snapshot& snapshot, const ChangesQuery& query)
      : view_(snapshot.view()),
        query_(query),
        pending_possible_(!IsOutboxEmpty(snapshot.authored())) {}

  enum class Added { kAll, kNothing, kTooMuch };

  // kNothing: it does not fit on this page any more. kTooMuch: on no page.
  Added Add(const std::vector<LoggedChange>& row) {
    Commit part;
    std::size_t bytes = 0;
    for (const LoggedChange& change : row) {
      if (query_.conversation && change.conversation != *query_.conversation) continue;
      // Whoever watches one conversation shows a page of it, which may now be another.
      if (query_.conversation && change.gaps) return Added::kTooMuch;
      if (query_.messages) AddMessages(change, part, bytes);
      if (query_.messages && change.gaps && told_gaps_.insert(change.conversation).second)
        part.gaps_changed.push_back(change.conversation);
      if (!query_.conversation && change.listed) AddConversation(change.conversation, part);
    }
    const std::size_t things = Things(part);
    if (bytes > limits::kStreamQueueBytes) return Added::kTooMuch;
    if (things > 0 && Things(page_) > 0 &&
        (things + Things(page_) > limits::kPageSize || bytes + bytes_ > limits::kStreamQueueBytes))
      return Added::kNothing;
    bytes_ += bytes;
    page_.messages.Append(part.messages);
    Move(part.removed, page_.removed);
    Move(part.conversations, page_.conversations);
    Move(part.gaps_changed, page_.gaps_changed);
    return Added::kAll;
  }

  [[nodiscard]] Commit Take() { return std::move(page_); }

 private:
  static std::size_t Things(const Commit& commit) {
    return commit.messages.size() + commit.removed.size() + commit.conversations.size() +
           commit.gaps_changed.size();
  }

  template <typename T>
  static void Move(std::vector<T>& from, std::vector<T>& to) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }

  void AddMessages(const LoggedChange& change, Commit& part, std::size_t& bytes) {
    for (const MessageId& id : change.messages) {
      if (!told_.insert(id).second) continue;
      if (auto message = FindMerged(view_, id)) {
        bytes += BytesOf(*message);
        part.messages.push_back(*std::move(message));
      } else if (FindCancelled(view_.authored, id)) {
        part.removed.push_back({change.conversation, id});
      }
    }
  }

  void AddConversation(const ConversationId& id, Commit& part) {
    if (!told_conversations_.insert(id).second) return;
    if (const auto row = FindConversation(view_.cache, id)) {
      part.conversations.push_back(
          MergeConversation(view_, *row, IsActive(view_, id),
                            pending_possible_ ? CountPending(view_, id) : PendingCounts{}));
    }
  }

  const MergedView& view_;
  const ChangesQuery& query_;
  const bool pending_possible_;
  Commit page_;
  std::size_t bytes_ = 0;
  std::unordered_set<MessageId> told_;
  std::unordered_set<ConversationId> told_conversations_;
  std::unordered_set<ConversationId> told_gaps_;
};

}  // namespace

std::optional<ChangesPage> ReadChanges(const Snapshot& snapshot, const ChangesQuery& query) {
  if (query.since > snapshot.revision() || !HasRow(snapshot.cache(), query.since))
    return std::nullopt;
  ChangesBuilder builder(snapshot, query);
  LocalRevision reached = query.since;
  bool complete = true;
  Query rows(snapshot.cache().statements(), kAfter);
  rows.Uint(query.since).Uint(snapshot.revision());
  while (complete && rows.Next()) {
    switch (builder.Add(DecodeChanges(rows.GetBytes(1)))) {
      case ChangesBuilder::Added::kAll: reached = rows.GetUint(0); break;
      case ChangesBuilder::Added::kNothing: complete = false; break;
      case ChangesBuilder::Added::kTooMuch: return std::nullopt;
    }
  }
  ChangesPage page{builder.Take(), complete};
  page.changes.revision = complete ? snapshot.revision() : reached;
  return page;
}

}  // namespace hark::store
