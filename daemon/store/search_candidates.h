// The newest messages that match, without looking at all that do.
//
// The keys that match are cheap to get, a fraction of a microsecond each; when their messages were
// written costs a row. So keys are taken block by block (table search_blocks), the block with the
// newest message first, until no block that is left can hold anything newer than what was found.

#ifndef HARK_DAEMON_STORE_SEARCH_CANDIDATES_H_
#define HARK_DAEMON_STORE_SEARCH_CANDIDATES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "daemon/store/connection.h"
#include "daemon/store/search.h"
#include "daemon/store/search_rows.h"

namespace hark::store {

// On one snapshot, by one thread.
class SearchCandidates {
 public:
  struct Request {
    std::string match;
    // A * in it makes FTS5 put together all that begins so, each time that it is asked.
    bool has_prefix = false;
    // Key of the only conversation to look in.
    std::optional<std::int64_t> conversation;
    // Rows that are judged by something newer than the index.
    std::unordered_set<std::int64_t> without;
  };

  SearchCandidates(Connection& cache, Request request);

  // The newest `wanted` at or below `newest`, and at or above `oldest` if there is one; the newest
  // first.
  [[nodiscard]] std::vector<SearchPlace> Collect(const SearchPlace& newest,
                                                 const std::optional<SearchPlace>& oldest,
                                                 std::size_t wanted);

  // Of all that match; absent if they were not all looked at.
  [[nodiscard]] std::optional<std::uint64_t> total() const { return total_; }

 private:
  using Blocks = std::vector<SearchBlock>;

  // Keys that match in these blocks. Sorts them by their keys.
  [[nodiscard]] std::vector<std::int64_t> KeysIn(Blocks& blocks);
  [[nodiscard]] std::vector<std::int64_t> KeysFrom(std::int64_t first, std::int64_t last);
  void KeepOwn(std::vector<std::int64_t>& keys) const;
  [[nodiscard]] Blocks OwnBlocks() const;

  Connection& cache_;
  const Request request_;
  // All keys that match, if they are few, or only to be had together.
  std::optional<std::vector<std::int64_t>> all_;
  // Of the conversation.
  std::vector<std::int64_t> own_;
  std::optional<std::uint64_t> total_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SEARCH_CANDIDATES_H_
