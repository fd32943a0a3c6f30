// Short pages that are asked for together, as in a first sync of many conversations.

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "tests/unit/sync/fetcher_fixture.h"

namespace hark::sync {
namespace {

class FetcherTogetherTest : public FetcherTest {
 protected:
  void SetUp() override {
    Warm();
    fetcher_.AskTogether(true);
  }

  // Conversations "1", "2", … of so many messages each.
  void PlanOf(const std::vector<std::uint64_t>& sizes) {
    std::vector<store::FetchItem> items;
    for (const std::uint64_t size : sizes) {
      const std::string name = std::to_string(items.size() + 1);
      items.push_back({ConversationId(name), 1, size, false});
    }
    fetcher_.SetPlan(Plan(std::move(items)));
  }

  // What a backend answers that gives each page whole, or only its newest `most` messages.
  transport::Histories AnswerTo(const transport::GetHistories& ask, std::size_t pages,
                                std::uint32_t most = 1'000) {
    transport::Histories answer{ask.request, {}};
    for (std::size_t i = 0; i < pages; ++i) {
      const transport::GetHistory& asked = ask.asks.at(i);
      const std::uint64_t size = std::min({asked.page_size, most, std::uint32_t(asked.before - 1)});
      transport::History page =
          Page(0, asked.before - size, asked.before - 1, asked.before - size > 1);
      page.conversation = asked.conversation;
      answer.pages.push_back(std::move(page));
    }
    return answer;
  }

