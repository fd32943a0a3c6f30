// The table messages of cache.db.

#ifndef HARK_DAEMON_STORE_MESSAGE_ROWS_H_
#define HARK_DAEMON_STORE_MESSAGE_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/store/connection.h"

namespace hark::store {

// What is needed of a row to change it or to find its place.
struct MessagePlace {
  std::int64_t key = 0;
  std::int64_t conversation = 0;
  Sequence sequence = 0;
  std::uint64_t revision = 0;
  Role role = Role::kUnspecified;
  bool deleted = false;
};

// False, and nothing changed, if the id is there. The search index follows with IndexNewRows().
[[nodiscard]] bool InsertMessage(Connection& cache, std::int64_t conversation,
                                 const Message& message);
// With its entry in the search index.
void UpdateMessage(Connection& cache, std::int64_t key, const Message& message);

// Whether another message has its number.
[[nodiscard]] bool HasOtherAt(Connection& cache, std::int64_t conversation, const Message& message);

[[nodiscard]] std::optional<MessagePlace> FindMessagePlace(Connection& cache, const MessageId& id);
// With the id of its conversation.
[[nodiscard]] std::optional<Message> FindMessage(Connection& cache, const MessageId& id);

// Where a reading starts. Backward: below `sequence`, and at it below `key`; forward: above.
struct PlaceBound {
  Sequence sequence = kNoBound;
  std::int64_t key = INT64_MAX;

  static constexpr Sequence kNoBound = INT64_MAX;
};

extern const char kMessagesBackward[];
[[nodiscard]] Message ReadMessageRow(const Query& query, const ConversationId& conversation);

// The messages of a conversation above `floor` and below `bound`, newest first. Calls `take` until
// it answers false.
template <typename Take>
void ForEachBackward(Connection& cache, std::int64_t key, const ConversationId& id, Sequence floor,
                     PlaceBound bound, Take&& take) {
  Query query(cache.statements(), kMessagesBackward);
  query.Int(key).Uint(floor).Uint(bound.sequence).Uint(bound.sequence).Int(bound.key);
  while (query.Next()) {
    if (!take(ReadMessageRow(query, id))) return;
  }
}

extern const char kMessagesForward[];

// The messages of a conversation above `bound` (at its sequence, above its key) and below
// `ceiling`, oldest first. Calls `take` until it answers false.
template <typename Take>
void ForEachForward(Connection& cache, std::int64_t key, const ConversationId& id, PlaceBound bound,
                    Sequence ceiling, Take&& take) {
  Query query(cache.statements(), kMessagesForward);
  query.Int(key).Uint(bound.sequence).Uint(ceiling).Uint(bound.sequence).Int(bound.key);
  while (query.Next()) {
    if (!take(ReadMessageRow(query, id))) return;
  }
}

// The highest sequence of a row; 0 for none.
[[nodiscard]] Sequence HighestSequence(Connection& cache, std::int64_t conversation);

[[nodiscard]] bool CountsAsUnread(Role role, bool deleted);
// Counts rows in [from, to] that are not deleted: all, and those that count as unread.
[[nodiscard]] std::uint64_t CountMessages(Connection& cache, std::int64_t conversation,
                                          Sequence from, Sequence to);
[[nodiscard]] std::uint64_t CountUnread(Connection& cache, std::int64_t conversation, Sequence from,
                                        Sequence to);

// What the list shows of the newest rows above `floor`.
struct NewestMessages {
  WallTime activity_at{};              // Of the newest.
  std::optional<std::string> preview;  // The beginning of the newest that is not deleted.
};
[[nodiscard]] std::optional<NewestMessages> FindNewest(Connection& cache, std::int64_t conversation,
                                                       Sequence floor);

// The beginning of a content, as the list shows it.
[[nodiscard]] std::string PreviewOf(std::string_view content);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_MESSAGE_ROWS_H_
