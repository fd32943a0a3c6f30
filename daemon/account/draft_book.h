// All drafts of an account in memory, and the rule by which they change. Pure: no thread, no clock,
// no disk.

#ifndef HARK_DAEMON_ACCOUNT_DRAFT_BOOK_H_
#define HARK_DAEMON_ACCOUNT_DRAFT_BOOK_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "daemon/account/user_state.h"
#include "daemon/base/clock.h"
#include "daemon/base/result.h"
#include "daemon/model/ids.h"
#include "daemon/model/user_state.h"

namespace hark::account {

// Not thread-safe.
class DraftBook {
 public:
  // `revision`: any of this opening of the store; new versions begin above its generation.
  DraftBook(LocalRevision revision, std::vector<Draft> saved);

  [[nodiscard]] Draft Get(const ConversationId& conversation) const;

  // By the rule of proto/hark/v1/drafts.proto. kResourceExhausted; `now` is when it is changed.
  [[nodiscard]] Result<DraftOutcome> Set(const DraftChange& change, WallTime now);

  // As UserState's.
  [[nodiscard]] DraftList List(const std::optional<ConversationId>& conversation) const;
  [[nodiscard]] std::optional<DraftList> Since(
      std::uint64_t version, const std::optional<ConversationId>& conversation) const;

  // ---- What is on disk ----

  [[nodiscard]] bool IsSaved(const Draft& draft) const;
  // What is neither on disk nor on its way there; it is on its way from now on. `also` as well, if
  // it is not on disk.
  [[nodiscard]] std::vector<Draft> TakeUnsaved(const ConversationId* also = nullptr);
  // What became of drafts that were taken.
  void Saved(const std::vector<Draft>& drafts);
  void NotSaved(const std::vector<Draft>& drafts);
  // Something is left to take.
  [[nodiscard]] bool HasUnsaved() const;

 private:
  struct Entry {
    Draft draft;
    std::uint64_t saved = 0;  // Version on disk.
    std::uint64_t taken = 0;  // Version on its way there, or there.
  };

  [[nodiscard]] Result<void> CheckRoom(const Draft& draft, std::size_t new_size) const;
  void ForgetCleared();

  std::map<ConversationId, Entry> entries_;
  std::size_t count_ = 0;  // Of those with a text.
  std::size_t bytes_ = 0;
  std::size_t cleared_ = 0;
  const std::uint64_t floor_;       // Versions of this opening are above it.
  std::uint64_t loaded_ = 0;        // The newest that the disk had.
  std::uint64_t forgotten_to_ = 0;  // Clearings up to this one may be forgotten.
  std::uint64_t newest_ = 0;
};

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_DRAFT_BOOK_H_
