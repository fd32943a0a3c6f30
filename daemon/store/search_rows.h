// What a search reads of cache.db: the index, when messages were written, and the messages.

#ifndef HARK_DAEMON_STORE_SEARCH_ROWS_H_
#define HARK_DAEMON_STORE_SEARCH_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/store/connection.h"

namespace hark::store {

// Keys of the rows that match, from `first` to `last`, ascending, at most `limit`. `match` comes
// from ToMatch().
[[nodiscard]] std::vector<std::int64_t> MatchingKeys(Connection& cache, const std::string& match,
                                                     std::int64_t first, std::int64_t last,
                                                     std::uint64_t limit);

// A row of the table search_blocks.
struct SearchBlock {
  std::int64_t block = 0;
  WallTime newest{};
  WallTime oldest{};
};
// By `newest`, the newest first.
[[nodiscard]] std::vector<SearchBlock> ListSearchBlocks(Connection& cache);

struct MessageTime {
  std::int64_t conversation = 0;
  WallTime created_at{};
};
[[nodiscard]] std::optional<MessageTime> FindMessageTime(Connection& cache, std::int64_t key);

[[nodiscard]] std::string ContentAt(Connection& cache, std::int64_t key);
// With the id of its conversation.
[[nodiscard]] std::optional<Message> MessageAt(Connection& cache, std::int64_t key);

// Keys of a conversation's rows, ascending.
[[nodiscard]] std::vector<std::int64_t> KeysOf(Connection& cache, std::int64_t conversation);

// How many keys are in the index, and how many there are.
struct IndexProgress {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
};
[[nodiscard]] IndexProgress ReadIndexProgress(Connection& cache);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SEARCH_ROWS_H_
