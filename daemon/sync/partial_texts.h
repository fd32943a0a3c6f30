// Puts the pieces of messages that are being produced together, for the ephemeral lane. Pure and
// bounded.

#ifndef HARK_DAEMON_SYNC_PARTIAL_TEXTS_H_
#define HARK_DAEMON_SYNC_PARTIAL_TEXTS_H_

#include <deque>
#include <optional>
#include <string>

#include "daemon/model/ids.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

class PartialTexts {
 public:
  // All of the text so far, or nothing if a piece before this one was missed: then the finished
  // message has to be waited for.
  [[nodiscard]] std::optional<std::string> Add(const transport::Partial& piece);

  // The finished message is here, or the connection is gone.
  void Finish(const MessageId& message);
  void Clear() { texts_.clear(); }

 private:
  struct Text {
    MessageId message;
    std::string text;
  };
  // A person follows a few answers at a time; the oldest is let go beyond this.
  static constexpr std::size_t kTexts = 16;

  std::deque<Text> texts_;
};

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_PARTIAL_TEXTS_H_