  static std::string Names(const std::optional<transport::GetHistories>& ask) {
    std::string names;
    if (!ask) return names;
    for (const transport::GetHistory& one : ask->asks) names += one.conversation.value() + " ";
    return names;
  }
};

TEST_F(FetcherTogetherTest, PagesAreAskedForTogetherUpToTheSizeOfOne) {
  PlanOf({20, 30, 40, 20, 300, 5});
  const auto ask = fetcher_.Next(1, 100, true);
  EXPECT_EQ(Names(ask), "1 2 3 ") << "with the next it were 110 messages";
  EXPECT_EQ(ask->asks[1].before, 31U);
  EXPECT_EQ(ask->asks[1].page_size, 30U);
  EXPECT_EQ(Names(fetcher_.Next(2, 100, true)), "4 ");
  EXPECT_EQ(Names(fetcher_.Next(3, 100, true)), "5 ") << "a page of its own";
  EXPECT_EQ(Names(fetcher_.Next(4, 100, true)), "6 ");

  const auto settled = fetcher_.Answer(AnswerTo(*ask, 3), now_).pages;
  ASSERT_EQ(settled.size(), 3U);
  EXPECT_EQ(settled[2].conversation, ConversationId("3"));
  EXPECT_EQ(settled[2].to, 40U);
  fetcher_.Stored(1, true);
  EXPECT_EQ(fetcher_.done(), 90U);
}

// Else a page that is left out would make the next one close the wrong gap.
TEST_F(FetcherTogetherTest, ARequestHasOnePageOfAConversation) {
  fetcher_.SetPlan(Plan({{ConversationId("a"), 30, 39, false},
                         {ConversationId("a"), 1, 10, false},
                         {ConversationId("b"), 1, 10, false}}));
  EXPECT_EQ(Names(fetcher_.Next(1, 100, true)), "a ");
  EXPECT_EQ(Names(fetcher_.Next(2, 100, true)), "a b ");
}

TEST_F(FetcherTogetherTest, ABackendThatCannotIsAskedForOneAtATime) {
  fetcher_.AskTogether(false);
  PlanOf({20, 30});
  EXPECT_EQ(Names(fetcher_.Next(1, 100, true)), "1 ");
  EXPECT_EQ(Names(fetcher_.Next(2, 100, true)), "2 ");
}

TEST_F(FetcherTogetherTest, WhatAShortAnswerLeavesOutIsAskedForNext) {
  PlanOf({20, 30, 40, 7});
  const auto ask = fetcher_.Next(1, 90, true);
  ASSERT_EQ(Names(ask), "1 2 3 ");
  // The newest 10 of the first page, and the third page not at all.
  EXPECT_EQ(fetcher_.Answer(AnswerTo(*ask, 2, 10), now_).pages.size(), 2U);
  const auto next = fetcher_.Next(2, 90, true);
  ASSERT_EQ(Names(next), "1 2 3 4 ") << "before what was planned later";
  EXPECT_EQ(next->asks[0].before, 11U);
  EXPECT_EQ(next->asks[1].before, 21U);
  EXPECT_EQ(next->asks[2].before, 41U);
}

TEST_F(FetcherTogetherTest, APageThatSettlesNothingWaitsAloneForTheNextPlan) {
  PlanOf({20, 30, 40});
  const auto ask = fetcher_.Next(1, 90, true);
  transport::Histories answer = AnswerTo(*ask, 3);
  answer.pages[1].messages.clear();
  answer.pages[1].from = answer.pages[1].to = 0;
  answer.pages[1].has_more = true;
  EXPECT_EQ(fetcher_.Answer(std::move(answer), now_).pages.size(), 2U);
  fetcher_.Stored(1, true);
  EXPECT_TRUE(fetcher_.Idle());
  EXPECT_FALSE(fetcher_.Next(2, 90, true));
}

TEST_F(FetcherTogetherTest, ARefusalOfSeveralIsTriedOneByOne) {
  PlanOf({20, 30, 40});
  ASSERT_EQ(Names(fetcher_.Next(1, 90, true)), "1 2 3 ");
  EXPECT_FALSE(fetcher_.Refused(1)) << "of which one is not known";
  EXPECT_EQ(Names(fetcher_.Next(2, 90, true)), "1 ");
  EXPECT_EQ(fetcher_.Refused(2), ConversationId("1"));
  EXPECT_EQ(Names(fetcher_.Next(3, 90, true)), "2 ") << "one page is given up as ever";
}

TEST_F(FetcherTogetherTest, AnAnswerWithoutAnyPageIsARefusal) {
  PlanOf({20, 30});
  ASSERT_EQ(Names(fetcher_.Next(1, 90, true)), "1 2 ");
  EXPECT_TRUE(fetcher_.Answer({1, {}}, now_).pages.empty());
  EXPECT_EQ(Names(fetcher_.Next(2, 90, true)), "1 ");
  EXPECT_TRUE(fetcher_.Answer({2, {}}, now_).pages.empty());
  EXPECT_EQ(Names(fetcher_.Next(3, 90, true)), "2 ") << "or it would be asked for ever";
}

// Ignored, it would leave all of them under way, until the connection is given up and does it
// again.
TEST_F(FetcherTogetherTest, AnAnswerThatDoesNotFitTheQuestionIsARefusal) {
  for (const char* const what : {"swapped", "left out", "too many"}) {
    SCOPED_TRACE(what);
    fetcher_ = Fetcher();
    SetUp();
    PlanOf({20, 30});
    const auto ask = fetcher_.Next(1, 90, true);
    ASSERT_EQ(Names(ask), "1 2 ");
    transport::Histories wrong = AnswerTo(*ask, 2);
    if (what == std::string("swapped")) std::swap(wrong.pages[0], wrong.pages[1]);
    if (what == std::string("left out")) wrong.pages.erase(wrong.pages.begin());
    if (what == std::string("too many")) wrong.pages.push_back(Page(0, 1, 5, false));
    EXPECT_TRUE(fetcher_.Answer(std::move(wrong), now_).pages.empty());
    EXPECT_EQ(Names(fetcher_.Next(2, 90, true)), "1 ");
    EXPECT_EQ(Names(fetcher_.Next(3, 90, true)), "2 ");
  }
}

TEST_F(FetcherTogetherTest, ARepeatedAnswerIsIgnored) {
  PlanOf({20, 30, 40});
  const auto ask = fetcher_.Next(1, 50, true);
  EXPECT_EQ(fetcher_.Answer(AnswerTo(*ask, 2), now_).pages.size(), 2U);
  EXPECT_TRUE(fetcher_.Answer(AnswerTo(*ask, 2), now_).pages.empty());
}

TEST_F(FetcherTogetherTest, WhatAPersonOpensGoesFirstAndAlone) {
  PlanOf({20, 30, 40});
  ASSERT_EQ(Names(fetcher_.Next(1, 50, true)), "1 2 ");
  fetcher_.Want({ConversationId("2"), 1, 30, false});
  EXPECT_FALSE(fetcher_.Next(2, 50, false)) << "it is on its way already";
  fetcher_.Want({ConversationId("z"), 1, 10, false});
  EXPECT_EQ(Names(fetcher_.Next(2, 50, true)), "z ");
}

TEST_F(FetcherTogetherTest, WhatIsWantedIsTakenOutOfThePlanAndNothingElse) {
  fetcher_.AskTogether(false);
  PlanOf({5, 6, 7, 8, 9, 10});
  fetcher_.Want({ConversationId("3"), 1, 7, false});
  std::string names;
  for (transport::RequestId request = 1; request <= 6; ++request)
    names += Names(fetcher_.Next(request, 50, true));
  EXPECT_EQ(names, "3 1 2 4 5 6 ");
}

TEST_F(FetcherTogetherTest, TheRestOfWhatAPersonWaitsForIsNotLeftToTheBackground) {
  PlanOf({20, 30});
  const auto ask = fetcher_.Next(1, 50, true);
  fetcher_.Want({ConversationId("2"), 1, 30, false});
  (void)fetcher_.Answer(AnswerTo(*ask, 1), now_);
  EXPECT_EQ(Names(fetcher_.Next(2, 50, false)), "2 ");
}

// What is under way bounds what a kill can waste, and what a live message waits for.
class FetcherShare : public testing::TestWithParam<std::uint64_t> {};

INSTANTIATE_TEST_SUITE_P(Seeds, FetcherShare, testing::Range<std::uint64_t>(1, 5));

TEST_P(FetcherShare, HoldsWithWhateverABackendAnswersTogether) {
  std::mt19937_64 random(GetParam());
  const auto below = [&random](std::uint64_t bound) { return random() % bound; };
  Fetcher fetcher;
  fetcher.AskTogether(true);
  store::FetchPlan plan;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t size = 1 + below(below(20) == 0 ? 600 : 30);
    plan.items.push_back({ConversationId(std::to_string(i)), 1, size, false});
    plan.missing += size;
  }
  const std::uint64_t missing = plan.missing;
  fetcher.SetPlan(std::move(plan));

