#include "daemon/sync/draft.h"

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "daemon/base/uuid.h"

namespace hark::sync {
namespace {

const WallTime kNow{std::chrono::milliseconds(1'700'000'000'000)};

Draft Hello() {
  Draft draft;
  draft.conversation = ConversationId("c");
  draft.content = "hello";
  return draft;
}

TEST(Draft, BecomesAQueuedMessageOfTheUserWithANewId) {
  const Result<Message> message = ToMessage(Hello(), kNow);
  ASSERT_TRUE(message);
  EXPECT_TRUE(IsUuid(message->id.value()));
  EXPECT_EQ(message->role, Role::kUser);
  EXPECT_EQ(message->delivery, Delivery::kQueued);
  EXPECT_EQ(message->created_at, kNow);
  EXPECT_EQ(message->content, "hello");
}

TEST(Draft, KeepsTheCallersIdInLowerCase) {
  Draft draft = Hello();
  draft.id = MessageId("01890A5D-AC96-774B-BCCE-B302099A8057");
  const Result<Message> message = ToMessage(std::move(draft), kNow);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->id.value(), "01890a5d-ac96-774b-bcce-b302099a8057");
}

TEST(Draft, RefusesWhatTheBackendWouldRefuse) {
  const auto refused = [](Draft draft) {
    const Result<Message> message = ToMessage(std::move(draft), kNow);
    return !message && message.error().code == ErrorCode::kInvalidArgument;
  };
  Draft draft = Hello();
  draft.content.clear();
  EXPECT_TRUE(refused(draft));
  draft = Hello();
  draft.content.assign(limits::kContentBytes, 'x');
  EXPECT_FALSE(refused(draft));
  draft.content.push_back('x');
  EXPECT_TRUE(refused(draft));
  draft = Hello();
  draft.content = "broken \xC3\x28";
  EXPECT_TRUE(refused(draft));
  draft = Hello();
  draft.id = MessageId("not-a-uuid");
  EXPECT_TRUE(refused(draft));
  draft = Hello();
  draft.conversation = ConversationId();
  EXPECT_TRUE(refused(draft));
  draft = Hello();
  draft.metadata["k"] = std::string(limits::kMetadataBytes, 'v');
  EXPECT_TRUE(refused(draft));
}

TEST(Draft, ErrorsDoNotRepeatTheContent) {
  Draft draft = Hello();
  draft.content = "a secret \xFF";
  const Result<Message> message = ToMessage(std::move(draft), kNow);
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().message.find("secret"), std::string::npos);
}

TEST(CheckContent, AnEditKeepsToTheRulesOfASend) {
  EXPECT_TRUE(CheckContent("hello"));
  for (const std::string& bad :
       {std::string(), std::string(limits::kContentBytes + 1, 'x'), std::string("\xff")}) {
    const Result<void> checked = CheckContent(bad);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace hark::sync
