#include <chrono>
#include <map>
#include <optional>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "tests/unit/sync/fetcher_fixture.h"

namespace hark::sync {
namespace {

TEST_F(FetcherTest, FetchesAGapPageByPageFromItsNewestEnd) {
  Warm();
  fetcher_.SetPlan(Plan({{kConversation, 1, 120, false}}));
  auto ask = Next(1, 50);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->before, 121U);
  EXPECT_EQ(ask->page_size, 50U);
  auto apply = AnswerAndStore(Page(1, 71, 120, true));
  ASSERT_TRUE(apply);
  EXPECT_EQ(apply->from, 71U);
  EXPECT_EQ(apply->to, 120U);
  EXPECT_EQ(fetcher_.done(), 50U);
  EXPECT_EQ(fetcher_.total(), 120U);

  ask = Next(2, 50);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->before, 71U);
  (void)AnswerAndStore(Page(2, 21, 70, true));
  ask = Next(3, 50);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->page_size, 20U) << "asks for no more than the gap";
  (void)AnswerAndStore(Page(3, 1, 20, false));
  EXPECT_TRUE(fetcher_.Idle());
  EXPECT_EQ(fetcher_.done(), 120U);
}

TEST_F(FetcherTest, WhatTheBackendNoLongerHasIsNotAskedForAgain) {
  Warm();
  fetcher_.SetPlan(Plan({{kConversation, 1, 120, false}}));
  (void)Next(1, 200);
  // The backend keeps only the newest 20.
  transport::History page = Page(1, 101, 120, false);
  page.from = 1;
  const auto apply = AnswerAndStore(std::move(page));
  ASSERT_TRUE(apply);
  EXPECT_EQ(apply->from, 1U);
  EXPECT_EQ(apply->to, 120U);
  EXPECT_TRUE(fetcher_.Idle());
}

TEST_F(FetcherTest, AFalseNoMoreClosesNothingThatThePageDoesNotSpeakFor) {
  Warm();
  fetcher_.SetPlan(Plan({{kConversation, 1, 120, false}}));
  (void)Next(1, 200);
  const auto apply = AnswerAndStore(Page(1, 101, 120, false));
  ASSERT_TRUE(apply);
  EXPECT_EQ(apply->from, 101U);
  const auto ask = Next(2, 200);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->before, 101U);
}

TEST_F(FetcherTest, AnEmptyPageClosesTheGapAndEndsTheAsking) {
  fetcher_.SetPlan(Plan({{kConversation, 5, 9, false}}));
  (void)Next(1, 50);
  const auto apply = AnswerAndStore(Page(1, 0, 0, false));
  ASSERT_TRUE(apply);
  EXPECT_EQ(apply->from, 5U);
  EXPECT_EQ(apply->to, 9U);
  EXPECT_TRUE(fetcher_.Idle());
}

TEST_F(FetcherTest, AnEmptyPageThatSaysMoreClosesNothingAndEndsTheAsking) {
  fetcher_.SetPlan(Plan({{kConversation, 5, 9, false}}));
  (void)Next(1, 50);
  EXPECT_FALSE(Answer(Page(1, 0, 0, true)));
  EXPECT_TRUE(fetcher_.Idle()) << "or it would be asked for ever";
  fetcher_.SetPlan(Plan({{kConversation, 5, 9, false}}));
  EXPECT_TRUE(Next(2, 50));
}

TEST_F(FetcherTest, AFalseMoreClosesNothingBelowItsMessages) {
  fetcher_.SetPlan(Plan({{kConversation, 1, 60, false}}));
  (void)Next(1, 50);
  transport::History page = Page(1, 51, 60, true);
  page.from = 1;
  const auto apply = AnswerAndStore(std::move(page));
  ASSERT_TRUE(apply);
  EXPECT_EQ(apply->from, 51U);
  ASSERT_TRUE(Next(2, 50));
  page = Page(2, 1, 50, true);
  page.messages.clear();
  EXPECT_FALSE(Answer(std::move(page)));
  EXPECT_TRUE(fetcher_.Idle()) << "or it would be asked for ever";
}

