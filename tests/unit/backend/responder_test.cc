// The assistant that repeats.
#include "tools/backend/responder.h"

#include <deque>
#include <functional>
#include <numeric>

#include <gtest/gtest.h>

#include "tests/unit/backend/support.h"

namespace hark::backend {
namespace {

// Runs what is scheduled when it is told to.
class ManualScheduler final : public Scheduler {
 public:
  void After(std::chrono::milliseconds, std::function<void()> work) override {
    work_.push_back(std::move(work));
  }
  void RunAll() {
    while (!work_.empty()) {
      const auto work = std::move(work_.front());
      work_.pop_front();
      work();
    }
  }

 private:
  std::deque<std::function<void()>> work_;
};

class ResponderTest : public testing::Test {
 protected:
  BackendFixture backend_;
  ManualScheduler scheduler_;
  EchoResponder echo_{*backend_.store, backend_.hub, backend_.clock, scheduler_,
                      std::chrono::milliseconds(30)};
  FakeClient client_{backend_, Encoding::kProto, &echo_};
};

TEST_F(ResponderTest, PiecesMakeUpTheMessageThatIsStored) {
  client_.Greet(backend_.token);
  client_.Subscribe("c");
  client_.Append(MakeMessage("a", "hello you"));
  scheduler_.RunAll();
  std::string text;
  std::string id;
  std::vector<bool> typing;
  Message stored;
  while (!client_.frames().empty()) {
    const auto frame = client_.Hear();
    if (frame.ephemeral().has_typing()) typing.push_back(frame.ephemeral().typing().active());
    if (frame.ephemeral().has_partial()) {
      EXPECT_EQ(frame.ephemeral().partial().offset(), text.size());
      text += frame.ephemeral().partial().text();
      id = frame.ephemeral().partial().message_id();
    }
    for (const auto& change : frame.changes().changes()) {
      if (change.message().role() == wire::ROLE_ASSISTANT) stored = change.message();
    }
  }
  EXPECT_EQ(text, "You said: hello you");
  EXPECT_EQ(stored.content(), text);
  EXPECT_EQ(stored.id(), id);
  EXPECT_EQ(typing, (std::vector<bool>{true, false}));
}

TEST_F(ResponderTest, AnswersComeInOrderAndRepetitionsAreNotAnswered) {
  client_.Greet(backend_.token);
  client_.Append(MakeMessage("a", "one"));
  client_.Append(MakeMessage("b", "two"));
  client_.Append(MakeMessage("a", "one"));
  scheduler_.RunAll();
  const auto page =
      *backend_.store->ReadHistory(backend_.user, {"c", HistoryQuery::Anchor::kNewest, "", 0, 200});
  ASSERT_EQ(page.messages.size(), 4U);
  EXPECT_EQ(page.messages[2].content(), "You said: one");
  EXPECT_EQ(page.messages[3].content(), "You said: two");
}

TEST_F(ResponderTest, LongestQuestionIsAnsweredWithinTheLimit) {
  client_.Greet(backend_.token);
  std::string content;
  while (content.size() < kMaxContentBytes) content += "ü";
  ASSERT_TRUE(client_.Append(MakeMessage("a", content)).has_ack());
  scheduler_.RunAll();
  const Message answer = *backend_.store->GetMessage(backend_.user, "c", 2);
  EXPECT_LE(answer.content().size(), kMaxContentBytes);
  EXPECT_GT(answer.content().size(), kMaxContentBytes - 4);
}

TEST(SplitTest, PiecesAreWordsAndNeverTooMany) {
  EXPECT_EQ(SplitIntoPieces("a bc d", 200), (std::vector<std::string>{"a ", "bc ", "d"}));
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "x ";
  const auto pieces = SplitIntoPieces(many, 200);
  EXPECT_LE(pieces.size(), 200U);
  EXPECT_EQ(std::accumulate(pieces.begin(), pieces.end(), std::string()), many);
}

}  // namespace
}  // namespace hark::backend
