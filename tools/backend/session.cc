#include "tools/backend/session.h"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "tools/backend/limits.h"
#include "tools/backend/random.h"
#include "tools/backend/version.h"

namespace hark::backend {
namespace {

constexpr std::uint32_t kReconnectAfterMs = 200;

std::uint64_t RequestId(const wire::ClientFrame& frame, bool* is_request) {
  *is_request = true;
  switch (frame.frame_case()) {
    case wire::ClientFrame::kListConversations: return frame.list_conversations().request_id();
    case wire::ClientFrame::kGetHistory: return frame.get_history().request_id();
    case wire::ClientFrame::kGetHistories: return frame.get_histories().request_id();
    case wire::ClientFrame::kAppend: return frame.append().request_id();
    case wire::ClientFrame::kEdit: return frame.edit().request_id();
    case wire::ClientFrame::kDelete: return frame.delete_().request_id();
    case wire::ClientFrame::kMarkRead: return frame.mark_read().request_id();
    case wire::ClientFrame::kRenewToken: return frame.renew_token().request_id();
    case wire::ClientFrame::kHello:
    case wire::ClientFrame::kSubscribe:
    case wire::ClientFrame::kPing:
    case wire::ClientFrame::FRAME_NOT_SET: break;
  }
  *is_request = false;
  return 0;
}

bool LooksLikeToken(const std::string& token) {
  return !token.empty() && token.size() <= kMaxTokenBytes &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
}

wire::Welcome::Resume DecideResume(const wire::Hello& hello, const LogState& log) {
  if (!hello.has_cursor()) return wire::Welcome::RESUME_NO_CURSOR;
  if (hello.cursor().epoch() != log.epoch) return wire::Welcome::RESUME_OTHER_EPOCH;
  // A position that was never given: this archive is an older copy of the one that gave it.
  if (hello.cursor().position() > log.head) return wire::Welcome::RESUME_OTHER_EPOCH;
  if (hello.cursor().position() < log.floor) return wire::Welcome::RESUME_TOO_OLD;
  return wire::Welcome::RESUME_OK;
}

}  // namespace

Session::Session(const SessionServices& services, Encoding encoding, SessionOutput& output)
    : services_(services),
      output_(output),
      writer_(encoding, kMaxFrameBytes),
      requests_(services.store, services.clock, writer_, services.refuse_content_prefix),
      last_heard_(services.clock.Steady()),
      last_sent_(last_heard_) {
  services_.hub.Add(this);
}

Session::~Session() {
  services_.hub.Remove(this);
}

void Session::Send(const wire::ServerFrame& frame) {
  auto bytes = writer_.Encode(frame);
  if (!bytes) return;  // Only frames of a few lines come here.
  last_sent_ = services_.clock.Steady();
  output_.Send(std::move(*bytes));
}

void Session::Refuse(std::uint64_t request_id, ErrorCode code, const std::string& message) {
  Send(MakeRefusal(request_id, {code, message}));
}

void Session::End(ErrorCode code, const std::string& message) {
  if (state_ == State::kClosed) return;
  spdlog::info("session refused id={} reason=\"{}\"", id_, message);
  Refuse(0, code, message);
  state_ = State::kClosed;
  output_.Close(code == ErrorCode::kMalformed ? CloseKind::kProtocolError : CloseKind::kPolicy);
}

void Session::GoAway(const std::string& reason) {
  if (state_ == State::kClosed) return;
  spdlog::info("session ended id={} reason=\"{}\"", id_, reason);
  wire::ServerFrame frame;
  frame.mutable_going_away()->set_reason(reason);
  frame.mutable_going_away()->set_reconnect_after_ms(kReconnectAfterMs);
  Send(frame);
  state_ = State::kClosed;
  output_.Close(CloseKind::kGoingAway);
}

void Session::OnMessage(std::string_view bytes, bool text) {
  if (state_ == State::kClosed) return;
  last_heard_ = services_.clock.Steady();
  if (text != (writer_.encoding() == Encoding::kJson)) {
    End(ErrorCode::kMalformed, "the WebSocket message is of the other kind (text or binary)");
    return;
  }
  if (bytes.size() > writer_.max_bytes()) {
    End(ErrorCode::kMalformed, "the frame is over the limit");
    return;
  }
  const auto frame = DecodeFrame(writer_.encoding(), bytes);
  if (!frame) {
    End(ErrorCode::kMalformed, frame.error().message);
    return;
  }
  Handle(*frame);
}

void Session::Handle(const wire::ClientFrame& frame) {
  using Kind = wire::ClientFrame;
  const Kind::FrameCase kind = frame.frame_case();
  if (kind == Kind::FRAME_NOT_SET) return;  // A frame of a later version: ignored.
  if ((state_ == State::kAwaitingHello) != (kind == Kind::kHello)) {
    End(ErrorCode::kMalformed,
        kind == Kind::kHello ? "a second Hello" : "the first frame has to be Hello");
    return;
  }
  bool is_request = false;
  if (RequestId(frame, &is_request) == 0 && is_request) {
    Refuse(0, ErrorCode::kInvalid, "a request needs a request_id above 0");
    return;
  }
  const UserId& user = identity_.user_id;
  switch (kind) {
    case Kind::kHello: OnHello(frame.hello()); return;
    case Kind::kListConversations: Deliver(requests_.List(user, frame.list_conversations())); break;
    case Kind::kGetHistory: Deliver(requests_.History(user, frame.get_history())); break;
    case Kind::kGetHistories: Deliver(requests_.Histories(user, frame.get_histories())); break;
    case Kind::kSubscribe: OnSubscribe(frame.subscribe()); break;
    case Kind::kAppend: Deliver(requests_.Append(user, frame.append())); break;
    case Kind::kEdit: Deliver(requests_.Edit(user, frame.edit())); break;
    case Kind::kDelete: Deliver(requests_.Delete(user, frame.delete_())); break;
    case Kind::kMarkRead: Deliver(requests_.MarkRead(user, frame.mark_read())); break;
    case Kind::kRenewToken: OnRenew(frame.renew_token()); break;
    case Kind::kPing: {
      wire::ServerFrame pong;
      pong.mutable_pong()->set_nonce(frame.ping().nonce());
      Send(pong);
      return;
    }
    case Kind::FRAME_NOT_SET: return;
  }
  if (held_until_) {
    held_until_.reset();
    Pump();
  }
}

void Session::OnHello(const wire::Hello& hello) {
  if (!LooksLikeToken(hello.token())) {
    End(ErrorCode::kUnauthenticated, "the token is wrong, expired or revoked");
    return;
  }
  const std::uint32_t max_frame =
      hello.max_frame_bytes() == 0 ? kMaxFrameBytes : hello.max_frame_bytes();
  if (max_frame < kMinFrameBytes) {
    End(ErrorCode::kInvalid, "max_frame_bytes is below 262144");
    return;
  }
  auto identity = services_.users.Authenticate(hello.token());
  if (!identity) {
    End(identity.error().code, identity.error().message);
    return;
  }
  const auto log = services_.store.GetLog(identity->user_id);
  if (!log) {
    End(log.error().code, "the archive cannot be read now");
    return;
  }
  identity_ = std::move(*identity);
  writer_.set_max_bytes(std::min(max_frame, kMaxFrameBytes));
  Welcome(hello, *log);
}

void Session::Welcome(const wire::Hello& hello, const LogState& log) {
  id_ = UuidV7(services_.clock.Now());
  epoch_ = log.epoch;
  wire::ServerFrame frame;
  wire::Welcome& welcome = *frame.mutable_welcome();
  welcome.set_user_id(identity_.user_id);
  welcome.set_session_id(id_);
  welcome.set_server(kServerName);
  welcome.set_resume(DecideResume(hello, log));
  if (welcome.resume() == wire::Welcome::RESUME_OK) {
    delivered_ = hello.cursor().position();
    held_until_ = services_.clock.Steady() + kResumeGrace;
  } else {
    delivered_ = log.head;
  }
  // The head in any case: a client that resumes knows by it when it has caught up.
  welcome.mutable_cursor()->set_epoch(epoch_);
  welcome.mutable_cursor()->set_position(log.head);
  wire::Limits& limits = *welcome.mutable_limits();
  limits.set_max_frame_bytes(static_cast<std::uint32_t>(writer_.max_bytes()));
  limits.set_max_content_bytes(kMaxContentBytes);
  limits.set_max_page_size(kMaxPageSize);
  limits.set_max_in_flight(kMaxInFlight);
  limits.set_max_subscriptions(kMaxSubscriptions);
  welcome.set_heartbeat_ms(services_.heartbeat_ms);
  for (const char* feature : {"edit", "delete", "ephemeral", "renew", "histories"}) {
    welcome.add_features(feature);
  }
  *welcome.mutable_server_time() = ToTimestamp(services_.clock.Now());
  if (identity_.expires_at) {
    *welcome.mutable_token_expires_at() = ToTimestamp(*identity_.expires_at);
  }
  state_ = State::kOpen;
  services_.hub.Identify(this, identity_.user_id);
  spdlog::info("session open id={} user={} resume={}", id_, identity_.name,
               wire::Welcome::Resume_Name(welcome.resume()));
  Send(frame);
}

void Session::OnSubscribe(const wire::Subscribe& subscribe) {
  for (const std::string& id : subscribe.remove()) subscriptions_.erase(id);
  bool too_many = false;
  for (const std::string& id : subscribe.add()) {
    if (subscriptions_.contains(id)) continue;
    // Conversations that are not there are ignored, and so take no room.
    if (!services_.store.GetConversation(identity_.user_id, id)) continue;
    if (subscriptions_.size() >= kMaxSubscriptions) {
      too_many = true;
      break;
    }
    subscriptions_.insert(id);
  }
  if (too_many) Refuse(0, ErrorCode::kTooLarge, "too many subscriptions; the last were ignored");
}

void Session::OnRenew(const wire::RenewToken& request) {
  const SteadyPoint now = services_.clock.Steady();
  if (last_renewal_ && now - *last_renewal_ < kMinRenewInterval) {
    Refuse(request.request_id(), ErrorCode::kRateLimited, "the token was renewed just now");
    return;
  }
  auto issued = services_.users.Renew(identity_);
  if (!issued) {
    Refuse(request.request_id(), issued.error().code, "the token cannot be renewed now");
    return;
  }
  last_renewal_ = now;
  // From here on the session stands on the new token.
  if (auto renewed = services_.users.Authenticate(issued->token)) identity_ = std::move(*renewed);
  wire::ServerFrame frame;
  wire::TokenRenewed& answer = *frame.mutable_token_renewed();
  answer.set_request_id(request.request_id());
  answer.set_token(issued->token);
  if (issued->expires_at) *answer.mutable_expires_at() = ToTimestamp(*issued->expires_at);
  Send(frame);
}

void Session::Deliver(Answer answer) {
  last_sent_ = services_.clock.Steady();
  output_.Send(std::move(answer.frame));
  const UserId user = identity_.user_id;
  if (answer.log_grown) services_.hub.LogGrown(user);
  if (answer.appended && services_.responder != nullptr) {
    services_.responder->OnUserMessage(user, *answer.appended);
  }
}

void Session::OnEphemeral(const wire::Ephemeral& ephemeral) {
  if (state_ != State::kOpen || !subscriptions_.contains(ephemeral.conversation_id())) return;
  if (output_.QueuedBytes() >= kWriteQueueSoftBytes) return;  // Allowed to be lost.
  wire::ServerFrame frame;
  *frame.mutable_ephemeral() = ephemeral;
  Send(frame);
}

void Session::OnTick() {
  if (state_ == State::kClosed) return;
  const SteadyPoint now = services_.clock.Steady();
  if (state_ == State::kAwaitingHello) {
    // Nothing is sent before Welcome, so this is the time of the connection.
    if (now - last_sent_ > kHelloTimeout) End(ErrorCode::kMalformed, "no Hello within 10 seconds");
    return;
  }
  const std::chrono::milliseconds patience(2 * std::uint64_t{services_.heartbeat_ms});
  if (const auto since = output_.WritingSince(); since && now - *since > patience) {
    spdlog::info("session ended id={} reason=\"the client does not read\"", id_);
    state_ = State::kClosed;
    output_.Abort();
    return;
  }
  // A client that receives all the time has no reason to ping, so what was sent counts as well.
  if (now - std::max(last_heard_, last_sent_) > patience) {
    GoAway("nothing was heard for two heartbeats");
    return;
  }
  if (identity_.expires_at && *identity_.expires_at <= services_.clock.Now()) {
    End(ErrorCode::kUnauthenticated, "the token is wrong, expired or revoked");
    return;
  }
  if (held_until_ && now >= *held_until_) held_until_.reset();
  Pump();
}

void Session::OnTokensChanged() {
  if (state_ != State::kOpen) return;
  const auto valid = services_.users.StillValid(identity_.digest);
  if (!valid && valid.error().code == ErrorCode::kUnauthenticated) {
    End(valid.error().code, valid.error().message);
  }
}

}  // namespace hark::backend
