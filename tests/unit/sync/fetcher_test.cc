#include "daemon/sync/fetcher.h"

#include <gtest/gtest.h>

namespace hark::sync {
namespace {

const ConversationId kConversation("c");

store::FetchPlan Plan(std::vector<store::FetchItem> items) {
  store::FetchPlan plan;
  for (const auto& item : items) plan.missing += item.to - item.from + 1;
  plan.items = std::move(items);
  return plan;
}

transport::History Page(transport::RequestId request, Sequence from, Sequence to, bool has_more) {
  transport::History page;
  page.request = request;
  page.conversation = kConversation;
  page.from = from;
  page.to = to;
  page.has_more = has_more;
  for (Sequence at = from; at != 0 && at <= to; ++at) {
    Message message;
    message.sequence = at;
    page.messages.push_back(std::move(message));
  }
  return page;
}

TEST(Fetcher, FetchesAGapPageByPageFromItsNewestEnd) {
  Fetcher fetcher;
  fetcher.SetPlan(Plan({{kConversation, 1, 120, false}}));
  auto ask = fetcher.Next(1, 50);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->before, 121U);
  EXPECT_EQ(ask->page_size, 50U);
  auto apply = fetcher.Answer(Page(1, 71, 120, true));
  ASSERT_TRUE(apply);
  EXPECT_EQ(apply->from, 71U);
  EXPECT_EQ(apply->to, 120U);
  EXPECT_EQ(fetcher.done(), 50U);
  EXPECT_EQ(fetcher.total(), 120U);

  ask = fetcher.Next(2, 50);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->before, 71U);
  (void)fetcher.Answer(Page(2, 21, 70, true));
  ask = fetcher.Next(3, 50);
  ASSERT_TRUE(ask);
  EXPECT_EQ(ask->page_size, 20U) << "asks for no more than the gap";
  (void)fetcher.Answer(Page(3, 1, 20, false));
  EXPECT_TRUE(fetcher.Idle());
  EXPECT_EQ(fetcher.done(), 120U);
}

TEST(Fetcher, WhatTheBackendNoLongerHasIsNotAskedForAgain) {
  Fetcher fetcher;
  fetcher.SetPlan(Plan({{kConversation, 1, 120, false}}));
  (void)fetcher.Next(1, 200);
  // The backend keeps only the newest 20.
  const auto apply = fetcher.Answer(Page(1, 101, 120, false));
  ASSERT_TRUE(apply);
  EXPECT_EQ(apply->from, 1U);
  EXPECT_EQ(apply->to, 120U);
  EXPECT_TRUE(fetcher.Idle());
}

TEST(Fetcher, AnEmptyPageClosesTheGapAndEndsTheAsking) {
  Fetcher fetcher;
  fetcher.SetPlan(Plan({{kConversation, 5, 9, false}}));
  (void)fetcher.Next(1, 50);
  // has_more with nothing in it would otherwise be asked for ever.
  const auto apply = fetcher.Answer(Page(1, 0, 0, true));
  ASSERT_TRUE(apply);
  EXPECT_EQ(apply->from, 5U);
  EXPECT_EQ(apply->to, 9U);
  EXPECT_TRUE(fetcher.Idle());
}

TEST(Fetcher, AnswersToNoQuestionAreIgnored) {
  Fetcher fetcher;
  fetcher.SetPlan(Plan({{kConversation, 1, 10, false}}));
  (void)fetcher.Next(1, 50);
  EXPECT_FALSE(fetcher.Answer(Page(7, 1, 10, false)));
  transport::History other = Page(1, 1, 10, false);
  other.conversation = ConversationId("another");
  EXPECT_FALSE(fetcher.Answer(std::move(other)));
  EXPECT_TRUE(fetcher.Answer(Page(1, 1, 10, false)));
  EXPECT_FALSE(fetcher.Answer(Page(1, 1, 10, false))) << "a repeated answer";
}

TEST(Fetcher, APageFromTheWrongSideClosesNoGap) {
  Fetcher fetcher;
  fetcher.SetPlan(Plan({{kConversation, 1, 10, false}}));
  (void)fetcher.Next(1, 50);
  EXPECT_FALSE(fetcher.Answer(Page(1, 11, 20, false)));
}

TEST(Fetcher, KeepsABoundedNumberUnderWay) {
  Fetcher fetcher;
  std::vector<store::FetchItem> items;
  for (int i = 0; i < 100; ++i) items.push_back({ConversationId(std::to_string(i)), 1, 5, false});
  fetcher.SetPlan(Plan(std::move(items)));
  transport::RequestId request = 0;
  while (fetcher.Next(++request, 50)) {
  }
  EXPECT_EQ(fetcher.in_flight(), limits::kHistoryInFlight);
}

TEST(Fetcher, AWantedPageGoesFirst) {
  Fetcher fetcher;
  fetcher.SetPlan(Plan({{ConversationId("a"), 1, 5, false}, {ConversationId("b"), 1, 5, false}}));
  fetcher.Want({ConversationId("z"), 3, 4, false});
  EXPECT_EQ(fetcher.Next(1, 50)->conversation, ConversationId("z"));
  fetcher.Want({ConversationId("z"), 3, 4, false});
  EXPECT_EQ(fetcher.Next(2, 50)->conversation, ConversationId("a")) << "it is under way already";
}

TEST(Fetcher, ProgressNeverGoesBack) {
  Fetcher fetcher;
  fetcher.SetPlan(Plan({{kConversation, 1, 100, false}}));
  (void)fetcher.Next(1, 50);
  (void)fetcher.Answer(Page(1, 51, 100, true));
  EXPECT_EQ(fetcher.done(), 50U);
  // Meanwhile 30 more became known.
  fetcher.SetPlan(Plan({{kConversation, 1, 50, false}, {ConversationId("d"), 1, 30, false}}));
  EXPECT_EQ(fetcher.done(), 50U);
  EXPECT_EQ(fetcher.total(), 130U);
}

}  // namespace
}  // namespace hark::sync
