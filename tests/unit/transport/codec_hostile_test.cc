// Frames that break a rule are refused whole, with a sentence that repeats nothing of them; what a
// newer backend may send is read past.

#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/transport/codec.h"
#include "tests/unit/transport/wire_samples.h"

namespace hark::transport {
namespace {

constexpr std::uint64_t kTooHigh = 1ULL << 63;

struct Case {
  const char* name;
  wire::ServerFrame (*sample)();
  std::function<void(wire::ServerFrame&)> spoil;
};

wire::Message& FirstMessage(wire::ServerFrame& frame) {
  return *frame.mutable_history()->mutable_messages(0);
}

wire::Conversation& FirstConversation(wire::ServerFrame& frame) {
  return *frame.mutable_conversation_page()->mutable_conversations(0);
}

const Case kCases[] = {
    {"EmptyUser", SampleWelcome, [](auto& f) { f.mutable_welcome()->clear_user_id(); }},
    {"LongUser", SampleWelcome,
     [](auto& f) { f.mutable_welcome()->set_user_id(std::string(129, 'u')); }},
    {"WelcomeWithoutCursor", SampleWelcome, [](auto& f) { f.mutable_welcome()->clear_cursor(); }},
    {"EmptyEpoch", SampleWelcome,
     [](auto& f) { f.mutable_welcome()->mutable_cursor()->clear_epoch(); }},
    {"LongEpoch", SampleWelcome,
     [](auto& f) { f.mutable_welcome()->mutable_cursor()->set_epoch(std::string(65, 'e')); }},
    {"EpochBeyondAscii", SampleWelcome,
     [](auto& f) { f.mutable_welcome()->mutable_cursor()->set_epoch("\u00e9poque"); }},
    {"HighPosition", SampleWelcome,
     [](auto& f) { f.mutable_welcome()->mutable_cursor()->set_position(kTooHigh); }},
    {"EmptyConversationId", SampleConversationPage,
     [](auto& f) { FirstConversation(f).clear_id(); }},
    {"HighCount", SampleConversationPage,
     [](auto& f) { FirstConversation(f).set_message_count(kTooHigh); }},
    {"HighLastSequence", SampleConversationPage,
     [](auto& f) { FirstConversation(f).set_last_sequence(kTooHigh); }},
    {"LongPageToken", SampleConversationPage,
     [](auto& f) { f.mutable_conversation_page()->set_next_page_token(std::string(1'025, 't')); }},
    {"EmptyMessageId", SampleHistory, [](auto& f) { FirstMessage(f).clear_id(); }},
    {"LongMessageId", SampleHistory,
     [](auto& f) { FirstMessage(f).set_id(std::string(129, 'm')); }},
    {"ForeignMessage", SampleHistory,
     [](auto& f) { FirstMessage(f).set_conversation_id("conversation-2"); }},
    {"SequenceZero", SampleHistory, [](auto& f) { FirstMessage(f).set_sequence(0); }},
    {"SequenceOutOfRange", SampleHistory, [](auto& f) { FirstMessage(f).set_sequence(4); }},
    {"SequenceRepeated", SampleHistory, [](auto& f) { FirstMessage(f).set_sequence(7); }},
    {"HighSequence", SampleHistory, [](auto& f) { FirstMessage(f).set_sequence(kTooHigh); }},
    {"RevisionZero", SampleHistory, [](auto& f) { FirstMessage(f).set_revision(0); }},
    {"HighRevision", SampleHistory, [](auto& f) { FirstMessage(f).set_revision(kTooHigh); }},
    {"ForeignMessageInASecondPage", SampleHistories,
     [](auto& f) { f.mutable_histories()->mutable_pages(1)->set_conversation_id("another"); }},
    {"ManyPages", SampleHistories,
     [](auto& f) {
       const wire::History page = f.histories().pages(0);
       while (f.histories().pages_size() < 201) *f.mutable_histories()->add_pages() = page;
     }},
    {"PageOfNoConversation", SampleHistories,
     [](auto& f) { f.mutable_histories()->mutable_pages(0)->clear_conversation_id(); }},
    {"RangeBackwards", SampleHistory, [](auto& f) { f.mutable_history()->set_to_sequence(1); }},
    {"RangeHalf", SampleHistory, [](auto& f) { f.mutable_history()->set_from_sequence(0); }},
    {"MuchMetadata", SampleHistory,
     [](auto& f) {
       (*FirstMessage(f).mutable_metadata())["k"] = std::string(limits::kMetadataBytes, 'x');
     }},
    {"ManyMetadata", SampleHistory,
     [](auto& f) {
       for (int i = 0; i < 40; ++i) (*FirstMessage(f).mutable_metadata())[std::to_string(i)] = "";
     }},
    {"ChangesWithoutCursor", SampleChanges, [](auto& f) { f.mutable_changes()->clear_to(); }},
    {"ChangesOverEpochs", SampleChanges,
     [](auto& f) { f.mutable_changes()->mutable_to()->set_epoch("epoch-2"); }},
    {"ChangesBackwards", SampleChanges,
     [](auto& f) { f.mutable_changes()->mutable_to()->set_position(41); }},
    {"BadMessageInChanges", SampleChanges,
     [](auto& f) {
       f.mutable_changes()->mutable_changes(1)->mutable_message()->clear_conversation_id();
     }},
    {"LongAckId", SampleAck,
     [](auto& f) { f.mutable_ack()->set_message_id(std::string(129, 'm')); }},
    {"AckWithoutSequence", SampleAck, [](auto& f) { f.mutable_ack()->clear_sequence(); }},
    {"TypingNowhere", SampleTyping,
     [](auto& f) { f.mutable_ephemeral()->clear_conversation_id(); }},
    {"PartialOfNothing", SamplePartial,
     [](auto& f) { f.mutable_ephemeral()->mutable_partial()->clear_message_id(); }},
    {"LongPartial", SamplePartial,
     [](auto& f) {
       f.mutable_ephemeral()->mutable_partial()->set_text(
           std::string(limits::kContentBytes + 1, 'x'));
     }},
    {"EmptyToken", SampleTokenRenewed, [](auto& f) { f.mutable_token_renewed()->clear_token(); }},
    {"TokenWithSpace", SampleTokenRenewed,
     [](auto& f) { f.mutable_token_renewed()->set_token("two words"); }},
    {"LongToken", SampleTokenRenewed,
     [](auto& f) { f.mutable_token_renewed()->set_token(std::string(4'097, 't')); }},
};

void ExpectInvalid(const Result<ServerFrame>& frame) {
  ASSERT_FALSE(frame.has_value());
  EXPECT_EQ(frame.error().code, ErrorCode::kInvalidArgument);
}

class BrokenRule : public ::testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(Cases, BrokenRule, ::testing::ValuesIn(kCases),
                         [](const auto& made) { return std::string(made.param.name); });

TEST_P(BrokenRule, RefusesTheWholeFrame) {
  wire::ServerFrame frame = GetParam().sample();
  GetParam().spoil(frame);
  ExpectInvalid(Decode(ToBytes(frame, Encoding::kProto), Encoding::kProto));
  ExpectInvalid(Decode(ToBytes(frame, Encoding::kJson), Encoding::kJson));
}

TEST(CodecHostile, TimesOutsideOfTheYears1To9999AreRefused) {
  // Only the binary encoding can say them; protobuf's own JSON writer refuses.
  for (std::int64_t seconds : {-62'135'596'801L, 253'402'300'800L, 1'700'000'000'000L}) {
    wire::ServerFrame frame = SampleHistory();
    FirstMessage(frame).mutable_created_at()->set_seconds(seconds);
    ExpectInvalid(Decode(frame.SerializeAsString(), Encoding::kProto));
  }
  for (std::int32_t nanos : {-1, 1'000'000'000}) {
    wire::ServerFrame frame = SampleHistory();
    FirstMessage(frame).mutable_edited_at()->set_nanos(nanos);
    ExpectInvalid(Decode(frame.SerializeAsString(), Encoding::kProto));
  }
  ExpectInvalid(Decode(R"({"tokenRenewed":{"token":"t","expiresAt":"10000-01-01T00:00:00Z"}})",
                       Encoding::kJson));
}

TEST(CodecHostile, InvalidUtf8IsRefusedEverywhere) {
  wire::ServerFrame frame = SampleHistory();
  std::string valid = frame.SerializeAsString();
  for (std::string_view where : {"message-5", "server-7", "small", "text/markdown"}) {
    std::string bytes = valid;
    bytes[bytes.find(where)] = '\xff';
    ExpectInvalid(Decode(bytes, Encoding::kProto));
    std::string json = ToBytes(frame, Encoding::kJson);
    std::string_view shown = where == "text/markdown" ? "markdown" : where;
    json[json.find(shown)] = '\xff';
    ExpectInvalid(Decode(json, Encoding::kJson));
  }
}

TEST(CodecHostile, HalfSurrogatesInJsonAreRefused) {
  for (std::string_view escape : {R"(\ud800)", R"(\udc00)", R"(\ud800\ud800)", R"(\ud800x)"}) {
    std::string json = R"({"goingAway":{"reason":")" + std::string(escape) + R"("}})";
    Result<ServerFrame> frame = Decode(json, Encoding::kJson);
    EXPECT_FALSE(frame.has_value()) << escape;
  }
}

TEST(CodecHostile, WhatDoesNotParseIsRefused) {
  for (std::string_view text :
       {"", " ", "{", "[]", "\"\"", "1", "null", "{}{}", "{} x", "{'pong':{}}", "{\"pong\":1}",
        "{\"pong\":{\"nonce\":-1}}", "{\"pong\":{\"nonce\":\"x\"}}", "{\"pong\":{},\"ack\":{}}",
        "{\"pong\":{\"nonce\":18446744073709551616}}"}) {
    EXPECT_FALSE(Decode(text, Encoding::kJson).has_value()) << text;
  }
  for (std::string_view bytes : {"\x0a", "\x0a\x05z", "\xff\xff\xff", "\x07"}) {
    ExpectInvalid(Decode(bytes, Encoding::kProto));
  }
}

TEST(CodecHostile, FrameOverTheLimitIsRefusedUnread) {
  std::string large(limits::kFrameBytes + 1, ' ');
  ExpectInvalid(Decode(large, Encoding::kJson));
  ExpectInvalid(Decode(large, Encoding::kProto));
}

TEST(CodecHostile, DeepJsonIsRefusedEvenInUnknownFields) {
  auto nested = [](int depth) {
    std::string text = "{\"later\":";
    for (int i = 1; i < depth; ++i) text += '[';
    for (int i = 1; i < depth; ++i) text += ']';
    return text + "}";
  };
  EXPECT_TRUE(Decode(nested(limits::kJsonDepth), Encoding::kJson).has_value());
  ExpectInvalid(Decode(nested(limits::kJsonDepth + 1), Encoding::kJson));
  ExpectInvalid(Decode(nested(200'000), Encoding::kJson));
}

TEST(CodecHostile, DeepUnknownGroupsAreRefused) {
  ExpectInvalid(Decode(std::string(500'000, '\x7b'), Encoding::kProto));  // Groups of field 15.
}

TEST(CodecHostile, FramesAndFieldsOfTheFutureAreReadPast) {
  Result<ServerFrame> later = Decode(R"({"hologram":{"depth":[1,{"a":null}]}})", Encoding::kJson);
  ASSERT_TRUE(later.has_value());
  EXPECT_TRUE(std::holds_alternative<UnknownFrame>(*later));
  Result<ServerFrame> field =
      Decode(R"({"pong":{"nonce":"7","mood":"good"},"extra":[]})", Encoding::kJson);
  ASSERT_TRUE(field.has_value());
  EXPECT_EQ(std::get<Pong>(*field).nonce, 7U);
  Result<ServerFrame> binary = Decode("\xfa\x7f\x01z", Encoding::kProto);  // Field 2047.
  ASSERT_TRUE(binary.has_value());
  EXPECT_TRUE(std::holds_alternative<UnknownFrame>(*binary));
}

TEST(CodecHostile, EnumValuesOfTheFutureAreReadAsZero) {
  for (std::string_view json :
       {R"({"refused":{"requestId":"1","code":"CODE_OF_TOMORROW"}})",
        R"({"refused":{"requestId":"1","code":999}})", R"({"refused":{"requestId":"1"}})"}) {
    Result<ServerFrame> frame = Decode(json, Encoding::kJson);
    ASSERT_TRUE(frame.has_value()) << json;
    EXPECT_EQ(std::get<Refused>(*frame).code, RefusedCode::kInternal) << json;
  }
  wire::ServerFrame sent = SampleTyping();
  sent.mutable_ephemeral()->mutable_typing()->set_role(static_cast<wire::Role>(77));
  Result<ServerFrame> typing = Decode(sent.SerializeAsString(), Encoding::kProto);
  ASSERT_TRUE(typing.has_value());
  EXPECT_EQ(std::get<Typing>(*typing).role, Role::kUnspecified);
  sent = SampleWelcome();
  sent.mutable_welcome()->set_resume(static_cast<wire::Welcome::Resume>(77));
  Result<ServerFrame> welcome = Decode(sent.SerializeAsString(), Encoding::kProto);
  ASSERT_TRUE(welcome.has_value());
  EXPECT_EQ(std::get<Welcome>(*welcome).resume, Resume::kNoCursor);
}

TEST(CodecHostile, ErrorsRepeatNothingOfTheFrame) {
  wire::ServerFrame frame = SampleHistory();
  FirstMessage(frame).set_content("swordfish");
  FirstMessage(frame).set_sequence(0);
  std::string json = ToBytes(frame, Encoding::kJson);
  for (const std::string& text : {json, json + "swordfish"}) {
    Result<ServerFrame> result = Decode(text, Encoding::kJson);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message.find("swordfish"), std::string::npos);
    EXPECT_EQ(result.error().message.find("message-"), std::string::npos);
  }
}

}  // namespace
}  // namespace hark::transport
