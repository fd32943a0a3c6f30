// Which pages of history to ask for, and how far the catching-up is. Works off a plan of the store
// item by item, newest page first, a bounded number at a time; what a person waits for goes before
// all of it. Short pages are asked for together where the backend can: a first sync has many. Pure.
//
// What is asked for and not yet stored is lost when the daemon is killed, and fetched again. So the
// background keeps that to a fixed share of what this connection has stored already: whoever kills
// it again and again makes it fetch at most 4 % twice, plus a short page each time.

#ifndef HARK_DAEMON_SYNC_FETCHER_H_
#define HARK_DAEMON_SYNC_FETCHER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/limits.h"
#include "daemon/store/reader.h"
#include "daemon/store/writer.h"
#include "daemon/sync/page_reach.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

class Fetcher {
 public:
  // Stretches that persons wait for; of more, the oldest are forgotten.
  static constexpr std::size_t kWantedMost = 64;

  // Whether this connection's backend answers several pages at once. Until it fails to.
  void AskTogether(bool can) { together_ = can; }

  // Takes over a plan of the store. Called only when Idle() and everything answered is stored.
  void SetPlan(store::FetchPlan plan);

  // Before everything else, and not counted against the background's share: what a person waits
  // for. What of it is being fetched or stored already is left out. It is kept until it is stored,
  // over connections too, since no plan may have it.
  void Want(const store::FetchItem& item);

  // Whether Next() has one.
  [[nodiscard]] bool HasNext(std::uint32_t page_size, bool background) const;

  // The next request, of one page or of several that together are not larger than one; absent if
  // there is nothing left, or enough is under way. `background`: also what nobody waits for.
  [[nodiscard]] std::optional<transport::GetHistories> Next(transport::RequestId request,
                                                            std::uint32_t page_size,
                                                            bool background);

  struct Settled {
    // To commit together, after which Stored() follows. Empty: nothing, or the answer is to none of
    // our requests (repeated, or invented by the backend).
    std::vector<store::ApplyHistory> pages;
    // Of what a person waits for, ahead of what nobody waits for, but for its own conversation.
    store::Order order = store::Order::kMayWait;
    // Of several that were asked for together, those that cannot be given: there are no such
    // conversations.
    std::vector<ConversationId> not_given;
    // The next plan has something else than the last. Not after a page that ends below what was
    // asked for: it would be asked for again at once, and for ever.
    bool moves_on = false;
  };
  // The answer to a request.
  [[nodiscard]] Settled Answer(transport::Histories answer, Clock::Instant now);
  // Pages of the conversation are being stored. What is told of it after them comes after them: it
  // may say what they do not know.
  [[nodiscard]] bool IsStoring(const ConversationId& conversation) const;
  // What Answer() gave for the request is committed; or will never be.
  void Stored(transport::RequestId request, bool committed);

  // The backend refused: a page waits for the next plan, and is of the conversation that is
  // returned; several are asked for one by one. Nothing if it is none of our requests.
  std::optional<ConversationId> Refused(transport::RequestId request);

  // Nobody is to wait for anything of the conversation: it cannot be had.
  void Forget(const ConversationId& conversation);

  // The connection is gone: nothing is under way or planned any more, and what a person waits for
  // is asked for again.
  void Clear();

  // Nothing planned and nothing under way.
  [[nodiscard]] bool Idle() const {
    return wanted_.empty() && queue_.empty() && in_flight_.empty();
  }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
  [[nodiscard]] bool IsAsked(transport::RequestId request) const {
    return in_flight_.contains(request);
  }

  // Messages, since the catching-up began; 0 of 0 while nothing is known. Neither goes back; what
  // is new makes the whole larger, and so their quotient smaller.
  [[nodiscard]] std::uint64_t done() const { return total_known_ ? done_ : 0; }
  [[nodiscard]] std::uint64_t total() const { return total_known_ ? total_ : 0; }
  // An initial sync goes on where an earlier run left it: so many are here.
  void ResumeProgress(std::uint64_t here) { done_ = total_ = here; }
  // The backend says how many it has.
  void ExpectTotal(std::uint64_t total);
  // The next plan begins a new catching-up.
  void ResetProgress();

 private:
  // One page of a request: asked for, or being stored.
  struct Asked {
    store::FetchItem item;  // Its newest page was asked for; the rest comes after.
    std::uint64_t size = 0;
    bool wanted = false;
  };
  // What of an answer is being stored.
  struct Storing {
    std::vector<Asked> pages;
    std::uint64_t messages = 0;
  };

  // How many messages the background may have under way.
  [[nodiscard]] std::uint64_t Share() const;
  // Whether the page that is next in the background fits into what is left of that. Asked for in
  // pieces, it would cost each side as much for each piece.
  [[nodiscard]] bool FitsShare(std::uint32_t page_size) const;
  [[nodiscard]] static bool IsOfOneOf(const std::vector<Asked>& asked,
                                      const ConversationId& conversation);
  // Of pages that are to be stored, beside those that are being stored already.
  [[nodiscard]] store::Order OrderOf(const std::vector<Asked>& pages) const;
  // Takes the first of `from` for a request.
  Asked Take(std::deque<store::FetchItem>& from, std::uint64_t size);
  // They are the next to be asked for.
  void AskAgain(std::vector<Asked> asked);
  // With the next plan, if a person waits for it: else the plan has it.
  void AskLater(Asked asked);

  std::deque<store::FetchItem> wanted_;
  std::deque<store::FetchItem> wanted_later_;  // Was asked for, and the answer settled nothing.
  std::deque<store::FetchItem> queue_;
  std::unordered_map<transport::RequestId, std::vector<Asked>> in_flight_;
  std::unordered_map<transport::RequestId, Storing> storing_;
  EndsTold ends_;
  bool together_ = false;
  std::uint64_t unsettled_ = 0;  // Messages asked for or being stored.
  std::uint64_t stored_ = 0;     // Messages, on this connection.
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  bool total_known_ = false;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_FETCHER_H_
