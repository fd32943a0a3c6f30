#include "daemon/ipc/message_encoder.h"

#include <chrono>
#include <limits>
#include <random>
#include <string>

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "hark/v1/messages.pb.h"

#include "daemon/base/limits.h"
#include "daemon/ipc/convert_message.h"

namespace hark::ipc {
namespace {

constexpr int kField = v1::ListMessagesResponse::kMessagesFieldNumber;

std::string WithProtobuf(const Message& message) {
  v1::ListMessagesResponse page;
  ToProto(message, page.add_messages());
  return page.SerializeAsString();
}

std::string Encoded(const Message& message) {
  std::string bytes;
  AppendMessage(kField, message, bytes);
  return bytes;
}

Message Usual() {
  Message message;
  message.id = MessageId("01890a5d-0000-7000-9000-000000000000");
  message.conversation = ConversationId("01890a5d-0000-7000-8000-000000000000");
  message.role = Role::kAssistant;
  message.content = "é 日本";
  message.content_type = "text/markdown";
  message.metadata = {{"name", "value"}};
  message.created_at = WallTime(std::chrono::milliseconds(1'700'000'000'123));
  message.edited_at = WallTime(std::chrono::milliseconds(1'700'000'001'000));
  message.sequence = 300;
  message.revision = 2;
  message.server_id = "s";
  return message;
}

TEST(MessageEncoderTest, WritesTheBytesOfProtobuf) {
  EXPECT_EQ(Encoded(Usual()), WithProtobuf(Usual()));
}

TEST(MessageEncoderTest, DefaultsAreLeftOut) {
  EXPECT_EQ(Encoded(Message()), WithProtobuf(Message()));
}

TEST(MessageEncoderTest, ExtremesAreWrittenInFull) {
  Message message = Usual();
  message.content = std::string(limits::kContentBytes, 'x');
  message.created_at = WallTime(std::chrono::milliseconds(-1));
  message.sequence = std::numeric_limits<Sequence>::max();
  message.revision = std::numeric_limits<std::uint64_t>::max();
  message.metadata = {{"", ""}};
  message.deleted = true;
  EXPECT_EQ(Encoded(message), WithProtobuf(message));
}

TEST(MessageEncoderTest, TroublesAreTold) {
  Message message = Usual();
  message.delivery = Delivery::kFailed;
  message.failure = DeliveryFailure{"TOO_LARGE", "it is too large", true, std::chrono::seconds(5)};
  message.change = PendingChange{.kind = PendingChange::Kind::kEdit,
                                 .delivery = Delivery::kFailed,
                                 .failure = DeliveryFailure{},
                                 .content = "mine"};
  EXPECT_EQ(Encoded(message), WithProtobuf(message));
}

TEST(MessageEncoderTest, AppendsToWhatIsThere) {
  v1::ListMessagesResponse page;
  ASSERT_TRUE(page.ParseFromString(Encoded(Usual()) + Encoded(Message()) + Encoded(Usual())));
  ASSERT_EQ(page.messages_size(), 3);
  EXPECT_EQ(page.messages(2).content(), Usual().content);
}

TEST(MessageEncoderTest, AnyMessageParsesToWhatProtobufMakesOfIt) {
  constexpr std::uint32_t kSeed = 20'261;
  std::mt19937 random(kSeed);
  const auto text = [&random](std::size_t longest) {
    return std::string(random() % (longest + 1), static_cast<char>('a' + random() % 26));
  };
  for (int i = 0; i < 2'000; ++i) {
    Message message;
    message.id = MessageId(text(limits::kIdBytes));
    message.conversation = ConversationId(text(limits::kIdBytes));
    message.role = static_cast<Role>(random() % 4);
    message.content = text(random() % 2 == 0 ? 300 : 20'000);
    message.content_type = text(40);
    for (std::size_t entry = random() % 4; entry > 0; --entry) {
      message.metadata.emplace(text(60), text(500));
    }
    message.created_at = WallTime(std::chrono::milliseconds(static_cast<int>(random())));
    if (random() % 2 == 0) message.edited_at = message.created_at;
    message.sequence = random() >> (random() % 32);
    message.revision = random() >> (random() % 32);
    message.server_id = text(limits::kIdBytes);
    message.deleted = random() % 2 == 0;
    message.delivery = static_cast<Delivery>(1 + random() % 7);
    v1::ListMessagesResponse expected;
    ToProto(message, expected.add_messages());
    v1::ListMessagesResponse parsed;
    ASSERT_TRUE(parsed.ParseFromString(Encoded(message))) << "seed " << kSeed << ", message " << i;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(parsed, expected))
        << "seed " << kSeed << ", message " << i;
  }
}

}  // namespace
}  // namespace hark::ipc
