// The table conversations of cache.db.

#ifndef HARK_DAEMON_STORE_CONVERSATION_ROWS_H_
#define HARK_DAEMON_STORE_CONVERSATION_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/model/ids.h"
#include "daemon/store/connection.h"
#include "daemon/store/reader.h"

namespace hark::store {

// The columns are explained in migrations/cache.
struct ConversationRow {
  std::int64_t key = 0;
  ConversationId id;
  std::string title;
  Sequence last_sequence = 0;
  Sequence read_sequence = 0;
  Sequence summary_sequence = 0;
  Sequence refresh_to = 0;
  Sequence forgotten_to = 0;
  std::uint64_t message_count = 0;
  bool count_exact = false;
  std::uint64_t unread_count = 0;
  bool unread_exact = false;
  std::uint64_t row_count = 0;
  std::uint64_t gap_count = 0;
  std::uint64_t missing = 0;
  WallTime last_activity_at{};
  WallTime listed_at{};
  std::string preview;

  friend bool operator==(const ConversationRow&, const ConversationRow&) = default;
};

[[nodiscard]] std::optional<ConversationRow> FindConversation(Connection& cache,
                                                              const ConversationId& id);

// A new row, of everything but the key, which it answers.
[[nodiscard]] std::int64_t InsertConversation(Connection& cache, const ConversationRow& row);

// Writes what is different; leaves the indexes alone that nothing changed for.
void UpdateConversation(Connection& cache, const ConversationRow& before,
                        const ConversationRow& after);

// Of one conversation no more count as missing, so that the sum over all stays a number of
// SQLite's, whatever a backend says.
inline constexpr std::uint64_t kMissingMost = std::uint64_t{1} << 40;

// The sum of `missing` over all conversations is kept in store_info: who changes it there says so
// here, once for many rows.
void AddMissing(Connection& cache, std::int64_t change);

// In the order of the list, newest first.
[[nodiscard]] std::vector<ConversationRow> ListConversationRows(
    Connection& cache, const std::optional<ListPosition>& after, std::uint32_t limit);

struct ConversationTotals {
  std::uint64_t conversations = 0;
  std::uint64_t messages = 0;
};
[[nodiscard]] ConversationTotals CountConversations(Connection& cache);
[[nodiscard]] ConversationTotals CountConversationsAndMessages(Connection& cache);

// A conversation with something to fetch.
struct FetchCandidate {
  std::int64_t key = 0;
  ConversationId id;
  Sequence refresh_to = 0;
};

// Conversations that lack something that is fetched without being asked for, newest in the list
// first. Calls `take` until it answers false.
template <typename Take>
void ForEachToFetch(Connection& cache, Take&& take);

extern const char kConversationsToFetch[];

template <typename Take>
void ForEachToFetch(Connection& cache, Take&& take) {
  Query query(cache.statements(), kConversationsToFetch);
  while (query.Next()) {
    if (!take(FetchCandidate{query.GetInt(0), ConversationId(query.GetText(1)), query.GetUint(2)}))
      return;
  }
}

// Conversations that stand higher in the list than their cached messages put them.
[[nodiscard]] std::vector<ConversationId> LiftedConversations(Connection& cache);

// Marks every row of every conversation as to be compared again, and lets any summary replace the
// present one. What is missing is summed up anew.
void MarkAllForRefresh(Connection& cache);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CONVERSATION_ROWS_H_
