// How the unary calls are made: with a deadline, and again when the connection broke.

#ifndef HARK_CLIENT_SDK_SRC_CALL_H_
#define HARK_CLIENT_SDK_SRC_CALL_H_

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>

#include <grpcpp/client_context.h>

#include "hark/v1/account.grpc.pb.h"
#include "hark/v1/admin.grpc.pb.h"
#include "hark/v1/conversations.grpc.pb.h"
#include "hark/v1/drafts.grpc.pb.h"
#include "hark/v1/keys.grpc.pb.h"
#include "hark/v1/messages.grpc.pb.h"
#include "hark/v1/search.grpc.pb.h"
#include "hark/v1/sync.grpc.pb.h"
#include "hark/v1/view_states.grpc.pb.h"

#include "client-sdk/src/call_error.h"
#include "client-sdk/src/link.h"
#include "client-sdk/src/socket_check.h"
#include "hark/result.h"

namespace hark::client {

// All calls are made through these.
struct Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : account(channel),
        admin(channel),
        conversations(channel),
        messages(channel),
        search(channel),
        sync(channel),
        drafts(channel),
        view_states(channel),
        keys(channel) {}

  v1::Account::Stub account;
  v1::Admin::Stub admin;
  v1::Conversations::Stub conversations;
  v1::Messages::Stub messages;
  v1::Search::Stub search;
  v1::Sync::Stub sync;
  v1::Drafts::Stub drafts;
  v1::ViewStates::Stub view_states;
  v1::Keys::Stub keys;
};

using SystemClock = std::chrono::system_clock;

// Pauses before a call is repeated after the connection broke: long enough for a daemon that is
// being restarted.
inline constexpr std::array<std::chrono::milliseconds, 3> kPauses = {
    std::chrono::milliseconds(50), std::chrono::milliseconds(150), std::chrono::milliseconds(400)};

// While a connection is made: how often it is seen whether there is still somebody to connect to.
inline constexpr std::chrono::milliseconds kBetweenLooks{200};

// How one call is made.
struct Manner {
  std::chrono::milliseconds timeout;
  // The call may be made again when it is not known whether it had its effect.
  bool repeatable;
};

// The socket is looked at before each connection, so that the answer to "is there a daemon, and
// whose?" is ours and comes at once. A connection that is up needs no look.
inline Result<void> Prepare(const Link& link, grpc::ClientContext& context) {
  SayApiVersion(context);
  if (link.channel->GetState(false) == GRPC_CHANNEL_READY) return {};
  const auto left = context.deadline() - SystemClock::now();
  if (Result<void> check = WaitForSocket(link.socket_path, Absence::kIsAnAnswer, left); !check)
    return check;
  // Somebody listens: wait for gRPC's connection instead of failing while its backoff lasts. Not
  // when nobody does any more: a daemon that was killed just now may not come back.
  while (!link.channel->WaitForConnected(
      std::min(context.deadline(), SystemClock::now() + kBetweenLooks))) {
    if (SystemClock::now() >= context.deadline()) break;  // Which the call then says.
    Result<void> check = CheckSocket(link.socket_path);
    if (!check && check.error().code != ErrorCode::kUnavailable) return check;
  }
  return {};
}

template <typename Stub, typename Request, typename Response>
Result<Response> Call(const Link& link, Stub& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, Manner manner) {
  const SystemClock::time_point deadline = SystemClock::now() + manner.timeout;
  for (std::size_t attempt = 0;; ++attempt) {
    grpc::ClientContext context;
    context.set_deadline(deadline);
    Result<void> ready = Prepare(link, context);
    CallError failure{};
    if (ready) {
      Response response;
      const grpc::Status status = (stub.*method)(&context, request, &response);
      if (status.ok()) return response;
      failure = ExplainStatus(status);
      if (!failure.lost) return failure.error;
    } else {
      failure.error = ready.error();
      // Before the first attempt nothing was lost: there is no daemon, and that is the answer.
      if (attempt == 0 || failure.error.code != ErrorCode::kNoDaemon) return failure.error;
    }
    if (!manner.repeatable || attempt == kPauses.size()) return failure.error;
    if (SystemClock::now() + kPauses[attempt] >= deadline) return failure.error;
    std::this_thread::sleep_for(kPauses[attempt]);
  }
}

// The usual manner: everything but SignIn may be repeated.
inline Manner Usual(const Link& link) {
  return {link.options.call_timeout, true};
}

// Result<From> to Result<To> by a function.
template <typename From, typename Function>
auto Map(Result<From> from, Function function) -> Result<decltype(function(*from))> {
  if (!from) return from.error();
  return function(*from);
}

template <typename From>
Result<void> Drop(const Result<From>& from) {
  if (!from) return from.error();
  return {};
}

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_CALL_H_
