// The frames of the wire protocol as plain values. transport/codec.h turns them into bytes and
// back; docs/sync-protocol.md says what they mean. Only what the engine uses is here.

#ifndef HARK_DAEMON_TRANSPORT_FRAMES_H_
#define HARK_DAEMON_TRANSPORT_FRAMES_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/secret.h"
#include "daemon/model/conversation.h"
#include "daemon/model/ids.h"
#include "daemon/model/message.h"

namespace hark::transport {

using RequestId = std::uint64_t;  // Above 0.

// ---- From the client ----

struct Hello {
  Secret token;
  std::string device_id;
  std::string client;
  std::optional<SyncCursor> cursor;
};

struct ListConversations {
  RequestId request = 0;
  std::string page_token;
  std::uint32_t page_size = 0;
};

// The page that ends just before `before`.
struct GetHistory {
  RequestId request = 0;
  ConversationId conversation;
  Sequence before = 0;
  std::uint32_t page_size = 0;
};

// Pages of several conversations; the request of each is not used. Only to a backend with
// Welcome.can_batch.
struct GetHistories {
  RequestId request = 0;
  std::vector<GetHistory> asks;
};

struct Subscribe {
  std::vector<ConversationId> add;
  std::vector<ConversationId> remove;
};

struct Append {
  RequestId request = 0;
  Message message;
};

// Replaces the content of a message. Only to a backend with Welcome.can_edit.
struct Edit {
  RequestId request = 0;
  ConversationId conversation;
  MessageId message;
  std::uint64_t base_revision = 0;  // What the user saw; above 0.
  std::string content;
  WallTime edited_at{};
};

// Only to a backend with Welcome.can_delete.
struct Delete {
  RequestId request = 0;
  ConversationId conversation;
  MessageId message;
  std::uint64_t base_revision = 0;  // 0: whatever is there.
};

struct MarkRead {
  RequestId request = 0;
  ConversationId conversation;
  Sequence read_sequence = 0;
};

struct RenewToken {
  RequestId request = 0;
};

struct Ping {
  std::uint64_t nonce = 0;
};

using ClientFrame = std::variant<Hello, ListConversations, GetHistory, GetHistories, Subscribe,
                                 Append, Edit, Delete, MarkRead, RenewToken, Ping>;

// ---- From the backend ----

enum class Resume : std::uint8_t { kNoCursor, kOk, kTooOld, kOtherEpoch };

// Zeroes of the wire are already replaced by the defaults of the specification.
struct PeerLimits {
  std::uint32_t frame_bytes = 262'144;
  std::uint32_t content_bytes = 65'536;
  std::uint32_t page_size = 50;
  std::uint32_t in_flight = 1;
  std::uint32_t subscriptions = 1;
};

struct Welcome {
  UserId user;
  std::string session_id;
  std::string server;
  Resume resume = Resume::kNoCursor;
  SyncCursor cursor;
  PeerLimits limits;
  std::chrono::milliseconds heartbeat{30'000};
  bool can_renew = false;
  bool can_edit = false;
  bool can_delete = false;
  bool can_batch = false;
  std::optional<WallTime> token_expires_at;
};

struct ConversationPage {
  RequestId request = 0;
  std::vector<ConversationSummary> conversations;
  std::string next_page_token;
  std::uint64_t total_count = 0;
  std::uint64_t total_messages = 0;  // In all conversations; 0: not known.
};

struct History {
  RequestId request = 0;
  ConversationId conversation;
  std::vector<Message> messages;  // Oldest first, tombstones included.
  Sequence from = 0;
  Sequence to = 0;
  bool has_more = false;
};

// The answers to the first of the asks, in their order.
struct Histories {
  RequestId request = 0;
  std::vector<History> pages;
};

struct Changes {
  SyncCursor from;
  SyncCursor to;
  std::vector<std::variant<ConversationSummary, Message>> changes;
};

struct Ack {
  RequestId request = 0;
  MessageId message;
  std::string server_id;
  Sequence sequence = 0;
  std::uint64_t revision = 0;
};

enum class RefusedCode : std::uint8_t {
  kMalformed,
  kUnauthenticated,
  kPermission,
  kNotFound,
  kInvalid,
  kTooLarge,
  kConflict,
  kRateLimited,
  kUnavailable,
  kInternal,
  kUnsupported,
};

// Whether the same may succeed by itself, later.
[[nodiscard]] constexpr bool IsTransient(RefusedCode code) {
  return code == RefusedCode::kRateLimited || code == RefusedCode::kUnavailable ||
         code == RefusedCode::kInternal;
}

struct Refused {
  RequestId request = 0;  // 0: about the session.
  RefusedCode code = RefusedCode::kInternal;
  std::string message;
  std::chrono::milliseconds retry_after{0};  // 0: the client's own backoff.
};

struct Typing {
  ConversationId conversation;
  Role role = Role::kUnspecified;
  bool active = false;
};

struct Partial {
  ConversationId conversation;
  MessageId message;
  Role role = Role::kUnspecified;
  std::uint64_t offset = 0;  // In bytes of the content so far.
  std::string text;
};

struct TokenRenewed {
  RequestId request = 0;
  Secret token;
  std::optional<WallTime> expires_at;
};

struct Pong {
  std::uint64_t nonce = 0;
};

struct GoingAway {
  std::string reason;
  std::chrono::milliseconds reconnect_after{0};  // 0: the client's own backoff.
};

// A frame of a kind that this version does not know.
struct UnknownFrame {};

using ServerFrame =
    std::variant<Welcome, ConversationPage, History, Histories, Changes, Ack, Refused, Typing,
                 Partial, TokenRenewed, Pong, GoingAway, UnknownFrame>;

// Of a ClientFrame or ServerFrame: what it asks or answers; 0: neither.
template <typename Frame>
[[nodiscard]] RequestId RequestOf(const Frame& frame) {
  const auto request = [](const auto& alternative) -> RequestId {
    if constexpr (requires { alternative.request; }) {
      return alternative.request;
    } else {
      return 0;
    }
  };
  return std::visit(request, frame);
}

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_FRAMES_H_
