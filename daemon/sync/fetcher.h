// Which pages of history to ask for, and how far the catching-up is. Works off a plan of the store
// item by item, newest page first, a bounded number at a time. Pure.

#ifndef HARK_DAEMON_SYNC_FETCHER_H_
#define HARK_DAEMON_SYNC_FETCHER_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "daemon/base/limits.h"
#include "daemon/store/reader.h"
#include "daemon/store/writer.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

class Fetcher {
 public:
  // Takes over a plan of the store. Called only when Idle().
  void SetPlan(store::FetchPlan plan);

  // Before everything else: a page that a UI waits for. Ignored if it is being fetched already.
  void Want(const store::FetchItem& item);

  // Whether Next() has one.
  [[nodiscard]] bool HasNext() const {
    return !queue_.empty() && in_flight_.size() < limits::kHistoryInFlight;
  }

  // The next request; absent if there is nothing left, or enough is under way.
  [[nodiscard]] std::optional<transport::GetHistory> Next(transport::RequestId request,
                                                          std::uint32_t page_size);

  // The answer to a request: what to commit. Absent: not one of ours (repeated, or invented by the
  // backend).
  [[nodiscard]] std::optional<store::ApplyHistory> Answer(transport::History history);

  // The backend refused: the item is given up until the next plan. False: not one of ours.
  bool Refused(transport::RequestId request);

  // The connection is gone: nothing is under way or planned any more.
  void Clear();

  // Nothing planned and nothing under way.
  [[nodiscard]] bool Idle() const { return queue_.empty() && in_flight_.empty(); }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }

  // Messages, since the catching-up began. `done` never goes back.
  [[nodiscard]] std::uint64_t done() const { return done_; }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  // The next plan begins a new catching-up.
  void ResetProgress();

 private:
  [[nodiscard]] bool IsUnderWay(const store::FetchItem& item) const;

  std::deque<store::FetchItem> queue_;
  // What is still to be fetched of an item, whose newest page was asked for.
  std::unordered_map<transport::RequestId, store::FetchItem> in_flight_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_FETCHER_H_