TEST_F(FetcherTest, APageSettlesNothingAboveItsRange) {
  fetcher_.SetPlan(Plan({{kConversation, 1, 50, false}}));
  (void)Next(1, 50);
  const auto apply = AnswerAndStore(Page(1, 1, 48, false));
  ASSERT_TRUE(apply);
  EXPECT_EQ(apply->to, 48U);
  EXPECT_EQ(apply->asked_to, 50U);
  EXPECT_TRUE(fetcher_.Idle());
}

// Whether the next plan has something else: else the same would be asked for again and again.
TEST_F(FetcherTest, ComparingMovesOnWhateverThePageHasAndFetchingOnlyWithWhatWasAskedFor) {
  const auto moves_on = [this](store::FetchItem item, Sequence end) {
    fetcher_.SetPlan(Plan({std::move(item)}));
    (void)Next(1, 50);
    EXPECT_TRUE(AnswerAndStore(Page(1, 1, end, false)));
    return moves_on_;
  };
  EXPECT_TRUE(moves_on({kConversation, 49, 50, false}, 50));
  EXPECT_TRUE(moves_on({kConversation, 49, 50, false}, 49));
  EXPECT_FALSE(moves_on({kConversation, 49, 50, false}, 48));
  fetcher_ = Fetcher();
  EXPECT_TRUE(moves_on({kConversation, 49, 50, true}, 40)) << "the rows below are next";
  EXPECT_FALSE(moves_on({kConversation, 49, 50, true}, 40)) << "they were not";
  EXPECT_TRUE(moves_on({kConversation, 45, 47, true}, 40));
  EXPECT_TRUE(moves_on({kConversation, 42, 43, true}, 40));
}

// A copy that is behind, of a conversation that had ended too early before.
TEST_F(FetcherTest, WhatWasToldOfAfterAnEndWasBelievedIsNotGoneAtOnce) {
  const auto is_gone = [this](Sequence to) {
    fetcher_.SetPlan(Plan({{kConversation, 11, to, false}}));
    (void)Next(1);
    const auto apply = AnswerAndStore(Page(1, 1, 10, false));
    return apply && apply->ends_there;
  };
  EXPECT_FALSE(is_gone(20));
  now_ += std::chrono::seconds(10);
  EXPECT_TRUE(is_gone(20));
  now_ += std::chrono::hours(1);
  EXPECT_FALSE(is_gone(21));
  now_ += std::chrono::seconds(10);
  EXPECT_TRUE(is_gone(21));
}

// The pages below the first one say nothing of what is above it.
TEST_F(FetcherTest, ALongConversationThatEndsTooEarlyIsNotComparedAgainAndAgain) {
  const auto first_page = [this] {
    fetcher_.SetPlan(Plan({{kConversation, 1, 400, true}}));
    (void)Next(1);
    EXPECT_TRUE(AnswerAndStore(Page(1, 199, 398, true)));
    return moves_on_;
  };
  const auto second_page = [this] {
    (void)Next(2);
    EXPECT_TRUE(AnswerAndStore(Page(2, 1, 198, false)));
  };
  EXPECT_TRUE(first_page()) << "the list may say so too";
  second_page();
  ASSERT_TRUE(fetcher_.Idle());
  EXPECT_FALSE(first_page());
  EXPECT_TRUE(fetcher_.Idle());
  now_ += std::chrono::seconds(10);
  EXPECT_TRUE(first_page()) << "it is believed now";
  second_page();
}

