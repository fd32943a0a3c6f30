// What the client sends is what protobuf itself reads, in both encodings.

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/transport/codec.h"
#include "tests/unit/transport/wire_samples.h"

namespace hark::transport {
namespace {

class CodecEncode : public ::testing::TestWithParam<Encoding> {
 protected:
  wire::ClientFrame EncodeAndParse(const ClientFrame& frame) {
    Result<std::string> bytes = Encode(frame, GetParam());
    if (!bytes) {
      ADD_FAILURE() << bytes.error().message;
      return {};
    }
    return FromBytes(*bytes, GetParam());
  }

  void ExpectRefused(const ClientFrame& frame) {
    Result<std::string> bytes = Encode(frame, GetParam());
    ASSERT_FALSE(bytes.has_value());
    EXPECT_EQ(bytes.error().code, ErrorCode::kInvalidArgument);
  }
};

INSTANTIATE_TEST_SUITE_P(BothEncodings, CodecEncode,
                         ::testing::Values(Encoding::kProto, Encoding::kJson),
                         ::testing::PrintToStringParamName());

Append SampleAppend() {
  Append append;
  append.request = 11;
  append.message.id = MessageId("message-1");
  append.message.conversation = ConversationId("conversation-1");
  append.message.role = Role::kUser;
  append.message.content = "Grüße \U0001F30D\n\"'<>&";
  append.message.content_type = "text/plain";
  append.message.metadata = {{"device", "laptop"}};
  append.message.created_at = WallTime{std::chrono::milliseconds{1'700'000'000'123}};
  return append;
}

TEST_P(CodecEncode, Hello) {
  Hello hello;
  hello.token = Secret(std::string("a-token"));
  hello.device_id = "device-1";
  hello.client = "harkd/1.0.0";
  hello.cursor = SyncCursor{.epoch = "epoch-1", .position = 42};
  wire::ClientFrame frame = EncodeAndParse(std::move(hello));
  EXPECT_EQ(frame.hello().token(), "a-token");
  EXPECT_EQ(frame.hello().device_id(), "device-1");
  EXPECT_EQ(frame.hello().client(), "harkd/1.0.0");
  EXPECT_EQ(frame.hello().cursor().epoch(), "epoch-1");
  EXPECT_EQ(frame.hello().cursor().position(), 42U);
  EXPECT_EQ(frame.hello().max_frame_bytes(), limits::kFrameBytes);
}

TEST_P(CodecEncode, HelloOfANewClientHasNoCursor) {
  wire::ClientFrame frame = EncodeAndParse(Hello{});
  EXPECT_TRUE(frame.has_hello());
  EXPECT_FALSE(frame.hello().has_cursor());
}

TEST_P(CodecEncode, Requests) {
  wire::ClientFrame list =
      EncodeAndParse(ListConversations{.request = 1, .page_token = "next", .page_size = 20});
  EXPECT_EQ(list.list_conversations().request_id(), 1U);
  EXPECT_EQ(list.list_conversations().page_token(), "next");
  EXPECT_EQ(list.list_conversations().page_size(), 20U);

  wire::ClientFrame mark = EncodeAndParse(
      MarkRead{.request = 3, .conversation = ConversationId("conversation-1"), .read_sequence = 9});
  EXPECT_EQ(mark.mark_read().request_id(), 3U);
  EXPECT_EQ(mark.mark_read().conversation_id(), "conversation-1");
  EXPECT_EQ(mark.mark_read().read_sequence(), 9U);

  EXPECT_EQ(EncodeAndParse(RenewToken{.request = 4}).renew_token().request_id(), 4U);
  EXPECT_EQ(EncodeAndParse(Ping{.nonce = 0xFFFF'FFFF'FFFF'FFFFU}).ping().nonce(),
            0xFFFF'FFFF'FFFF'FFFFU);
}

TEST_P(CodecEncode, HistoryIsAskedBeforeASequenceOrFromTheNewest) {
  GetHistory get{.request = 2,
                 .conversation = ConversationId("conversation-1"),
                 .before = 50,
                 .page_size = 20};
  wire::ClientFrame frame = EncodeAndParse(get);
  EXPECT_EQ(frame.get_history().request_id(), 2U);
  EXPECT_EQ(frame.get_history().conversation_id(), "conversation-1");
  EXPECT_EQ(frame.get_history().before_sequence(), 50U);
  EXPECT_EQ(frame.get_history().page_size(), 20U);
  get.before = 0;
  EXPECT_EQ(EncodeAndParse(get).get_history().anchor_case(), wire::GetHistory::ANCHOR_NOT_SET);
}

TEST_P(CodecEncode, HistoriesOfSeveralConversationsAreOneRequest) {
  GetHistories get{2, {{0, ConversationId("conversation-1"), 50, 20}}};
  get.asks.push_back({0, ConversationId("conversation-2"), 7, 6});
  const wire::ClientFrame frame = EncodeAndParse(get);
  EXPECT_EQ(frame.get_histories().request_id(), 2U);
  ASSERT_EQ(frame.get_histories().asks_size(), 2);
  EXPECT_EQ(frame.get_histories().asks(0).before_sequence(), 50U);
  EXPECT_EQ(frame.get_histories().asks(1).conversation_id(), "conversation-2");
  EXPECT_EQ(frame.get_histories().asks(1).page_size(), 6U);
}

TEST_P(CodecEncode, Subscribe) {
  transport::Subscribe subscribe;
  subscribe.add = {ConversationId("a"), ConversationId("b")};
  subscribe.remove = {ConversationId("c")};
  wire::ClientFrame frame = EncodeAndParse(subscribe);
  ASSERT_EQ(frame.subscribe().add_size(), 2);
  EXPECT_EQ(frame.subscribe().add(1), "b");
  ASSERT_EQ(frame.subscribe().remove_size(), 1);
  EXPECT_EQ(frame.subscribe().remove(0), "c");
}

TEST_P(CodecEncode, Append) {
  wire::ClientFrame frame = EncodeAndParse(SampleAppend());
  EXPECT_EQ(frame.append().request_id(), 11U);
  const wire::Message& message = frame.append().message();
  EXPECT_EQ(message.id(), "message-1");
  EXPECT_EQ(message.conversation_id(), "conversation-1");
  EXPECT_EQ(message.role(), wire::ROLE_USER);
  EXPECT_EQ(message.content(), "Grüße \U0001F30D\n\"'<>&");
  EXPECT_EQ(message.content_type(), "text/plain");
  EXPECT_EQ(message.metadata().at("device"), "laptop");
  EXPECT_EQ(message.created_at().seconds(), 1'700'000'000);
  EXPECT_EQ(message.created_at().nanos(), 123'000'000);
}

Edit SampleEdit() {
  Edit edit;
  edit.request = 12;
  edit.conversation = ConversationId("conversation-1");
  edit.message = MessageId("message-1");
  edit.base_revision = 3;
  edit.content = "Grüße \U0001F30D\n\"'<>&";
  edit.edited_at = WallTime{std::chrono::milliseconds{1'700'000'000'123}};
  return edit;
}

TEST_P(CodecEncode, Edit) {
  wire::ClientFrame frame = EncodeAndParse(SampleEdit());
  EXPECT_EQ(frame.edit().request_id(), 12U);
  EXPECT_EQ(frame.edit().conversation_id(), "conversation-1");
  EXPECT_EQ(frame.edit().message_id(), "message-1");
  EXPECT_EQ(frame.edit().base_revision(), 3U);
  EXPECT_EQ(frame.edit().content(), "Grüße \U0001F30D\n\"'<>&");
  EXPECT_EQ(frame.edit().edited_at().seconds(), 1'700'000'000);
  EXPECT_EQ(frame.edit().edited_at().nanos(), 123'000'000);
}

TEST_P(CodecEncode, Delete) {
  transport::Delete remove;
  remove.request = 13;
  remove.conversation = ConversationId("conversation-1");
  remove.message = MessageId("message-1");
  wire::ClientFrame frame = EncodeAndParse(remove);
  EXPECT_EQ(frame.delete_().request_id(), 13U);
  EXPECT_EQ(frame.delete_().conversation_id(), "conversation-1");
  EXPECT_EQ(frame.delete_().message_id(), "message-1");
  EXPECT_EQ(frame.delete_().base_revision(), 0U) << "whatever is there";
  remove.base_revision = 4;
  EXPECT_EQ(EncodeAndParse(remove).delete_().base_revision(), 4U);
}

TEST_P(CodecEncode, AnEditThatTheProtocolForbidsIsRefused) {
  transport::Edit edit = SampleEdit();
  edit.base_revision = 0;
  ExpectRefused(edit);
  edit = SampleEdit();
  edit.content.assign(limits::kContentBytes + 1, 'x');
  ExpectRefused(edit);
  edit = SampleEdit();
  edit.content = "\xff";
  ExpectRefused(edit);
  edit = SampleEdit();
  edit.message = MessageId();
  ExpectRefused(edit);
}

TEST_P(CodecEncode, TimeBefore1970HasPositiveNanos) {
  transport::Append append = SampleAppend();
  append.message.created_at = WallTime{std::chrono::milliseconds{-1}};
  wire::ClientFrame frame = EncodeAndParse(append);
  EXPECT_EQ(frame.append().message().created_at().seconds(), -1);
  EXPECT_EQ(frame.append().message().created_at().nanos(), 999'000'000);
}

TEST_P(CodecEncode, LargestMessageFitsEvenWhenEveryByteIsEscaped) {
  transport::Append append = SampleAppend();
  append.message.content.assign(limits::kContentBytes, '\x01');
  EXPECT_EQ(EncodeAndParse(append).append().message().content().size(), limits::kContentBytes);
}

TEST_P(CodecEncode, WhatTheProtocolForbidsIsRefused) {
  transport::Append append = SampleAppend();
  append.message.content.assign(limits::kContentBytes + 1, 'x');
  ExpectRefused(append);
  append = SampleAppend();
  append.message.content = "\xff";
  ExpectRefused(append);
  append = SampleAppend();
  append.message.metadata = {{"k", "\xc0\x80"}};
  ExpectRefused(append);
  append = SampleAppend();
  append.message.id = MessageId();
  ExpectRefused(append);
  append = SampleAppend();
  append.message.conversation = ConversationId(std::string(limits::kIdBytes + 1, 'x'));
  ExpectRefused(append);
}

TEST_P(CodecEncode, FrameOverTheLimitIsRefused) {
  transport::Subscribe subscribe;
  subscribe.add.assign(10'000, ConversationId(std::string(limits::kIdBytes, 'x')));
  ExpectRefused(subscribe);
}

}  // namespace
}  // namespace hark::transport
