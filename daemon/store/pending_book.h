// How many sends are pending in each conversation that somebody sends in, kept up with each commit:
// counting them again would make a send cost more with each one that waits before it. Pure.

#ifndef HARK_DAEMON_STORE_PENDING_BOOK_H_
#define HARK_DAEMON_STORE_PENDING_BOOK_H_

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "daemon/model/commit.h"
#include "daemon/store/send_rows.h"

namespace hark::store {

// Used by one thread. What it cannot tell it forgets: then the caller counts.
class PendingBook {
 public:
  // `newest`: position of the newest entry that was ever in the outbox, or is.
  explicit PendingBook(std::uint64_t newest) : newest_(newest) {}

  [[nodiscard]] std::optional<PendingCounts> Find(const ConversationId& conversation) const;

  // As counted, with everything that Follow() was told of.
  void Note(const ConversationId& conversation, PendingCounts counts);

  // What a commit, which may not be done yet, does to the outbox. If it fails: Forget().
  void Follow(const Commit& commit);

  void Forget() { counts_.clear(); }

 private:
  std::unordered_map<ConversationId, PendingCounts> counts_;
  std::uint64_t newest_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_PENDING_BOOK_H_