// Both lie above where the backend ends.
TEST_F(FetcherTest, AGapAndAComparisonAreNotAskedForByTurns) {
  const auto moves_on = [this] {
    fetcher_.SetPlan(Plan({{kConversation, 51, 52, false}, {kConversation, 1, 50, true}}));
    (void)Next(1);
    EXPECT_TRUE(AnswerAndStore(Page(1, 1, 47, false)));
    const bool gap_does = moves_on_;
    (void)Next(2);
    EXPECT_TRUE(AnswerAndStore(Page(2, 1, 47, false)));
    return gap_does || moves_on_;
  };
  EXPECT_TRUE(moves_on());
  EXPECT_FALSE(moves_on());
}

// It told of 50, and may have forgotten 49 and 50, or be behind.
TEST_F(FetcherTest, AConversationThatIsSaidToEndEarlierForLongEndsThere) {
  const auto ask = [this](transport::RequestId request, Sequence end) {
    fetcher_.SetPlan(Plan({{kConversation, 49, 50, false}}));
    EXPECT_TRUE(Next(request, 50));
    const auto apply = AnswerAndStore(Page(request, 1, end, false));
    return apply && apply->ends_there;
  };
  EXPECT_FALSE(ask(1, 47));
  now_ += std::chrono::seconds(9);
  EXPECT_FALSE(ask(2, 48)) << "it has caught up with something";
  now_ += std::chrono::seconds(9);
  fetcher_.Clear();
  EXPECT_FALSE(ask(3, 48));
  now_ += std::chrono::seconds(1);
  EXPECT_TRUE(ask(4, 48));
  EXPECT_FALSE(ask(5, 50));
  EXPECT_FALSE(ask(6, 48)) << "it begins anew";
}

TEST_F(FetcherTest, AnswersToNoQuestionAreIgnored) {
  fetcher_.SetPlan(Plan({{kConversation, 1, 10, false}}));
  (void)Next(1, 50);
  EXPECT_FALSE(Answer(Page(7, 1, 10, false)));
  transport::History other = Page(1, 1, 10, false);
  other.conversation = ConversationId("another");
  EXPECT_FALSE(Answer(std::move(other)));
  EXPECT_TRUE(Answer(Page(1, 1, 10, false)));
  EXPECT_FALSE(Answer(Page(1, 1, 10, false))) << "a repeated answer";
}

// It says 1 to 100 and "more", and its messages are above what was asked for.
TEST_F(FetcherTest, APageThatContradictsItselfSettlesNothing) {
  fetcher_.SetPlan(Plan({{kConversation, 1, 40, false}}));
  (void)Next(1, 50);
  transport::History page = Page(1, 51, 100, true);
  page.from = 1;
  EXPECT_FALSE(Answer(std::move(page)));
}

TEST_F(FetcherTest, APageFromTheWrongSideClosesNoGap) {
  fetcher_.SetPlan(Plan({{kConversation, 1, 10, false}}));
  (void)Next(1, 50);
  EXPECT_FALSE(Answer(Page(1, 11, 20, false)));
}

TEST_F(FetcherTest, KeepsABoundedNumberUnderWay) {
  Warm();
  std::vector<store::FetchItem> items;
  for (int i = 0; i < 100; ++i) items.push_back({ConversationId(std::to_string(i)), 1, 5, false});
  fetcher_.SetPlan(Plan(std::move(items)));
  transport::RequestId request = 0;
  while (Next(++request, 50)) {
  }
  EXPECT_EQ(fetcher_.in_flight(), limits::kHistoryInFlight - limits::kReservedInFlight);
  for (int i = 0; i < 10; ++i)
    fetcher_.Want({ConversationId("w" + std::to_string(i)), 1, 5, false});
  while (Next(++request, 50)) {
  }
  EXPECT_EQ(fetcher_.in_flight(), limits::kHistoryInFlight) << "the rest is for what is waited for";
}

