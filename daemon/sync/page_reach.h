// What a page of history settles of the stretch that was asked for, and how far up it goes. Pure.

#ifndef HARK_DAEMON_SYNC_PAGE_REACH_H_
#define HARK_DAEMON_SYNC_PAGE_REACH_H_

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/model/ids.h"
#include "daemon/store/reader.h"
#include "daemon/store/writer.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

// As the answer to several asks has the page of one that cannot be given.
[[nodiscard]] bool IsNotGiven(const transport::History& page);

// What `page` settles of `item`; absent if nothing: the item waits for the next plan. Of a page
// that contradicts itself, the smaller claim counts: what is closed without its messages is never
// asked for again.
[[nodiscard]] std::optional<store::ApplyHistory> Settle(const store::FetchItem& item,
                                                        transport::History page);

// How far a page goes up.
enum class Reach : std::uint8_t {
  kWhole,       // As far as it was asked for.
  kBelow,       // It ends below. A copy that is behind, maybe.
  kBelowAgain,  // So did an answer before, to the same.
  kEnd,         // It has been so for long: it is believed that nothing is above.
};

// Where the backend says that conversations end, although it told of more.
class EndsTold {
 public:
  // What `page` adds to that. Of many conversations, one is forgotten.
  [[nodiscard]] Reach ReachOf(const store::ApplyHistory& page, Clock::Instant now);

 private:
  // Up to where it told of, up to where was asked since, and since when it says so.
  struct End {
    Sequence at = 0;
    Sequence told_to = 0;
    std::vector<Sequence> asked_to;
    Clock::Instant since{};
  };
  std::unordered_map<ConversationId, End> ends_;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_PAGE_REACH_H_
