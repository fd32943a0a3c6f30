#ifndef HARK_TOOLS_BACKEND_SESSION_H_
#define HARK_TOOLS_BACKEND_SESSION_H_

// One client's session: the rules of the wire protocol, frames in and frames out, without sockets.
// The connection owns the session, feeds it and writes what it says; the hub tells it of commits
// and of time. All on one thread.
//
// Changes are pulled: the session knows the position that it has delivered and reads the log from
// there whenever there is something new and room in the write queue. So a slow client costs no
// memory, and catching up after a resume is the same code as following live.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tools/backend/clock.h"
#include "tools/backend/codec.h"
#include "tools/backend/frame_writer.h"
#include "tools/backend/hub.h"
#include "tools/backend/requests.h"
#include "tools/backend/responder.h"
#include "tools/backend/store.h"
#include "tools/backend/users.h"

namespace hark::backend {

// How a connection is closed, for the WebSocket close code.
enum class CloseKind { kGoingAway, kProtocolError, kPolicy };

// The connection as its session sees it.
class SessionOutput {
 public:
  virtual ~SessionOutput() = default;
  virtual void Send(std::string frame) = 0;
  // Writes what is queued, then closes. Nothing is sent or received after it.
  virtual void Close(CloseKind kind) = 0;
  // Closes at once, without a word.
  virtual void Abort() = 0;
  [[nodiscard]] virtual std::size_t QueuedBytes() const = 0;
  // When the write that is under way began; none if there is none.
  [[nodiscard]] virtual std::optional<SteadyPoint> WritingSince() const = 0;
};

struct SessionServices {
  Store& store;
  Users& users;
  Hub& hub;
  const Clock& clock;
  Responder* responder = nullptr;  // None: the assistant is silent.
  std::uint32_t heartbeat_ms = 0;
  std::string refuse_content_prefix = {};  // As in Requests.
};

class Session final : public Subscriber {
 public:
  // `services` and what it refers to, and `output`, outlive the session.
  Session(const SessionServices& services, Encoding encoding, SessionOutput& output);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // One WebSocket message. `text` tells its kind.
  void OnMessage(std::string_view bytes, bool text);
  // The write queue has become shorter.
  void OnWritten();

  void OnLogGrown() override;
  void OnEphemeral(const wire::Ephemeral& ephemeral) override;
  void OnTick() override;
  void OnTokensChanged() override;
  void GoAway(const std::string& reason) override;

 private:
  enum class State { kAwaitingHello, kOpen, kClosed };

  void Handle(const wire::ClientFrame& frame);
  void OnHello(const wire::Hello& hello);
  void Welcome(const wire::Hello& hello, const LogState& log);
  void OnSubscribe(const wire::Subscribe& subscribe);
  void OnRenew(const wire::RenewToken& request);
  void Deliver(Answer answer);

  // Sends what the log has after `delivered_`, as far as the queue has room.
  void Pump();
  // One stretch of the log; false if there is nothing more, or nothing more now.
  bool SendStretch();
  // A frame for the first `count` of `entries`, with bodies or without; none if the store fails.
  std::optional<wire::ServerFrame> MakeStretch(const std::vector<LogEntry>& entries,
                                               std::size_t count, bool bodies,
                                               std::size_t* covered);

  void Send(const wire::ServerFrame& frame);
  void Refuse(std::uint64_t request_id, ErrorCode code, const std::string& message);
  // Refuses the session as a whole and ends it.
  void End(ErrorCode code, const std::string& message);

  const SessionServices& services_;
  SessionOutput& output_;
  FrameWriter writer_;
  Requests requests_;
  State state_ = State::kAwaitingHello;
  SteadyPoint last_heard_;
  SteadyPoint last_sent_;

  std::string id_;
  Identity identity_;
  std::set<std::string> subscriptions_;
  std::string epoch_;
  std::uint64_t delivered_ = 0;
  // A resumed session waits for the client's first frame, or until this time.
  std::optional<SteadyPoint> held_until_;
  std::optional<SteadyPoint> last_renewal_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_SESSION_H_
