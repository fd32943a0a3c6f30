// The rules of a session: order of frames, refusals, appends, delivery to others.
#include <gtest/gtest.h>

#include "tests/unit/backend/support.h"

namespace hark::backend {
namespace {

class SessionTest : public testing::Test {
 protected:
  BackendFixture backend_;
  FakeClient client_{backend_};
};

TEST_F(SessionTest, WelcomeAnnouncesLimitsAndWhereTheStreamBegins) {
  const auto welcome = client_.Greet(backend_.token);
  EXPECT_EQ(welcome.user_id(), backend_.user);
  EXPECT_EQ(welcome.resume(), wire::Welcome::RESUME_NO_CURSOR);
  EXPECT_EQ(welcome.cursor().position(), backend_.Head());
  EXPECT_FALSE(welcome.cursor().epoch().empty());
  EXPECT_EQ(welcome.limits().max_frame_bytes(), 1'048'576U);
  EXPECT_EQ(welcome.limits().max_content_bytes(), 65'536U);
  EXPECT_EQ(welcome.features_size(), 5);
  EXPECT_FALSE(welcome.has_token_expires_at());
}

TEST_F(SessionTest, AnotherFrameBeforeHelloEndsTheSession) {
  wire::ClientFrame frame;
  frame.mutable_ping()->set_nonce(1);
  EXPECT_EQ(client_.Ask(frame).refused().code(), wire::Refused::CODE_MALFORMED);
  EXPECT_EQ(client_.closed, CloseKind::kProtocolError);
}

TEST_F(SessionTest, SecondHelloEndsTheSession) {
  client_.Greet(backend_.token);
  wire::ClientFrame frame;
  frame.mutable_hello()->set_token(backend_.token);
  EXPECT_EQ(client_.Ask(frame).refused().code(), wire::Refused::CODE_MALFORMED);
  EXPECT_TRUE(client_.closed);
}

TEST_F(SessionTest, WrongTokenEndsTheSession) {
  wire::ClientFrame frame;
  frame.mutable_hello()->set_token("hark_wrong");
  EXPECT_EQ(client_.Ask(frame).refused().code(), wire::Refused::CODE_UNAUTHENTICATED);
  EXPECT_EQ(client_.closed, CloseKind::kPolicy);
}

TEST_F(SessionTest, NoHelloWithinTenSecondsEndsTheSession) {
  backend_.clock.Advance(std::chrono::seconds(10));
  backend_.hub.Tick();
  EXPECT_FALSE(client_.closed);
  backend_.clock.Advance(std::chrono::milliseconds(1));
  backend_.hub.Tick();
  EXPECT_TRUE(client_.closed);
}

TEST_F(SessionTest, FrameOfALaterVersionIsIgnored) {
  client_.Greet(backend_.token);
  // Field 99, a length-delimited one of no bytes.
  client_.session().OnMessage(std::string("\x9A\x06\x00", 3), false);
  EXPECT_TRUE(client_.frames().empty());
  EXPECT_FALSE(client_.closed);
}

TEST_F(SessionTest, BytesThatAreNoFrameEndTheSession) {
  client_.Greet(backend_.token);
  client_.session().OnMessage("\xff\xff\xff", false);
  EXPECT_EQ(client_.Hear().refused().code(), wire::Refused::CODE_MALFORMED);
  EXPECT_TRUE(client_.closed);
}

TEST_F(SessionTest, InvalidUtf8EndsTheSession) {
  client_.Greet(backend_.token);
  // Subscribe (field 4) with one id (field 1) of the single byte 0xFF.
  client_.session().OnMessage("\x22\x03\x0a\x01\xff", false);
  EXPECT_EQ(client_.Hear().refused().code(), wire::Refused::CODE_MALFORMED);
}

TEST_F(SessionTest, TextOnABinarySessionEndsIt) {
  client_.Greet(backend_.token);
  client_.session().OnMessage("{}", true);
  EXPECT_EQ(client_.Hear().refused().code(), wire::Refused::CODE_MALFORMED);
}

TEST_F(SessionTest, RequestWithoutIdIsRefusedAndTheSessionGoesOn) {
  client_.Greet(backend_.token);
  wire::ClientFrame frame;
  frame.mutable_list_conversations();
  const auto answer = client_.Ask(frame);
  EXPECT_EQ(answer.refused().code(), wire::Refused::CODE_INVALID);
  EXPECT_FALSE(client_.closed);
}

TEST_F(SessionTest, PageSizeOverTheLimitIsRefused) {
  client_.Greet(backend_.token);
  wire::ClientFrame frame;
  frame.mutable_get_history()->set_request_id(1);
  frame.mutable_get_history()->set_conversation_id("c");
  frame.mutable_get_history()->set_page_size(201);
  EXPECT_EQ(client_.Ask(frame).refused().code(), wire::Refused::CODE_TOO_LARGE);
}

// Asks for the newest messages of each of these at once.
wire::ClientFrame AskForMany(const std::vector<std::string>& conversations, std::uint32_t size) {
  wire::ClientFrame frame;
  frame.mutable_get_histories()->set_request_id(7);
  for (const std::string& id : conversations) {
    wire::GetHistory& ask = *frame.mutable_get_histories()->add_asks();
    ask.set_conversation_id(id);
    ask.set_before_sequence(1'000);
    ask.set_page_size(size);
  }
  return frame;
}

TEST_F(SessionTest, PagesOfSeveralConversationsAreOneAnswer) {
  backend_.AppendMany(30);
  client_.Greet(backend_.token);
  const wire::ServerFrame answer = client_.Ask(AskForMany({"c", "nowhere", "c"}, 20));
  EXPECT_EQ(answer.histories().request_id(), 7U);
  ASSERT_EQ(answer.histories().pages_size(), 3);
  EXPECT_EQ(answer.histories().pages(0).messages_size(), 20);
  EXPECT_EQ(answer.histories().pages(0).from_sequence(), 11U);
  EXPECT_EQ(answer.histories().pages(1).conversation_id(), "nowhere");
  EXPECT_TRUE(answer.histories().pages(1).has_more()) << "settles nothing";
  EXPECT_EQ(answer.histories().pages(1).to_sequence(), 0U);
  EXPECT_EQ(answer.histories().pages(2).messages_size(), 20);
}

TEST_F(SessionTest, AnAnswerOfSeveralPagesIsNotLargerThanOfOne) {
  backend_.AppendMany(150);
  client_.Greet(backend_.token);
  const wire::ServerFrame answer = client_.Ask(AskForMany({"c", "c", "c"}, 100));
  EXPECT_EQ(answer.histories().pages_size(), 2) << "the third is asked for again";
}

TEST_F(SessionTest, SeveralLongPagesAreCutToWhatAFrameHolds) {
  for (int i = 0; i < 40; ++i) {
    const std::string id = "long" + std::to_string(i);
    ASSERT_TRUE(backend_.store->Append(backend_.user, MakeMessage(id, std::string(60'000, 'x'))));
  }
  client_.Greet(backend_.token);
  const wire::ServerFrame answer = client_.Ask(AskForMany({"c", "c"}, 100));
  ASSERT_GE(answer.histories().pages_size(), 1);
  const wire::History& page = answer.histories().pages(0);
  EXPECT_GE(page.messages_size(), 1);
  EXPECT_LT(page.messages_size(), 18);
  EXPECT_EQ(page.to_sequence(), 40U);
  EXPECT_TRUE(page.has_more());
  EXPECT_LE(answer.ByteSizeLong(), 1'048'576U);
}

TEST_F(SessionTest, ARequestForNoPagesIsRefused) {
  client_.Greet(backend_.token);
  EXPECT_EQ(client_.Ask(AskForMany({}, 20)).refused().code(), wire::Refused::CODE_INVALID);
}

TEST_F(SessionTest, RepeatedAppendAnswersTheSameAndStoresOnce) {
  client_.Greet(backend_.token);
  const auto first = client_.Append(MakeMessage("a", "hello"));
  const auto again = client_.Append(MakeMessage("a", "hello"));
  EXPECT_EQ(first.ack().sequence(), 1U);
  EXPECT_EQ(again.ack().sequence(), 1U);
  EXPECT_EQ(again.ack().revision(), 1U);
  EXPECT_EQ(backend_.store->GetConversation(backend_.user, "c")->message_count(), 1U);
}

TEST_F(SessionTest, RefusalsOfAppendNameTheReason) {
  client_.Greet(backend_.token);
  const auto code = [&](const Message& message) {
    return client_.Append(message).refused().code();
  };
  EXPECT_EQ(code(MakeMessage("a", "")), wire::Refused::CODE_INVALID);
  EXPECT_EQ(code(MakeMessage("", "x")), wire::Refused::CODE_INVALID);
  EXPECT_EQ(code(MakeMessage("a", std::string(65'537, 'x'))), wire::Refused::CODE_TOO_LARGE);
  EXPECT_EQ(code(MakeMessage("a", "x", "unknown")), wire::Refused::CODE_NOT_FOUND);
  Message message = MakeMessage("a", "x");
  message.set_role(wire::ROLE_ASSISTANT);
  EXPECT_EQ(code(message), wire::Refused::CODE_PERMISSION);
  message.set_role(static_cast<wire::Role>(42));
  EXPECT_EQ(code(message), wire::Refused::CODE_INVALID);
  EXPECT_TRUE(client_.Append(MakeMessage("a", std::string(65'536, 'x'))).has_ack());
  EXPECT_EQ(code(MakeMessage("a", "other")), wire::Refused::CODE_CONFLICT);
}

TEST_F(SessionTest, SubscribedSessionGetsTheBodyAndOthersTheSummary) {
  FakeClient follower(backend_);
  FakeClient onlooker(backend_);
  client_.Greet(backend_.token);
  const auto begin = follower.Greet(backend_.token).cursor();
  onlooker.Greet(backend_.token);
  follower.Subscribe("c");
  client_.Append(MakeMessage("a", "hello"));

  const auto followed = follower.Hear().changes();
  EXPECT_EQ(followed.from().position(), begin.position());
  EXPECT_EQ(followed.to().position(), begin.position() + 1);
  ASSERT_EQ(followed.changes_size(), 2);
  EXPECT_EQ(followed.changes(0).message().id(), "a");
  EXPECT_EQ(followed.changes(1).conversation().last_sequence(), 1U);
  const auto seen = onlooker.Hear().changes();
  ASSERT_EQ(seen.changes_size(), 1);
  EXPECT_EQ(seen.changes(0).conversation().preview(), "hello");
}

TEST_F(SessionTest, EditOfAnUnfollowedConversationIsSentWithItsMessage) {
  FakeClient onlooker(backend_);
  client_.Greet(backend_.token);
  client_.Append(MakeMessage("a", "hello"));
  onlooker.Greet(backend_.token);
  wire::ClientFrame edit;
  edit.mutable_edit()->set_request_id(77);
  edit.mutable_edit()->set_conversation_id("c");
  edit.mutable_edit()->set_message_id("a");
  edit.mutable_edit()->set_base_revision(1);
  edit.mutable_edit()->set_content("hello again");
  client_.Say(edit);
  const auto seen = onlooker.Hear().changes();
  ASSERT_EQ(seen.changes_size(), 2);
  EXPECT_EQ(seen.changes(0).message().content(), "hello again");
  EXPECT_EQ(seen.changes(1).conversation().preview(), "hello again");
}

TEST_F(SessionTest, RevisionThatHasNoNextIsInvalid) {
  client_.Greet(backend_.token);
  client_.Append(MakeMessage("a", "hello"));
  wire::ClientFrame edit;
  edit.mutable_edit()->set_request_id(77);
  edit.mutable_edit()->set_conversation_id("c");
  edit.mutable_edit()->set_message_id("a");
  edit.mutable_edit()->set_base_revision(kHighestBase + 1);
  edit.mutable_edit()->set_content("hello again");
  EXPECT_EQ(client_.Ask(edit).refused().code(), wire::Refused::CODE_INVALID);
}

TEST_F(SessionTest, SlowReaderGetsNoMoreUntilItHasRead) {
  client_.Greet(backend_.token);
  client_.queued_bytes = kWriteQueueSoftBytes;
  backend_.AppendMany(3);
  backend_.hub.LogGrown(backend_.user);
  EXPECT_TRUE(client_.frames().empty());
  client_.queued_bytes = 0;
  client_.session().OnWritten();
  EXPECT_EQ(client_.Hear().changes().to().position(), backend_.Head());
}

TEST_F(SessionTest, ClientThatDoesNotReadIsDropped) {
  client_.Greet(backend_.token);
  client_.writing_since = backend_.clock.Steady();
  backend_.clock.Advance(std::chrono::milliseconds(60'001));
  backend_.hub.Tick();
  EXPECT_TRUE(client_.aborted);
}

TEST_F(SessionTest, SilenceOfTwoHeartbeatsEndsTheSession) {
  client_.Greet(backend_.token);
  backend_.clock.Advance(std::chrono::seconds(60));
  backend_.hub.Tick();
  EXPECT_FALSE(client_.closed);
  backend_.clock.Advance(std::chrono::milliseconds(1));
  backend_.hub.Tick();
  EXPECT_TRUE(client_.Hear().has_going_away());
  EXPECT_EQ(client_.closed, CloseKind::kGoingAway);
}

TEST_F(SessionTest, TokenThatExpiresEndsTheSession) {
  const auto token = backend_.users->CreateToken("ana", std::chrono::seconds(20))->token;
  EXPECT_TRUE(client_.Greet(token).has_token_expires_at());
  backend_.clock.Advance(std::chrono::seconds(20));
  backend_.hub.Tick();
  EXPECT_EQ(client_.Hear().refused().code(), wire::Refused::CODE_UNAUTHENTICATED);
}

TEST_F(SessionTest, RenewedTokenCarriesTheSessionOn) {
  const auto token = backend_.users->CreateToken("ana", std::chrono::seconds(20))->token;
  client_.Greet(token);
  backend_.clock.Advance(std::chrono::seconds(15));
  wire::ClientFrame frame;
  frame.mutable_renew_token()->set_request_id(1);
  const auto renewed = client_.Ask(frame).token_renewed();
  EXPECT_FALSE(renewed.token().empty());
  EXPECT_EQ(client_.Ask(frame).refused().code(), wire::Refused::CODE_RATE_LIMITED);
  backend_.clock.Advance(std::chrono::seconds(10));
  backend_.hub.Tick();
  EXPECT_FALSE(client_.closed);
  EXPECT_TRUE(backend_.users->Authenticate(renewed.token()));
  EXPECT_FALSE(backend_.users->Authenticate(token));
}

TEST_F(SessionTest, RevokedTokenEndsTheSession) {
  client_.Greet(backend_.token);
  ASSERT_TRUE(backend_.users->RevokeAll("ana"));
  backend_.hub.TokensChanged();
  EXPECT_EQ(client_.Hear().refused().code(), wire::Refused::CODE_UNAUTHENTICATED);
}

}  // namespace
}  // namespace hark::backend
