#ifndef HARK_TOOLS_BACKEND_RESPONDER_H_
#define HARK_TOOLS_BACKEND_RESPONDER_H_

// The assistant. The real one thinks; this one repeats, but answers in the same form: typing,
// pieces under an id made up front, then the whole message under that id, stored and in the change
// log. One answer at a time per conversation, in the order of the questions. Questions that are
// waiting when the server stops stay unanswered.

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/backend/clock.h"
#include "tools/backend/hub.h"
#include "tools/backend/store.h"
#include "tools/backend/types.h"

namespace hark::backend {

// Runs something later on the protocol thread. What is still waiting when the scheduler ends is
// dropped.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual void After(std::chrono::milliseconds delay, std::function<void()> work) = 0;
};

class Responder {
 public:
  virtual ~Responder() = default;
  // A message of the user was appended and is on disk.
  virtual void OnUserMessage(const UserId& user, const Message& message) = 0;
};

class EchoResponder final : public Responder {
 public:
  // All outlive the responder; no scheduled work runs after it is gone.
  EchoResponder(Store& store, Hub& hub, const Clock& clock, Scheduler& scheduler,
                std::chrono::milliseconds delay_per_piece);

  void OnUserMessage(const UserId& user, const Message& message) override;

 private:
  using Key = std::pair<UserId, std::string>;  // user, conversation

  struct Answer {
    Message message;
    std::vector<std::string> pieces;
    std::size_t next_piece = 0;
    std::size_t offset = 0;
  };

  void Begin(const Key& key);
  void Step(const Key& key);
  void Finish(const Key& key);
  void SendTyping(const Key& key, bool active);

  Store& store_;
  Hub& hub_;
  const Clock& clock_;
  Scheduler& scheduler_;
  const std::chrono::milliseconds delay_;
  std::map<Key, std::deque<Answer>> queues_;
};

// The words of `text`, each with the space after it; longer texts in bigger pieces, so that there
// are never too many.
std::vector<std::string> SplitIntoPieces(const std::string& text, std::size_t max_pieces);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_RESPONDER_H_
