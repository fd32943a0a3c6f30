// What is announced: each commit once, in order, after it can be read and before it is answered,
// but for sends.

#include <atomic>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_P(StoreContract, CommitHasWhatTheReaderShows) {
  TakeCommits();
  const auto revision =
      Apply({SummaryOf("A", 3), HistoryOf("A", 2, 3), ApplyMessage{BackendMessage("A", 3, 2)}});
  ASSERT_TRUE(revision);
  const auto commits = TakeCommits();
  ASSERT_THAT(commits, SizeIs(1));
  EXPECT_EQ(commits[0]->revision, *revision);
  EXPECT_EQ(reader().CurrentRevision(), *revision);
  EXPECT_THAT(commits[0]->messages, ElementsAre(BackendMessage("A", 2), BackendMessage("A", 3, 2)));
  EXPECT_THAT(commits[0]->conversations, ElementsAre(Get("A")));
  EXPECT_THAT(commits[0]->gaps_changed, ElementsAre(ConversationId("A")));
  EXPECT_THAT(commits[0]->outbox, IsEmpty());
}

TEST_P(StoreContract, RepetitionIsNoCommit) {
  const std::vector<Operation> batch = {SummaryOf("A", 3), HistoryOf("A", 1, 3),
                                        SetCursor{{"epoch", 4}}, SetSynced{TimeOf(3), true}};
  const auto first = Apply(batch);
  TakeCommits();
  const auto second = Apply(batch);
  EXPECT_EQ(*second, *first);
  EXPECT_THAT(TakeCommits(), IsEmpty());
}

TEST_P(StoreContract, WhatChangesNothingIsNotAnnouncedWithItsGroupEither) {
  Do(HistoryOf("A", 1, 2));
  TakeCommits();
  std::promise<void> held;
  std::promise<void> released;
  writer().Apply({}, [&](const Result<LocalRevision>&) {
    held.set_value();
    released.get_future().wait();
  });
  held.get_future().wait();
  std::promise<void> repeated;
  writer().Act({ConversationId("A"), MessageId(IdOf("A", 1)), RetryMessage{}},
               [&repeated](const Result<Message>&) { repeated.set_value(); });
  std::promise<void> edited;
  writer().Act({ConversationId("A"), MessageId(IdOf("A", 2)), EditMessage{"mine"}},
               [&edited](const Result<Message>&) { edited.set_value(); });
  released.set_value();
  repeated.get_future().wait();
  edited.get_future().wait();
  const auto commits = TakeCommits();
  ASSERT_THAT(commits, SizeIs(1));
  ASSERT_THAT(commits[0]->messages, SizeIs(1));
  EXPECT_EQ(commits[0]->messages[0].id.value(), IdOf("A", 2));
}

TEST_P(StoreContract, EachStepOfASendIsAnnounced) {
  Do(SummaryOf("A", 0));
  TakeCommits();
  const MessageId id(UuidOf(1));
  ASSERT_TRUE(Send(UserMessage("A", 1, "hello")));
  const std::uint64_t position = Outbox()[0].position;
  Do(MarkSending{{position}});
  Do(RequeueEntry{position});
  Do(FailEntry{position, {"REFUSED", "No."}});
  Do(AcknowledgeSend{id, "", 1, 1});
  const auto commits = TakeCommits();
  ASSERT_THAT(commits, SizeIs(5));
  const std::vector<Delivery> expected = {Delivery::kQueued, Delivery::kSending, Delivery::kQueued,
                                          Delivery::kFailed, Delivery::kSent};
  for (std::size_t i = 0; i < commits.size(); ++i) {
    ASSERT_THAT(commits[i]->messages, SizeIs(1)) << i;
    EXPECT_EQ(commits[i]->messages[0].id, id) << i;
    EXPECT_EQ(commits[i]->messages[0].delivery, expected[i]) << i;
    if (i > 0) {
      EXPECT_GT(commits[i]->revision, commits[i - 1]->revision);
    }
  }
  for (std::size_t i = 0; i < 4; ++i) {
    ASSERT_THAT(commits[i]->outbox, SizeIs(1)) << i;
    EXPECT_EQ(commits[i]->outbox[0].position, position) << i;
    EXPECT_EQ(commits[i]->outbox[0].delivery, expected[i]) << i;
  }
  EXPECT_THAT(commits[4]->outbox_removed, ElementsAre(position));
  EXPECT_EQ(commits[0]->conversations[0].pending_count, 1U);
  EXPECT_EQ(commits[3]->conversations[0].failed_count, 1U);
  EXPECT_EQ(commits[4]->conversations[0].pending_count, 0U);
}

TEST_P(StoreContract, CommitIsAnnouncedBeforeItIsAnswered) {
  std::promise<bool> announced;
  writer().Apply({{SummaryOf("A", 1)}}, [&](Result<LocalRevision> revision) {
    const auto commits = TakeCommits();
    announced.set_value(revision && commits.size() == 1 && commits[0]->revision == *revision &&
                        reader().CurrentRevision() == *revision);
  });
  EXPECT_TRUE(announced.get_future().get());
}

