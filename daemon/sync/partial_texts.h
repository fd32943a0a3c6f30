// Puts the pieces of messages that are being produced together, for the ephemeral lane: at most 30
// times a second a message, however small the pieces are. Pure and bounded.

#ifndef HARK_DAEMON_SYNC_PARTIAL_TEXTS_H_
#define HARK_DAEMON_SYNC_PARTIAL_TEXTS_H_

#include <deque>
#include <optional>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/bus/event_bus.h"
#include "daemon/model/ids.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

class PartialTexts {
 public:
  // Ignored if a piece before this one was missed: then the finished message has to be waited for.
  void Add(transport::Partial piece);

  // What is to be shown now, each with all of the text so far.
  [[nodiscard]] std::vector<bus::PartialMessage> TakeDue(Clock::Instant now);
  // When the next one is; nothing while nothing waits.
  [[nodiscard]] std::optional<Clock::Instant> NextDue() const;

  // The finished message is here, or the connection is gone.
  void Finish(const MessageId& message);
  void Clear() { texts_.clear(); }

 private:
  struct Text {
    bus::PartialMessage message;
    Clock::Instant due{};
    bool waits = false;
  };
  // A person follows a few answers at a time; the oldest is let go beyond this.
  static constexpr std::size_t kTexts = 16;

  std::deque<Text> texts_;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_PARTIAL_TEXTS_H_
