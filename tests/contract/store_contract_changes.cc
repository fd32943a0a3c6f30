// What a watcher that was away is told: everything since its revision, once, as it is now.

#include <map>
#include <random>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

ChangesQuery Since(LocalRevision revision, const std::string& conversation) {
  return {revision, ConversationId(conversation), true};
}

std::vector<std::string> Ids(const SharedMessages& messages) {
  std::vector<std::string> ids;
  for (const Message& message : messages) ids.push_back(message.id.value());
  return ids;
}

TEST_P(StoreContract, EachChangedMessageIsToldOnceAsItIsNow) {
  Do(HistoryOf("A", 1, 3));
  const LocalRevision since = reader().CurrentRevision();
  Do(ApplyMessage{BackendMessage("A", 4)});
  Do(ApplyMessage{BackendMessage("B", 1)});
  Do(ApplyMessage{BackendMessage("A", 2, 2)});
  Do(ApplyMessage{BackendMessage("A", 4, 2)});
  const auto page = reader().ReadChanges(Since(since, "A"));
  ASSERT_TRUE(page && *page);
  EXPECT_TRUE((*page)->complete);
  EXPECT_EQ((*page)->changes.revision, reader().CurrentRevision());
  EXPECT_THAT((*page)->changes.messages,
              ElementsAre(BackendMessage("A", 4, 2), BackendMessage("A", 2, 2)));
  EXPECT_THAT((*page)->changes.conversations, IsEmpty());
}

TEST_P(StoreContract, TheListIsToldOfConversationsAndEverythingOfBoth) {
  Do(HistoryOf("A", 1, 1));
  const LocalRevision since = reader().CurrentRevision();
  Do(ApplyMessage{BackendMessage("B", 1)});
  Do(ApplyMessage{BackendMessage("A", 2)});
  auto page = reader().ReadChanges({since, std::nullopt, false});
  ASSERT_TRUE(page && *page);
  EXPECT_THAT((*page)->changes.conversations, ElementsAre(Get("B"), Get("A")));
  EXPECT_THAT((*page)->changes.messages, IsEmpty());
  page = reader().ReadChanges({since, std::nullopt, true});
  ASSERT_TRUE(page && *page);
  EXPECT_THAT((*page)->changes.conversations, SizeIs(2));
  EXPECT_THAT((*page)->changes.messages, SizeIs(2));
}

TEST_P(StoreContract, WhoMissedNothingIsToldNothing) {
  Do(HistoryOf("A", 1, 1));
  const auto page = reader().ReadChanges(Since(reader().CurrentRevision(), "A"));
  ASSERT_TRUE(page && *page);
  EXPECT_TRUE((*page)->complete);
  EXPECT_THAT((*page)->changes.messages, IsEmpty());
}

TEST_P(StoreContract, SendsAndWithdrawnOnesAreToldOverARestart) {
  Do(HistoryOf("A", 1, 1));
  ASSERT_TRUE(Send(UserMessage("A", 1, "stays")));
  const LocalRevision since = reader().CurrentRevision();
  ASSERT_TRUE(Send(UserMessage("A", 2, "comes and goes")));
  ASSERT_TRUE(Act("A", UuidOf(1), EditMessage{"stays, edited"}));
  ASSERT_TRUE(Act("A", UuidOf(2), CancelMessage{}));
  store().Reopen();
  const auto page = reader().ReadChanges(Since(since, "A"));
  ASSERT_TRUE(page && *page);
  ASSERT_THAT((*page)->changes.messages, SizeIs(1));
  EXPECT_EQ((*page)->changes.messages[0].content, "stays, edited");
  ASSERT_THAT((*page)->changes.removed, SizeIs(1));
  EXPECT_EQ((*page)->changes.removed[0].message.value(), UuidOf(2));
}

TEST_P(StoreContract, ManyChangesComeInPages) {
  Do(HistoryOf("A", 1, 1));
  LocalRevision since = reader().CurrentRevision();
  constexpr Sequence kMany = 3 * limits::kPageSize / 2;
  for (Sequence i = 2; i <= kMany; ++i) Do(ApplyMessage{BackendMessage("A", i)});
  std::vector<std::string> told;
  int pages = 0;
  for (bool complete = false; !complete; ++pages) {
    const auto page = reader().ReadChanges(Since(since, "A"));
    ASSERT_TRUE(page && *page);
    EXPECT_GT((*page)->changes.revision, since);
    EXPECT_LE((*page)->changes.messages.size(), limits::kPageSize);
    for (const std::string& id : Ids((*page)->changes.messages)) told.push_back(id);
    since = (*page)->changes.revision;
    complete = (*page)->complete;
  }
  EXPECT_EQ(pages, 2);
  ASSERT_THAT(told, SizeIs(kMany - 1));
  EXPECT_EQ(told.front(), IdOf("A", 2));
  EXPECT_EQ(told.back(), IdOf("A", kMany));
}