  std::vector<transport::GetHistories> asked;
  std::uint64_t stored = 0;
  std::uint64_t under_way = 0;
  transport::RequestId request = 0;
  while (!fetcher.Idle()) {
    while (auto ask = fetcher.Next(++request, 200, true)) {
      std::uint64_t size = 0;
      for (const transport::GetHistory& one : ask->asks) size += one.page_size;
      ASSERT_LE(size, 200U);
      under_way += size;
      ASSERT_LE(under_way, std::clamp<std::uint64_t>(stored / 25, 64, limits::kHistoryUnderWay));
      asked.push_back(std::move(*ask));
    }
    ASSERT_FALSE(asked.empty()) << stored << " of " << missing;
    const std::size_t which = below(asked.size());
    const transport::GetHistories ask = std::move(asked[which]);
    asked.erase(asked.begin() + static_cast<std::ptrdiff_t>(which));
    for (const transport::GetHistory& one : ask.asks) under_way -= one.page_size;
    transport::Histories answer{ask.request, {}};
    const std::size_t pages = 1 + below(ask.asks.size());
    for (std::size_t i = 0; i < pages; ++i) {
      const transport::GetHistory& one = ask.asks[i];
      const std::uint64_t size = 1 + below(one.page_size);
      transport::History page;
      page.conversation = one.conversation;
      page.to = one.before - 1;
      page.from = one.before - size;
      page.messages.resize(size);
      page.has_more = page.from > 1;
      stored += size;
      answer.pages.push_back(std::move(page));
    }
    ASSERT_EQ(fetcher.Answer(std::move(answer), Clock::Instant{}).pages.size(), pages);
    fetcher.Stored(ask.request, true);
  }
  EXPECT_EQ(stored, missing) << "each message once";
  EXPECT_EQ(fetcher.done(), missing);
}

}  // namespace
}  // namespace hark::sync