TEST_F(FetcherTest, WhatAKillCouldWasteIsAShareOfWhatIsStored) {
  std::vector<store::FetchItem> items;
  for (int i = 0; i < 1'000; ++i)
    items.push_back({ConversationId(std::to_string(i)), 1, 200, false});
  fetcher_.SetPlan(Plan(std::move(items)));
  std::map<transport::RequestId, transport::GetHistory> asked;
  std::uint64_t stored = 0;
  std::uint64_t unstored = 0;
  transport::RequestId request = 0;
  for (int round = 0; round < 20'000 && stored < 200'000; ++round) {
    while (auto ask = Next(++request)) {
      unstored += ask->page_size;
      asked.emplace(request, *ask);
      ASSERT_LE(unstored, std::max<std::uint64_t>(64, stored / 25)) << stored;
    }
    ASSERT_FALSE(asked.empty());
    const auto [number, ask] = *asked.begin();
    asked.erase(asked.begin());
    transport::History page;
    page.request = number;
    page.conversation = ask.conversation;
    page.to = ask.before - 1;
    page.from = ask.before - ask.page_size;
    page.has_more = page.from > 1;
    page.messages.resize(ask.page_size);
    (void)AnswerAndStore(std::move(page));
    unstored -= ask.page_size;
    stored += ask.page_size;
  }
  EXPECT_EQ(stored, 200'000U);
  EXPECT_EQ(fetcher_.done(), fetcher_.total());
}

// Cut to what is left of the share, most conversations of a large sync came in several pieces.
TEST_F(FetcherTest, APageWaitsForItsShareAndIsNotCut) {
  fetcher_.SetPlan(Plan({{ConversationId("a"), 1, 40, false},
                         {ConversationId("b"), 1, 20, false},
                         {ConversationId("c"), 1, 20, false}}));
  EXPECT_EQ(Next(1)->page_size, 40U);
  EXPECT_EQ(Next(2)->page_size, 20U);
  EXPECT_FALSE(Next(3)) << "4 are left of the first share of 64";
  transport::History page = Page(1, 1, 40, false);
  page.conversation = ConversationId("a");
  (void)AnswerAndStore(std::move(page));
  EXPECT_EQ(Next(3)->page_size, 20U);
}

TEST_F(FetcherTest, APageLargerThanTheShareIsCutWhenNothingElseIsUnderWay) {
  fetcher_.SetPlan(Plan({{ConversationId("a"), 1, 500, false}}));
  EXPECT_EQ(Next(1)->page_size, 64U);
}

TEST_F(FetcherTest, APersonDoesNotWaitForTheBackgroundsShare) {
  fetcher_.SetPlan(Plan({{ConversationId("a"), 1, 5'000, false}}));
  (void)Next(1);
  EXPECT_FALSE(fetcher_.HasNext(200, true)) << "the share is used up";
  fetcher_.Want({kConversation, 1, 500, false});
  const auto ask = Next(2, 200, false);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->page_size, 200U);
}

TEST_F(FetcherTest, WhatIsWantedIsFetchedOnce) {
  Warm();
  fetcher_.SetPlan(Plan({{kConversation, 1, 1'000, false}}));
  ASSERT_EQ(Next(1)->before, 1'001U);
  fetcher_.Want({kConversation, 1, 1'000, false});
  EXPECT_FALSE(Next(2)) << "the rest follows the page that is under way";
  (void)Answer(Page(1, 801, 1'000, true));
  EXPECT_TRUE(fetcher_.HasNext(200, false)) << "and is waited for now";
  fetcher_.Want({kConversation, 700, 900, false});
  const auto ask = Next(3, 200, false);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->before, 801U) << "801 to 1000 is being stored";
  EXPECT_EQ(ask->page_size, 101U);
  EXPECT_EQ(Next(4, 200, false)->before, 700U);
}

TEST_F(FetcherTest, WhatAPersonWaitsForOutlivesTheConnection) {
  fetcher_.Want({kConversation, 1, 50, false});
  fetcher_.Want({ConversationId("d"), 1, 50, false});
  ASSERT_TRUE(Next(1, 50));
  fetcher_.Clear();
  EXPECT_TRUE(Next(2, 50));
  EXPECT_TRUE(Next(3, 50));
  EXPECT_FALSE(Next(4, 50));
}

TEST_F(FetcherTest, WhatAPersonWaitsForIsAskedForAgainWithTheNextPlanIfNothingCame) {
  fetcher_.Want({kConversation, 1, 50, false});
  ASSERT_TRUE(Next(1, 50));
  EXPECT_FALSE(Answer(Page(1, 0, 0, true)));
  EXPECT_TRUE(fetcher_.Idle()) << "or it would be asked for ever";
  fetcher_.SetPlan(Plan({}));
  ASSERT_TRUE(Next(2, 50));
  EXPECT_TRUE(fetcher_.Refused(2));
  fetcher_.SetPlan(Plan({}));
  ASSERT_TRUE(Next(3, 50));
  ASSERT_TRUE(Answer(Page(3, 1, 50, false)));
  fetcher_.Stored(3, false);
  fetcher_.SetPlan(Plan({}));
  ASSERT_TRUE(Next(4, 50));
  ASSERT_TRUE(AnswerAndStore(Page(4, 1, 50, false)));
  fetcher_.SetPlan(Plan({}));
  EXPECT_TRUE(fetcher_.Idle());
}

TEST_F(FetcherTest, OfTooManyStretchesTheOldestAreForgotten) {
  for (std::size_t i = 0; i <= Fetcher::kWantedMost; ++i)
    fetcher_.Want({ConversationId("c" + std::to_string(i)), 1, 1, false});
  std::size_t asked = 0;
  while (fetcher_.HasNext(50, false)) {
    const auto ask = Next(++asked, 50, false);
    ASSERT_TRUE(ask);
    EXPECT_NE(ask->conversation, ConversationId("c0"));
    (void)AnswerAndStore([&] {
      transport::History page = Page(asked, 1, 1, false);
      page.conversation = ask->conversation;
      return page;
    }());
  }
  EXPECT_EQ(asked, Fetcher::kWantedMost);
}

TEST_F(FetcherTest, AnInitialSyncGoesOnWhereTheLastRunLeftIt) {
  fetcher_.ResumeProgress(700);
  EXPECT_EQ(fetcher_.total(), 0U) << "of how many is not known yet";
  fetcher_.ExpectTotal(1'000);
  EXPECT_EQ(fetcher_.done(), 700U);
  EXPECT_EQ(fetcher_.total(), 1'000U);
  fetcher_.SetPlan(Plan({{kConversation, 1, 290, false}}));
  EXPECT_EQ(fetcher_.done(), 710U) << "10 were counted that do not exist any more";
  EXPECT_EQ(fetcher_.total(), 1'000U);
}

TEST_F(FetcherTest, AWantedPageGoesFirst) {
  fetcher_.SetPlan(Plan({{ConversationId("a"), 1, 5, false}, {ConversationId("b"), 1, 5, false}}));
  fetcher_.Want({ConversationId("z"), 3, 4, false});
  EXPECT_EQ(Next(1, 50)->conversation, ConversationId("z"));
  fetcher_.Want({ConversationId("z"), 3, 4, false});
  EXPECT_EQ(Next(2, 50)->conversation, ConversationId("a")) << "it is under way already";
}

TEST_F(FetcherTest, ProgressNeverGoesBack) {
  Warm();
  fetcher_.SetPlan(Plan({{kConversation, 1, 100, false}}));
  (void)Next(1, 50);
  (void)AnswerAndStore(Page(1, 51, 100, true));
  EXPECT_EQ(fetcher_.done(), 50U);
  // Meanwhile 30 more became known.
  fetcher_.SetPlan(Plan({{kConversation, 1, 50, false}, {ConversationId("d"), 1, 30, false}}));
  EXPECT_EQ(fetcher_.done(), 50U);
  EXPECT_EQ(fetcher_.total(), 130U);
}

}  // namespace
}  // namespace hark::sync