TEST_P(StoreContract, WhereTheLogCannotSayTheAnswerIsNothing) {
  Do(HistoryOf("A", 1, 1));
  const LocalRevision since = reader().CurrentRevision();
  for (const LocalRevision unknown :
       {LocalRevision{0}, since + 1, since - (since & 0xffffffff) - 1}) {
    const auto page = reader().ReadChanges(Since(unknown, "A"));
    ASSERT_TRUE(page);
    EXPECT_FALSE(*page) << unknown;
  }
  // A gap: what lies behind it is in no commit.
  Do(SummaryOf("A", 9));
  const auto gap = reader().ReadChanges(Since(since, "A"));
  ASSERT_TRUE(gap);
  EXPECT_FALSE(*gap);
  const auto other = reader().ReadChanges(Since(since, "B"));
  EXPECT_TRUE(other && *other) << "a gap of another conversation";
}

TEST_P(StoreContract, WhoFollowsEverythingIsToldWhoseGapsChanged) {
  Do(HistoryOf("A", 1, 1));
  const LocalRevision since = reader().CurrentRevision();
  Do(SummaryOf("A", 9));
  Do(ApplyMessage{BackendMessage("B", 1)});
  Do(SummaryOf("A", 12));
  const auto page = reader().ReadChanges({since, std::nullopt, true});
  ASSERT_TRUE(page && *page);
  EXPECT_THAT((*page)->changes.gaps_changed, ElementsAre(ConversationId("A")));
  EXPECT_THAT(Ids((*page)->changes.messages), ElementsAre(IdOf("B", 1)));
}

TEST_P(StoreContract, HugeCommitEndsWhatTheLogKnows) {
  Do(HistoryOf("A", 1, 1));
  const LocalRevision since = reader().CurrentRevision();
  Do(HistoryOf("B", 1, limits::kLoggedThings + 1));
  const auto before = reader().ReadChanges(Since(since, "A"));
  ASSERT_TRUE(before);
  EXPECT_FALSE(*before);
  const LocalRevision after = reader().CurrentRevision();
  Do(ApplyMessage{BackendMessage("A", 2)});
  const auto page = reader().ReadChanges(Since(after, "A"));
  ASSERT_TRUE(page && *page);
  EXPECT_THAT(Ids((*page)->changes.messages), ElementsAre(IdOf("A", 2)));
}

// Someone who is away again and again, over restarts too, and reads again only when told to.
TEST_P(StoreContract, WatcherWhoIsAwayEndsWithWhatIsThere) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const std::string name = "W" + std::to_string(seed);
    std::map<std::string, Message> shown;
    LocalRevision since = 0;
    int resumed = 0;
    Sequence next = 1;
    Do(ApplyMessage{BackendMessage(name, next)});
    for (int step = 0; step < 300; ++step) {
      const int number = static_cast<int>(seed * 1'000) + step;
      switch (random() % 7) {
        case 0: Do(ApplyMessage{BackendMessage(name, ++next)}); break;
        case 1: {
          const Sequence edited = 1 + random() % next;
          const auto known = reader().ReadMessage(MessageId(IdOf(name, edited)));
          if (known) Do(ApplyMessage{BackendMessage(name, edited, known->revision + 1)});
          break;
        }
        case 2: ASSERT_TRUE(Send(UserMessage(name, number, "sent"))); break;
        case 3: {
          const auto outbox = Outbox();
          if (!outbox.empty() && outbox.back().conversation.value() == name)
            (void)Act(name, outbox.back().message.value(), CancelMessage{});
          break;
        }
        case 4: {
          const auto outbox = Outbox();
          if (!outbox.empty() && outbox.front().kind == OutboxKind::kSend)
            Do(AcknowledgeSend{outbox.front().message, "", ++next, 1});
          break;
        }
        case 5:
          if (random() % 10 == 0) Do(SummaryOf(name, next += 3));
          if (random() % 4 == 0) store().Reopen();
          break;
        default: {
          for (;;) {
            const auto page = reader().ReadChanges(Since(since, name));
            ASSERT_TRUE(page);
            if (!*page) {
              shown.clear();
              const MessagePage all = Page(name, std::nullopt, limits::kPageSize);
              for (const Message& message : all.messages) shown[message.id.value()] = message;
              since = all.revision;
              break;
            }
            ++resumed;
            for (const Message& message : (*page)->changes.messages)
              shown[message.id.value()] = message;
            for (const RemovedMessage& removed : (*page)->changes.removed)
              shown.erase(removed.message.value());
            since = (*page)->changes.revision;
            if ((*page)->complete) break;
          }
          for (const Message& message : Page(name, std::nullopt, limits::kPageSize).messages) {
            ASSERT_TRUE(shown.contains(message.id.value())) << step;
            ASSERT_EQ(shown.at(message.id.value()), message) << step;
          }
        }
      }
    }
    EXPECT_GT(resumed, 10);
  }
}

}  // namespace
}  // namespace hark::store
