// Whether the backend has lost a request. It may take minutes for all that is under way, and is not
// given up while it goes on answering; but once it has answered what was asked later, it has as
// long again for what it passed over. Pure.

#ifndef HARK_DAEMON_SYNC_ANSWER_WATCH_H_
#define HARK_DAEMON_SYNC_ANSWER_WATCH_H_

#include <optional>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

// Of one connection at a time. As large as what is under way, which is bounded by who asks.
class AnswerWatch {
 public:
  // It leaves, after all others that were asked.
  void Asked(transport::RequestId request, Clock::Instant now);
  // The backend has ended it. Without effect if it was not asked, or was answered before.
  void Answered(transport::RequestId request, Clock::Instant now);
  // It did not leave after all.
  void Forget(transport::RequestId request);
  // The connection is gone.
  void Clear() { waiting_.clear(); }

  // When something is lost if nothing is answered until then; absent: nothing is waited for.
  [[nodiscard]] std::optional<Clock::Instant> Deadline() const;

 private:
  struct Waiting {
    transport::RequestId request = 0;
    std::optional<Clock::Instant> passed_over;
  };

  std::vector<Waiting> waiting_;  // As they were asked. Those that were passed over come first.
  Clock::Instant last_{};         // Answer; or when the first of those that wait was asked.
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_ANSWER_WATCH_H_
