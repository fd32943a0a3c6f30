// Retention, as the store does it: what would go, and taking it away in slices that hold the writer
// for less than 5 ms each.
//
// Only rows that the backend sent go, oldest first within a conversation, and leave one gap of
// reason kEvicted there; paging into it fetches them again. Counts, read marker, preview and place
// in the list stay. Never touched: what is in the outbox; messages that a pending edit or deletion
// is about, and those after them; conversations that are kept for ever, also by the cap. Of an
// active conversation the newest kSparedMessages stay, and all of it while it holds messages that
// were fetched again after an eviction.

#ifndef HARK_DAEMON_STORE_RETENTION_H_
#define HARK_DAEMON_STORE_RETENTION_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/model/ids.h"
#include "daemon/model/retention.h"

namespace hark::store {

// What a window that shows a conversation may hold: a few screens, and a page more.
inline constexpr std::uint32_t kSparedMessages = 200;
// One slice takes at most this much, so that a send waits for less than 5 ms.
inline constexpr std::uint32_t kEvictionMessages = 16;
inline constexpr std::size_t kEvictionConversations = 16;
inline constexpr std::uint32_t kReleasedPages = 32;
inline constexpr std::uint32_t kIndexPages = 4;  // Of the search index.

struct Evicted {
  std::uint64_t messages = 0;
  std::size_t finished = 0;  // The first so many of the evictions are complete.
};

enum class Tidying : std::uint8_t {
  kMergeIndex,    // Merges the small pieces of the search index, and goes on with kCompactIndex.
  kCompactIndex,  // Begins to rewrite the search index without what was removed.
  kReleaseSpace,  // Gives free pages back to the file system; the file shrinks at a checkpoint.
};

// Safe to call from any thread. `done` as Writer's.
class RetentionStore {
 public:
  template <typename T>
  using Done = std::function<void(Result<T>)>;

  RetentionStore() = default;
  RetentionStore(const RetentionStore&) = delete;
  RetentionStore& operator=(const RetentionStore&) = delete;
  virtual ~RetentionStore() = default;

  // What `policy` takes away now. Reads only; blocks for as long as it takes to look at each
  // conversation and at what would go, in snapshots of a few milliseconds unless the cap is passed.
  [[nodiscard]] virtual Result<RetentionPlan> PlanRetention(const RetentionPolicy& policy) = 0;

  // One slice of a plan: works through the first kEvictionConversations of `evictions`, in order,
  // and takes at most kEvictionMessages. Looks again at what is spared, so that an old plan does no
  // harm. To be repeated without the finished ones.
  virtual void Evict(std::vector<Eviction> evictions, Done<Evicted> done) = 0;

  // One slice. Answers whether there is more to do.
  virtual void Tidy(Tidying what, Done<bool> done) = 0;

  // Gives a conversation its own number of days, 0 for ever; absent: as all others. Durable.
  // kNotFound.
  virtual void SetRetention(ConversationId conversation, std::optional<std::uint32_t> days,
                            Done<LocalRevision> done) = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_RETENTION_H_
