#include <chrono>
#include <cstddef>
#include <utility>

#include <google/protobuf/util/json_util.h>

#include "hark/sync/v1/sync.pb.h"

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/transport/codec.h"
#include "daemon/transport/rules.h"

namespace hark::transport {
namespace {

namespace wire = ::hark::sync::v1;

// Fills one wire frame from one frame; refuses through `rules` what the protocol forbids.
class Filler {
 public:
  Filler(wire::ClientFrame& out, Rules& rules) : out_(out), rules_(rules) {}

  void operator()(const Hello& hello) {
    wire::Hello& to = *out_.mutable_hello();
    to.set_token(std::string(hello.token.bytes()));
    to.set_device_id(Text(hello.device_id));
    to.set_client(Text(hello.client));
    if (hello.cursor) {
      to.mutable_cursor()->set_epoch(Text(hello.cursor->epoch));
      to.mutable_cursor()->set_position(hello.cursor->position);
    }
    to.set_max_frame_bytes(limits::kFrameBytes);
  }

  void operator()(const ListConversations& list) {
    wire::ListConversations& to = *out_.mutable_list_conversations();
    to.set_request_id(list.request);
    to.set_page_token(Text(list.page_token));
    to.set_page_size(list.page_size);
  }

  void operator()(const GetHistory& get) {
    wire::GetHistory& to = *out_.mutable_get_history();
    to.set_request_id(get.request);
    FillAsk(get, to);
  }

  void operator()(const GetHistories& get) {
    wire::GetHistories& to = *out_.mutable_get_histories();
    to.set_request_id(get.request);
    for (const GetHistory& ask : get.asks) FillAsk(ask, *to.add_asks());
  }

  void operator()(const Subscribe& subscribe) {
    wire::Subscribe& to = *out_.mutable_subscribe();
    for (const ConversationId& id : subscribe.add) to.add_add(IdText(id.value()));
    for (const ConversationId& id : subscribe.remove) to.add_remove(IdText(id.value()));
  }

  void operator()(const Append& append) {
    const Message& message = append.message;
    wire::Append& frame = *out_.mutable_append();
    frame.set_request_id(append.request);
    wire::Message& to = *frame.mutable_message();
    to.set_id(IdText(message.id.value()));
    to.set_conversation_id(IdText(message.conversation.value()));
    to.set_role(static_cast<wire::Role>(message.role));
    rules_.Require(message.content.size() <= limits::kContentBytes,
                   "a message has at most 64 KiB of content");
    to.set_content(Text(message.content));
    to.set_content_type(Text(message.content_type));
    for (const auto& [name, value] : message.metadata) {
      (*to.mutable_metadata())[Text(name)] = Text(value);
    }
    FillTime(message.created_at, *to.mutable_created_at());
  }

  void operator()(const Edit& edit) {
    wire::Edit& to = *out_.mutable_edit();
    to.set_request_id(edit.request);
    to.set_conversation_id(IdText(edit.conversation.value()));
    to.set_message_id(IdText(edit.message.value()));
    rules_.Require(edit.base_revision > 0, "an edit names the revision that it changes");
    to.set_base_revision(edit.base_revision);
    rules_.Require(edit.content.size() <= limits::kContentBytes,
                   "a message has at most 64 KiB of content");
    to.set_content(Text(edit.content));
    FillTime(edit.edited_at, *to.mutable_edited_at());
  }

  void operator()(const Delete& remove) {
    wire::Delete& to = *out_.mutable_delete_();
    to.set_request_id(remove.request);
    to.set_conversation_id(IdText(remove.conversation.value()));
    to.set_message_id(IdText(remove.message.value()));
    to.set_base_revision(remove.base_revision);
  }

  void operator()(const MarkRead& mark) {
    wire::MarkRead& to = *out_.mutable_mark_read();
    to.set_request_id(mark.request);
    to.set_conversation_id(IdText(mark.conversation.value()));
    to.set_read_sequence(mark.read_sequence);
  }

  void operator()(const RenewToken& renew) {
    out_.mutable_renew_token()->set_request_id(renew.request);
  }

  void operator()(const Ping& ping) { out_.mutable_ping()->set_nonce(ping.nonce); }

 private:
  void FillAsk(const GetHistory& get, wire::GetHistory& to) {
    to.set_conversation_id(IdText(get.conversation.value()));
    // No anchor means the newest page; before 0 there is nothing.
    if (get.before > 0) to.set_before_sequence(get.before);
    to.set_page_size(get.page_size);
  }

  static void FillTime(WallTime time, google::protobuf::Timestamp& to) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const std::chrono::nanoseconds rest = time - seconds;
    to.set_seconds(seconds.time_since_epoch().count());
    to.set_nanos(static_cast<std::int32_t>(rest.count()));
  }

  std::string Text(const std::string& text) {
    rules_.Require(IsValidUtf8(text), "text is UTF-8");
    return text;
  }

  std::string IdText(const std::string& id) {
    rules_.Require(!id.empty() && id.size() <= limits::kIdBytes, "an id has 1 to 128 bytes");
    return Text(id);
  }

  wire::ClientFrame& out_;
  Rules& rules_;
};

bool Serialise(const wire::ClientFrame& frame, Encoding encoding, std::string& bytes) {
  switch (encoding) {
    case Encoding::kProto: return frame.SerializeToString(&bytes);
    case Encoding::kJson: return google::protobuf::util::MessageToJsonString(frame, &bytes).ok();
  }
  return false;
}

}  // namespace

Result<std::string> Encode(const ClientFrame& frame, Encoding encoding) {
  wire::ClientFrame out;
  Rules rules;
  std::visit(Filler(out, rules), frame);
  if (!rules.kept()) {
    return Fail(ErrorCode::kInvalidArgument,
                "the frame breaks the protocol: " + std::string(rules.broken()));
  }
  std::string bytes;
  bool written = Serialise(out, encoding, bytes);
  if (out.has_hello()) Secret wiped(std::move(*out.mutable_hello()->mutable_token()));
  if (!written) return Fail(ErrorCode::kInternal, "the frame could not be serialised");
  if (bytes.size() > limits::kFrameBytes) {
    return Fail(ErrorCode::kInvalidArgument, "the frame is larger than a frame may be");
  }
  return bytes;
}

}  // namespace hark::transport
