// The table search of cache.db: the full-text index over the contents of messages, and how far it
// follows them.
//
// A new row is indexed at the end of its group, in the same transaction, all rows of the group at
// once: FTS5 writes one segment for each transaction and savepoint, and many small ones cost more
// to merge than to write. They are merged when nobody waits (MergeIndex), or once they are very
// many. While history is being fetched the index may lag by kIndexBatch rows; it has caught up
// before nothing is missing any more. Edits, deletions and evictions change it at once.

#ifndef HARK_DAEMON_STORE_SEARCH_INDEX_H_
#define HARK_DAEMON_STORE_SEARCH_INDEX_H_

#include <cstdint>
#include <string_view>

#include "daemon/base/clock.h"
#include "daemon/store/connection.h"

namespace hark::store {

// Rows that may wait while history is being fetched: a dozen milliseconds of work.
inline constexpr std::int64_t kIndexBatch = 8'000;

// Keys of one row of the table search_blocks.
inline constexpr std::int64_t kSearchBlock = 1'024;

// Which rows are in the index: exactly those with unindexed_to < key <= indexed_to.
struct IndexedRange {
  std::int64_t unindexed_to = 0;
  std::int64_t indexed_to = 0;

  [[nodiscard]] bool Contains(std::int64_t key) const {
    return key > unindexed_to && key <= indexed_to;
  }
};
[[nodiscard]] IndexedRange ReadIndexedRange(Connection& cache);

// Takes out, puts in, a row that is in the range. `content` is what the row had, has.
void RemoveFromIndex(Connection& cache, std::int64_t key, std::string_view content);
void AddToIndex(Connection& cache, std::int64_t key, std::string_view content);

// When the message of a row in the range was written, after that has changed.
void NoteTimeInIndex(Connection& cache, std::int64_t key, WallTime created_at);

// After rows were deleted: SQLite gives the highest keys again, so they must count as not indexed.
void ForgetHighestKeys(Connection& cache);

// To be called once at the end of a group that wrote. Indexes the rows that were inserted, or
// leaves them for later while history is being fetched and few wait, unless `also_few`: many at a
// time make a better index.
enum class Indexed : std::uint8_t { kNothing, kAll, kLater };
Indexed IndexNewRows(Connection& cache, bool also_few = false);

// Takes every row as one of before: nothing is in the index, and IndexOldRows() has it all to do.
void LeaveToIndex(Connection& cache);

// Whether every row is in the index.
[[nodiscard]] bool IsIndexComplete(Connection& cache);

// Indexes about `limit` rows that are older than the index, newest first, and everything that
// waits. False: there is nothing left to do.
[[nodiscard]] bool IndexOldRows(Connection& cache, std::uint32_t limit);

// Merges what was indexed in small pieces, about `pages` pages at a time. Answers whether there is
// more. Until it is done, the index is larger and a search reads more.
bool MergeIndex(Connection& cache, std::uint32_t pages);

// Begins to rewrite the index without what was removed; MergeIndex() goes on with it. Each step
// writes `pages` pages and one of each segment: to be merged first.
[[nodiscard]] bool CompactIndex(Connection& cache, std::uint32_t pages);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SEARCH_INDEX_H_
