#include "daemon/transport/codec.h"

#include <limits>
#include <string>
#include <utility>

#include <google/protobuf/arena.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include "hark/sync/v1/sync.pb.h"

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/transport/decode_frames.h"
#include "daemon/transport/json_guard.h"
#include "daemon/transport/rules.h"

namespace hark::transport {
namespace {

namespace wire = ::hark::sync::v1;

bool ParseJson(std::string_view text, wire::ServerFrame& frame) {
  if (!IsValidUtf8(text)) return false;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  // The parser's own message quotes the text, so it goes no further.
  return google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, &frame, options)
      .ok();
}

bool Parse(std::string_view bytes, Encoding encoding, wire::ServerFrame& frame) {
  // protobuf writes to stderr about each string that is not UTF-8.
  google::protobuf::LogSilencer silence;
  switch (encoding) {
    case Encoding::kProto:
      return frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    case Encoding::kJson: return ParseJson(bytes, frame);
  }
  return false;
}

ServerFrame DecodeFrame(wire::ServerFrame& frame, Rules& rules) {
  switch (frame.frame_case()) {
    case wire::ServerFrame::kWelcome:
      return DecodeWelcome(std::move(*frame.mutable_welcome()), rules);
    case wire::ServerFrame::kConversationPage:
      return DecodeConversationPage(std::move(*frame.mutable_conversation_page()), rules);
    case wire::ServerFrame::kHistory:
      return DecodeHistory(std::move(*frame.mutable_history()), rules);
    case wire::ServerFrame::kHistories:
      return DecodeHistories(std::move(*frame.mutable_histories()), rules);
    case wire::ServerFrame::kChanges:
      return DecodeChanges(std::move(*frame.mutable_changes()), rules);
    case wire::ServerFrame::kAck: return DecodeAck(std::move(*frame.mutable_ack()), rules);
    case wire::ServerFrame::kRefused: return DecodeRefused(std::move(*frame.mutable_refused()));
    case wire::ServerFrame::kEphemeral:
      return DecodeEphemeral(std::move(*frame.mutable_ephemeral()), rules);
    case wire::ServerFrame::kTokenRenewed:
      return DecodeTokenRenewed(std::move(*frame.mutable_token_renewed()), rules);
    case wire::ServerFrame::kPong: return Pong{.nonce = frame.pong().nonce()};
    case wire::ServerFrame::kGoingAway:
      return DecodeGoingAway(std::move(*frame.mutable_going_away()));
    case wire::ServerFrame::FRAME_NOT_SET: break;
  }
  return UnknownFrame{};
}

tl::unexpected<Error> FailParse() {
  return Fail(ErrorCode::kInvalidArgument, "the backend sent a frame that does not parse",
              Trouble::kProtocol);
}

}  // namespace

Result<ServerFrame> Decode(std::string_view bytes, Encoding encoding) {
  if (bytes.size() > limits::kFrameBytes) {
    return Fail(ErrorCode::kInvalidArgument, "the backend sent a frame over the limit",
                Trouble::kFrameTooLarge);
  }
  if (encoding == Encoding::kJson && !IsShallowJson(bytes, limits::kJsonDepth)) {
    // With any depth allowed, what is left is nonsense.
    if (IsShallowJson(bytes, std::numeric_limits<int>::max())) {
      return Fail(ErrorCode::kInvalidArgument,
                  "the backend sent a frame that is nested deeper than " +
                      std::to_string(limits::kJsonDepth),
                  Trouble::kFrameTooDeep);
    }
    return FailParse();
  }
  google::protobuf::Arena arena;
  auto& frame = *google::protobuf::Arena::CreateMessage<wire::ServerFrame>(&arena);
  if (!Parse(bytes, encoding, frame)) return FailParse();
  Rules rules;
  ServerFrame decoded = DecodeFrame(frame, rules);
  if (!rules.kept()) {
    return Fail(ErrorCode::kInvalidArgument,
                "the backend sent a frame that breaks the protocol: " + std::string(rules.broken()),
                Trouble::kProtocol);
  }
  return decoded;
}

}  // namespace hark::transport
