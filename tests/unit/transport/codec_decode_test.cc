// Valid frames of the backend, made by protobuf itself, arrive as the values that they were sent
// with, in both encodings.

#include <chrono>
#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/transport/codec.h"
#include "tests/unit/transport/wire_samples.h"

namespace hark::transport {
namespace {

using std::chrono::milliseconds;

constexpr WallTime kWrittenAt{std::chrono::seconds{1'700'000'000}};

class CodecDecode : public ::testing::TestWithParam<Encoding> {
 protected:
  template <typename Frame>
  Frame DecodeAs(const wire::ServerFrame& sent) {
    Result<ServerFrame> frame = Decode(ToBytes(sent, GetParam()), GetParam());
    if (!frame) {
      ADD_FAILURE() << frame.error().message;
      return Frame{};
    }
    if (!std::holds_alternative<Frame>(*frame)) {
      ADD_FAILURE() << "another kind of frame: " << frame->index();
      return Frame{};
    }
    return std::move(std::get<Frame>(*frame));
  }
};

INSTANTIATE_TEST_SUITE_P(BothEncodings, CodecDecode,
                         ::testing::Values(Encoding::kProto, Encoding::kJson),
                         ::testing::PrintToStringParamName());

Message ExpectedMessage(Sequence sequence) {
  Message message;
  message.id = MessageId("message-" + std::to_string(sequence));
  message.conversation = ConversationId("conversation-1");
  message.role = Role::kAssistant;
  message.content = "Grüße, 世界 \U0001F30D \"quoted\"\n";
  message.content_type = "text/markdown";
  message.metadata = {{"model", "small"}};
  message.created_at = kWrittenAt + milliseconds{123};
  message.edited_at = kWrittenAt + std::chrono::seconds{60};
  message.sequence = sequence;
  message.revision = 2;
  message.server_id = "server-7";
  return message;
}

ConversationSummary ExpectedConversation() {
  return ConversationSummary{.id = ConversationId("conversation-1"),
                             .title = "A title",
                             .last_sequence = 9,
                             .message_count = 8,
                             .read_sequence = 7,
                             .unread_count = 1,
                             .last_activity_at = kWrittenAt,
                             .preview = "How it begins"};
}

TEST_P(CodecDecode, WelcomeArrivesWhole) {
  auto welcome = DecodeAs<Welcome>(SampleWelcome());
  EXPECT_EQ(welcome.user, UserId("user-1"));
  EXPECT_EQ(welcome.session_id, "session-1");
  EXPECT_EQ(welcome.server, "hark-backend/1.0.0");
  EXPECT_EQ(welcome.resume, Resume::kTooOld);
  EXPECT_EQ(welcome.cursor, (SyncCursor{.epoch = "epoch-1", .position = 42}));
  EXPECT_EQ(welcome.limits.frame_bytes, 1'048'576U);
  EXPECT_EQ(welcome.limits.content_bytes, 65'536U);
  EXPECT_EQ(welcome.limits.page_size, 200U);
  EXPECT_EQ(welcome.limits.in_flight, 32U);
  EXPECT_EQ(welcome.limits.subscriptions, 500U);
  EXPECT_EQ(welcome.heartbeat, milliseconds{15'000});
  EXPECT_TRUE(welcome.can_renew);
  EXPECT_TRUE(welcome.can_edit);
  EXPECT_FALSE(welcome.can_delete);
  EXPECT_TRUE(welcome.can_batch);
  EXPECT_EQ(welcome.token_expires_at, kWrittenAt);
}

TEST_P(CodecDecode, WelcomeWithoutLimitsGetsTheDefaults) {
  wire::ServerFrame sent = SampleWelcome();
  sent.mutable_welcome()->clear_limits();
  sent.mutable_welcome()->clear_heartbeat_ms();
  sent.mutable_welcome()->clear_features();
  sent.mutable_welcome()->clear_token_expires_at();
  auto welcome = DecodeAs<Welcome>(sent);
  EXPECT_EQ(welcome.limits.frame_bytes, PeerLimits{}.frame_bytes);
  EXPECT_EQ(welcome.limits.content_bytes, PeerLimits{}.content_bytes);
  EXPECT_EQ(welcome.limits.page_size, PeerLimits{}.page_size);
  EXPECT_EQ(welcome.limits.in_flight, 1U);
  EXPECT_EQ(welcome.limits.subscriptions, 1U);
  EXPECT_EQ(welcome.heartbeat, milliseconds{30'000});
  EXPECT_FALSE(welcome.can_renew);
  EXPECT_FALSE(welcome.can_edit);
  EXPECT_FALSE(welcome.token_expires_at.has_value());
}

TEST_P(CodecDecode, WelcomeWithUselessLimitsGetsTheLowestAllowed) {
  wire::ServerFrame sent = SampleWelcome();
  sent.mutable_welcome()->mutable_limits()->set_max_frame_bytes(1);
  sent.mutable_welcome()->mutable_limits()->set_max_content_bytes(1);
  sent.mutable_welcome()->set_heartbeat_ms(1);
  auto welcome = DecodeAs<Welcome>(sent);
  EXPECT_EQ(welcome.limits.frame_bytes, 262'144U);
  EXPECT_EQ(welcome.limits.content_bytes, 1'024U);
  EXPECT_EQ(welcome.heartbeat, milliseconds{100});
  sent.mutable_welcome()->set_heartbeat_ms(0xFFFF'FFFF);
  EXPECT_EQ(DecodeAs<Welcome>(sent).heartbeat, milliseconds{300'000});
}

TEST_P(CodecDecode, UnspecifiedResumeIsReadAsNoCursor) {
  wire::ServerFrame sent = SampleWelcome();
  sent.mutable_welcome()->set_resume(wire::Welcome::RESUME_UNSPECIFIED);
  EXPECT_EQ(DecodeAs<Welcome>(sent).resume, Resume::kNoCursor);
}

TEST_P(CodecDecode, ResumedWelcomeNeedsNoCursor) {
  wire::ServerFrame sent = SampleWelcome();
  sent.mutable_welcome()->set_resume(wire::Welcome::RESUME_OK);
  sent.mutable_welcome()->clear_cursor();
  EXPECT_EQ(DecodeAs<Welcome>(sent).cursor, SyncCursor{});
}

TEST_P(CodecDecode, ConversationPageArrivesWhole) {
  auto page = DecodeAs<ConversationPage>(SampleConversationPage());
  EXPECT_EQ(page.request, 3U);
  ASSERT_EQ(page.conversations.size(), 1U);
  EXPECT_EQ(page.conversations[0], ExpectedConversation());
  EXPECT_EQ(page.next_page_token, "next");
  EXPECT_EQ(page.total_count, 17U);
  EXPECT_EQ(page.total_messages, 99U);
}

TEST_P(CodecDecode, HistoryArrivesWhole) {
  auto history = DecodeAs<History>(SampleHistory());
  EXPECT_EQ(history.request, 4U);
  EXPECT_EQ(history.conversation, ConversationId("conversation-1"));
  ASSERT_EQ(history.messages.size(), 2U);
  EXPECT_EQ(history.messages[0], ExpectedMessage(5));
  EXPECT_EQ(history.messages[1], ExpectedMessage(7));
  EXPECT_EQ(history.from, 5U);
  EXPECT_EQ(history.to, 8U);
  EXPECT_TRUE(history.has_more);
}

TEST_P(CodecDecode, HistoriesArriveWholeAndInOrder) {
  auto histories = DecodeAs<Histories>(SampleHistories());
  EXPECT_EQ(histories.request, 4U);
  ASSERT_EQ(histories.pages.size(), 2U);
  EXPECT_EQ(histories.pages[0].conversation, ConversationId("conversation-0"));
  EXPECT_TRUE(histories.pages[0].has_more);
  EXPECT_EQ(histories.pages[1].messages.at(1), ExpectedMessage(7));
  EXPECT_EQ(histories.pages[1].to, 8U);
}

TEST_P(CodecDecode, EmptyHistoryHasNoRange) {
  wire::ServerFrame sent;
  sent.mutable_history()->set_request_id(4);
  sent.mutable_history()->set_conversation_id("conversation-1");
  auto history = DecodeAs<History>(sent);
  EXPECT_TRUE(history.messages.empty());
  EXPECT_EQ(history.to, 0U);
}

TEST_P(CodecDecode, TombstoneLosesItsContent) {
  wire::ServerFrame sent = SampleHistory();
  sent.mutable_history()->mutable_messages(0)->set_deleted(true);
  auto history = DecodeAs<History>(sent);
  ASSERT_EQ(history.messages.size(), 2U);
  EXPECT_TRUE(history.messages[0].deleted);
  EXPECT_EQ(history.messages[0].content, "");
}

TEST_P(CodecDecode, ChangesKeepTheirOrder) {
  auto changes = DecodeAs<Changes>(SampleChanges());
  EXPECT_EQ(changes.from, (SyncCursor{.epoch = "epoch-1", .position = 42}));
  EXPECT_EQ(changes.to, (SyncCursor{.epoch = "epoch-1", .position = 44}));
  ASSERT_EQ(changes.changes.size(), 2U);
  EXPECT_EQ(std::get<ConversationSummary>(changes.changes[0]), ExpectedConversation());
  EXPECT_EQ(std::get<Message>(changes.changes[1]), ExpectedMessage(9));
}

TEST_P(CodecDecode, ChangeOfUnknownKindIsLeftOut) {
  wire::ServerFrame sent = SampleChanges();
  sent.mutable_changes()->mutable_changes(0)->Clear();
  EXPECT_EQ(DecodeAs<Changes>(sent).changes.size(), 1U);
}

TEST_P(CodecDecode, AckArrivesWhole) {
  auto ack = DecodeAs<Ack>(SampleAck());
  EXPECT_EQ(ack.request, 5U);
  EXPECT_EQ(ack.message, MessageId("message-9"));
  EXPECT_EQ(ack.server_id, "server-9");
  EXPECT_EQ(ack.sequence, 9U);
  EXPECT_EQ(ack.revision, 1U);
}

TEST_P(CodecDecode, AckOfAReadMarkerHasNoMessage) {
  wire::ServerFrame sent;
  sent.mutable_ack()->set_request_id(5);
  EXPECT_TRUE(DecodeAs<Ack>(sent).message.empty());
}

TEST_P(CodecDecode, EveryRefusalCodeIsKnown) {
  const std::pair<wire::Refused::Code, RefusedCode> kCodes[] = {
      {wire::Refused::CODE_UNSPECIFIED, RefusedCode::kInternal},
      {wire::Refused::CODE_MALFORMED, RefusedCode::kMalformed},
      {wire::Refused::CODE_UNAUTHENTICATED, RefusedCode::kUnauthenticated},
      {wire::Refused::CODE_PERMISSION, RefusedCode::kPermission},
      {wire::Refused::CODE_NOT_FOUND, RefusedCode::kNotFound},
      {wire::Refused::CODE_INVALID, RefusedCode::kInvalid},
      {wire::Refused::CODE_TOO_LARGE, RefusedCode::kTooLarge},
      {wire::Refused::CODE_CONFLICT, RefusedCode::kConflict},
      {wire::Refused::CODE_RATE_LIMITED, RefusedCode::kRateLimited},
      {wire::Refused::CODE_UNAVAILABLE, RefusedCode::kUnavailable},
      {wire::Refused::CODE_INTERNAL, RefusedCode::kInternal},
      {wire::Refused::CODE_UNSUPPORTED, RefusedCode::kUnsupported},
  };
  for (const auto& [sent_code, code] : kCodes) {
    wire::ServerFrame sent = SampleRefused();
    sent.mutable_refused()->set_code(sent_code);
    EXPECT_EQ(DecodeAs<Refused>(sent).code, code);
  }
  auto refused = DecodeAs<Refused>(SampleRefused());
  EXPECT_EQ(refused.request, 6U);
  EXPECT_EQ(refused.message, "slower, please");
  EXPECT_EQ(refused.retry_after, milliseconds{1'500});
}

TEST_P(CodecDecode, EphemeralFramesArriveWhole) {
  auto typing = DecodeAs<Typing>(SampleTyping());
  EXPECT_EQ(typing.conversation, ConversationId("conversation-1"));
  EXPECT_EQ(typing.role, Role::kAssistant);
  EXPECT_TRUE(typing.active);
  auto partial = DecodeAs<Partial>(SamplePartial());
  EXPECT_EQ(partial.message, MessageId("message-10"));
  EXPECT_EQ(partial.offset, 12U);
  EXPECT_EQ(partial.text, "and so");
}

TEST_P(CodecDecode, TheRestArrivesWhole) {
  auto renewed = DecodeAs<TokenRenewed>(SampleTokenRenewed());
  EXPECT_EQ(renewed.request, 8U);
  EXPECT_EQ(renewed.token.bytes(), "a-new-token");
  EXPECT_EQ(renewed.expires_at, kWrittenAt);
  EXPECT_EQ(DecodeAs<Pong>(SamplePong()).nonce, 0xFFFF'FFFF'FFFF'FFFFU);
  auto going_away = DecodeAs<GoingAway>(SampleGoingAway());
  EXPECT_EQ(going_away.reason, "maintenance");
  EXPECT_EQ(going_away.reconnect_after, milliseconds{5'000});
}

TEST_P(CodecDecode, FrameAndEphemeralOfUnknownKindAreUnknown) {
  DecodeAs<UnknownFrame>(wire::ServerFrame{});
  wire::ServerFrame ephemeral;
  ephemeral.mutable_ephemeral()->set_conversation_id("conversation-1");
  DecodeAs<UnknownFrame>(ephemeral);
}

TEST_P(CodecDecode, TextsForPeopleAreCutAtWholeCharacters) {
  wire::ServerFrame sent = SampleConversationPage();
  std::string long_text;
  for (int i = 0; i < 2'000; ++i) long_text += "世";
  sent.mutable_conversation_page()->mutable_conversations(0)->set_title(long_text);
  sent.mutable_conversation_page()->mutable_conversations(0)->set_preview(long_text);
  auto page = DecodeAs<ConversationPage>(sent);
  ASSERT_EQ(page.conversations.size(), 1U);
  EXPECT_EQ(page.conversations[0].title.size(), limits::kTitleBytes / 3 * 3);
  EXPECT_EQ(page.conversations[0].preview.size(), limits::kPreviewCharacters * 3);
}

// One message that is too long for a client would keep all the others away from it.
TEST_P(CodecDecode, ContentIsCutAtAWholeCharacter) {
  wire::ServerFrame sent = SampleHistory();
  std::string long_text;
  while (long_text.size() <= limits::kContentBytes) long_text += "世";
  sent.mutable_history()->mutable_messages(0)->set_content(long_text);
  const auto history = DecodeAs<History>(sent);
  EXPECT_EQ(history.messages.at(0).content, long_text.substr(0, limits::kContentBytes / 3 * 3));
}

TEST_P(CodecDecode, SentencesStayOnOneShortLine) {
  wire::ServerFrame sent = SampleRefused();
  sent.mutable_refused()->set_message("one\ntwo\x1b[31m" + std::string(5'000, 'x'));
  std::string message = DecodeAs<Refused>(sent).message;
  EXPECT_EQ(message.substr(0, 12), "one two [31m");
  EXPECT_LE(message.size(), 256U);
}

TEST_P(CodecDecode, TimesReachFromYear1To9999) {
  wire::ServerFrame sent = SampleConversationPage();
  auto* at = sent.mutable_conversation_page()->mutable_conversations(0)->mutable_last_activity_at();
  at->set_seconds(-62'135'596'800);
  EXPECT_EQ(DecodeAs<ConversationPage>(sent).conversations.at(0).last_activity_at,
            WallTime{std::chrono::seconds{-62'135'596'800}});
  at->set_seconds(253'402'300'799);
  at->set_nanos(999'999'999);
  EXPECT_EQ(DecodeAs<ConversationPage>(sent).conversations.at(0).last_activity_at,
            WallTime{milliseconds{253'402'300'799'999}});
}

}  // namespace
}  // namespace hark::transport