TEST_P(StoreContract, FailedCallFailsAlone) {
  Do(SummaryOf("A", 0));
  TakeCommits();
  // Many at once, so that they share commits; every third is wrong.
  constexpr int kCalls = 300;
  std::vector<std::future<Result<Message>>> answers;
  for (int i = 0; i < kCalls; ++i) {
    auto promise = std::make_shared<std::promise<Result<Message>>>();
    answers.push_back(promise->get_future());
    writer().EnqueueSend(
        {UserMessage(i % 3 == 0 ? "none" : "A", i, "hello " + std::to_string(i))},
        [promise](Result<Message> result) { promise->set_value(std::move(result)); });
  }
  for (int i = 0; i < kCalls; ++i) {
    const auto answer = answers[static_cast<std::size_t>(i)].get();
    EXPECT_EQ(answer.has_value(), i % 3 != 0) << i;
  }
  std::vector<std::string> expected;
  for (int i = 0; i < kCalls; ++i) {
    if (i % 3 != 0) expected.push_back(UuidOf(i));
  }
  std::vector<std::string> stored;
  for (const OutboxEntry& entry : Outbox()) stored.push_back(entry.message.value());
  EXPECT_EQ(stored, expected);
  // Whatever the groups were, everything was announced once, in order; the last of it before what
  // comes after.
  (void)Apply({});
  std::vector<std::string> announced;
  for (const auto& commit : TakeCommits()) {
    for (const Message& message : commit->messages) announced.push_back(message.id.value());
  }
  EXPECT_EQ(announced, expected);
}

TEST_P(StoreContract, APageThatFailsTakesNoOtherWithIt) {
  // Many at once, so that they share commits, in which pages have no savepoint of their own; some
  // fail half-way.
  constexpr int kPages = 300;
  const auto name = [](int i) { return "C" + std::to_string(i); };
  std::vector<std::future<bool>> answers;
  for (int i = 0; i < kPages; ++i) {
    auto stored = std::make_shared<std::promise<bool>>();
    answers.push_back(stored->get_future());
    Batch batch{{HistoryOf(name(i), 1, 3)}};
    if (i % 100 == 50) batch.operations.emplace_back(SummaryOf("", 1));
    writer().Apply(std::move(batch), [stored](const Result<LocalRevision>& result) {
      stored->set_value(result.has_value());
    });
  }
  for (int i = 0; i < kPages; ++i) {
    const bool is_good = i % 100 != 50;
    EXPECT_EQ(answers[static_cast<std::size_t>(i)].get(), is_good) << i;
    EXPECT_EQ(reader().GetConversation(ConversationId(name(i))).has_value(), is_good) << i;
    if (is_good) EXPECT_EQ(Page(name(i)).messages.size(), 3U) << i;
  }
  std::set<std::string> announced;
  for (const auto& commit : TakeCommits()) {
    for (const Message& message : commit->messages) {
      EXPECT_TRUE(announced.insert(message.id.value()).second) << "twice";
      EXPECT_FALSE(message.content.empty());
    }
  }
  EXPECT_EQ(announced.size(), 3U * (kPages - 3));
}

TEST_P(StoreContract, ACommitHasEachMessageOnceAsItIsLast) {
  TakeCommits();
  Message newer = BackendMessage("A", 2, 2);
  newer.content = "edited";
  ASSERT_TRUE(Apply({HistoryOf("A", 1, 3), ApplyMessage{newer}}));
  const auto commits = TakeCommits();
  ASSERT_EQ(commits.size(), 1U);
  ASSERT_EQ(commits[0]->messages.size(), 3U);
  EXPECT_EQ(commits[0]->messages[1], Page("A").messages[1]);
  EXPECT_EQ(commits[0]->messages[1].content, "edited");
}

TEST_P(StoreContract, AnswersComeInTheOrderOfTheCalls) {
  Do(SummaryOf("A", 0));
  std::mutex mutex;
  std::vector<int> order;
  std::promise<void> last;
  constexpr int kCalls = 500;
  for (int i = 0; i < kCalls; ++i) {
    writer().EnqueueSend({UserMessage("A", i, "hello")}, [&, i](const Result<Message>&) {
      {
        const std::lock_guard lock(mutex);
        order.push_back(i);
      }
      // The last word: afterwards the mutex may be gone.
      if (i == kCalls - 1) last.set_value();
    });
  }
  last.get_future().get();
  for (int i = 0; i < kCalls; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_P(StoreContract, FullQueueRefusesAtOnce) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::promise<void> blocked;
  writer().Apply({{SummaryOf("A", 1)}}, [&](const Result<LocalRevision>&) {
    blocked.set_value();
    released.wait();
  });
  blocked.get_future().get();
  std::atomic<int> refused = 0;
  std::atomic<int> done = 0;
  const int calls = static_cast<int>(limits::kWriterQueue) + 10;
  std::promise<void> all;
  for (int i = 0; i < calls; ++i) {
    writer().Apply({}, [&](const Result<LocalRevision>& result) {
      if (!result && result.error().code == ErrorCode::kResourceExhausted) ++refused;
      if (++done == calls) all.set_value();
    });
  }
  EXPECT_EQ(refused, 10);
  release.set_value();
  all.get_future().get();
  EXPECT_EQ(refused, 10);
}

TEST_P(StoreContract, RevisionNeverGoesBackOverReopening) {
  Do(SummaryOf("A", 1));
  const LocalRevision before = reader().CurrentRevision();
  store().Reopen();
  const LocalRevision after = reader().CurrentRevision();
  EXPECT_GT(after, before);
  EXPECT_EQ(after >> 32, (before >> 32) + 1);
  Do(SummaryOf("B", 1));
  EXPECT_GT(reader().CurrentRevision(), after);
  EXPECT_EQ(Page("A").revision, reader().CurrentRevision());
}

TEST_P(StoreContract, OpeningAConversationIsAnnounced) {
  Do(SummaryOf("A", 1));
  TakeCommits();
  ASSERT_TRUE(Open("A", clock().now));
  const auto commits = TakeCommits();
  ASSERT_THAT(commits, SizeIs(1));
  ASSERT_THAT(commits[0]->conversations, SizeIs(1));
  EXPECT_TRUE(commits[0]->conversations[0].active);
}

}  // namespace
}  // namespace hark::store
