#include "tests/unit/transport/wire_samples.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

namespace hark::transport {
namespace {

constexpr std::int64_t kWrittenAt = 1'700'000'000;
constexpr std::int32_t kWrittenNanos = 123'456'789;

}  // namespace

void PrintTo(Encoding encoding, std::ostream* out) {
  *out << (encoding == Encoding::kProto ? "Proto" : "Json");
}

std::string ToBytes(const wire::ServerFrame& frame, Encoding encoding) {
  if (encoding == Encoding::kProto) return frame.SerializeAsString();
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(frame, &json).ok());
  return json;
}

wire::ClientFrame FromBytes(const std::string& bytes, Encoding encoding) {
  wire::ClientFrame frame;
  if (encoding == Encoding::kProto) {
    EXPECT_TRUE(frame.ParseFromString(bytes));
  } else {
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(bytes, &frame).ok());
  }
  return frame;
}

wire::Message SampleMessage(std::uint64_t sequence) {
  wire::Message message;
  message.set_id("message-" + std::to_string(sequence));
  message.set_conversation_id("conversation-1");
  message.set_server_id("server-7");
  message.set_sequence(sequence);
  message.set_revision(2);
  message.set_role(wire::ROLE_ASSISTANT);
  message.set_content("Grüße, 世界 \U0001F30D \"quoted\"\n");
  message.set_content_type("text/markdown");
  (*message.mutable_metadata())["model"] = "small";
  message.mutable_created_at()->set_seconds(kWrittenAt);
  message.mutable_created_at()->set_nanos(kWrittenNanos);
  message.mutable_edited_at()->set_seconds(kWrittenAt + 60);
  return message;
}

wire::Conversation SampleConversation() {
  wire::Conversation conversation;
  conversation.set_id("conversation-1");
  conversation.set_title("A title");
  conversation.set_last_sequence(9);
  conversation.set_message_count(8);
  conversation.set_read_sequence(7);
  conversation.set_unread_count(1);
  conversation.mutable_last_activity_at()->set_seconds(kWrittenAt);
  conversation.set_preview("How it begins");
  return conversation;
}

wire::ServerFrame SampleWelcome() {
  wire::ServerFrame frame;
  wire::Welcome& welcome = *frame.mutable_welcome();
  welcome.set_user_id("user-1");
  welcome.set_session_id("session-1");
  welcome.set_server("hark-backend/1.0.0");
  welcome.set_resume(wire::Welcome::RESUME_TOO_OLD);
  welcome.mutable_cursor()->set_epoch("epoch-1");
  welcome.mutable_cursor()->set_position(42);
  welcome.mutable_limits()->set_max_frame_bytes(1'048'576);
  welcome.mutable_limits()->set_max_content_bytes(65'536);
  welcome.mutable_limits()->set_max_page_size(200);
  welcome.mutable_limits()->set_max_in_flight(32);
  welcome.mutable_limits()->set_max_subscriptions(500);
  welcome.set_heartbeat_ms(15'000);
  welcome.add_features("edit");
  welcome.add_features("histories");
  welcome.add_features("renew");
  welcome.mutable_token_expires_at()->set_seconds(kWrittenAt);
  return frame;
}

wire::ServerFrame SampleConversationPage() {
  wire::ServerFrame frame;
  wire::ConversationPage& page = *frame.mutable_conversation_page();
  page.set_request_id(3);
  *page.add_conversations() = SampleConversation();
  page.set_next_page_token("next");
  page.set_total_count(17);
  page.set_total_messages(99);
  return frame;
}

wire::ServerFrame SampleHistory() {
  wire::ServerFrame frame;
  wire::History& history = *frame.mutable_history();
  history.set_request_id(4);
  history.set_conversation_id("conversation-1");
  *history.add_messages() = SampleMessage(5);
  *history.add_messages() = SampleMessage(7);
  history.set_from_sequence(5);
  history.set_to_sequence(8);
  history.set_has_more(true);
  return frame;
}

wire::ServerFrame SampleHistories() {
  wire::ServerFrame frame;
  wire::Histories& histories = *frame.mutable_histories();
  histories.set_request_id(4);
  wire::History& none = *histories.add_pages();
  none.set_conversation_id("conversation-0");
  none.set_has_more(true);
  *histories.add_pages() = SampleHistory().history();
  return frame;
}

wire::ServerFrame SampleChanges() {
  wire::ServerFrame frame;
  wire::Changes& changes = *frame.mutable_changes();
  changes.mutable_from()->set_epoch("epoch-1");
  changes.mutable_from()->set_position(42);
  changes.mutable_to()->set_epoch("epoch-1");
  changes.mutable_to()->set_position(44);
  *changes.add_changes()->mutable_conversation() = SampleConversation();
  *changes.add_changes()->mutable_message() = SampleMessage(9);
  return frame;
}

wire::ServerFrame SampleAck() {
  wire::ServerFrame frame;
  wire::Ack& ack = *frame.mutable_ack();
  ack.set_request_id(5);
  ack.set_message_id("message-9");
  ack.set_server_id("server-9");
  ack.set_sequence(9);
  ack.set_revision(1);
  return frame;
}

wire::ServerFrame SampleRefused() {
  wire::ServerFrame frame;
  wire::Refused& refused = *frame.mutable_refused();
  refused.set_request_id(6);
  refused.set_code(wire::Refused::CODE_RATE_LIMITED);
  refused.set_message("slower, please");
  refused.set_retry_after_ms(1'500);
  return frame;
}

wire::ServerFrame SampleTyping() {
  wire::ServerFrame frame;
  wire::Ephemeral& ephemeral = *frame.mutable_ephemeral();
  ephemeral.set_conversation_id("conversation-1");
  ephemeral.mutable_typing()->set_role(wire::ROLE_ASSISTANT);
  ephemeral.mutable_typing()->set_active(true);
  return frame;
}

wire::ServerFrame SamplePartial() {
  wire::ServerFrame frame;
  wire::Ephemeral& ephemeral = *frame.mutable_ephemeral();
  ephemeral.set_conversation_id("conversation-1");
  wire::Partial& partial = *ephemeral.mutable_partial();
  partial.set_message_id("message-10");
  partial.set_role(wire::ROLE_ASSISTANT);
  partial.set_offset(12);
  partial.set_text("and so");
  return frame;
}

wire::ServerFrame SampleTokenRenewed() {
  wire::ServerFrame frame;
  wire::TokenRenewed& renewed = *frame.mutable_token_renewed();
  renewed.set_request_id(8);
  renewed.set_token("a-new-token");
  renewed.mutable_expires_at()->set_seconds(kWrittenAt);
  return frame;
}

wire::ServerFrame SamplePong() {
  wire::ServerFrame frame;
  frame.mutable_pong()->set_nonce(0xFFFF'FFFF'FFFF'FFFFU);
  return frame;
}

wire::ServerFrame SampleGoingAway() {
  wire::ServerFrame frame;
  frame.mutable_going_away()->set_reason("maintenance");
  frame.mutable_going_away()->set_reconnect_after_ms(5'000);
  return frame;
}

std::vector<wire::ServerFrame> AllSamples() {
  return {SampleWelcome(), SampleConversationPage(),
          SampleHistory(), SampleHistories(),
          SampleChanges(), SampleAck(),
          SampleRefused(), SampleTyping(),
          SamplePartial(), SampleTokenRenewed(),
          SamplePong(),    SampleGoingAway()};
}

}  // namespace hark::transport
