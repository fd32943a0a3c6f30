// What follows from a page besides the page: the hit rate, and what is fetched.

#include "daemon/ipc/page_request.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/ipc/message_page.h"

namespace hark::ipc {
namespace {

using store::MessagePage;
using store::PageQuery;
using store::PageSide;

Message At(Sequence sequence) {
  Message message;
  message.id = MessageId("m" + std::to_string(sequence));
  message.sequence = sequence;
  return message;
}

MessagePage PageOf(std::vector<Message> messages) {
  MessagePage page;
  page.messages = std::move(messages);
  return page;
}

PageQuery Query(std::uint32_t limit, PageSide side = PageSide::kBefore, std::string anchor = {}) {
  PageQuery query{ConversationId("c"), std::nullopt, limit, side};
  if (!anchor.empty()) query.anchor = MessageId(std::move(anchor));
  return query;
}

Gap GapOf(Sequence from, Sequence to) {
  return {ConversationId("c"), from, to, GapReason::kNotFetched};
}

TEST(PageRequestTest, AFullPageIsAHitEvenIfAGapIsNext) {
  MessagePage page = PageOf({At(4), At(5)});
  page.gap_before = GapOf(1, 3);
  EXPECT_FALSE(IsMiss(page, Query(2)));
  EXPECT_TRUE(IsMiss(page, Query(3)));
  page.gap_before.reset();
  page.gap_after = GapOf(6, 9);
  EXPECT_FALSE(IsMiss(page, Query(2, PageSide::kAfter, "m3")));
  EXPECT_TRUE(IsMiss(page, Query(3, PageSide::kAfter, "m3")));
  EXPECT_FALSE(IsMiss(page, Query(2, PageSide::kAround, "m4")));
}

TEST(PageRequestTest, AGapWithinThePageIsAMissAlsoOfAFullOne) {
  MessagePage page = PageOf({At(4), At(0)});
  page.gap_after = GapOf(5, 9);
  EXPECT_TRUE(IsMiss(page, Query(2)));
  EXPECT_TRUE(IsMiss(page, Query(2, PageSide::kAfter, "m3")));
  // The newest messages were asked for, and these are not.
  page.messages.pop_back();
  EXPECT_TRUE(IsMiss(page, Query(1)));
}

// Of a gap of thousands, what is read next, and not all of it ahead of everything else; and more
// than a page, or each of them would wait.
TEST(PageRequestTest, OfALargeGapBelowThePageIsFetchedWhatIsReadNext) {
  MessagePage page = PageOf({At(9'001)});
  page.gap_before = GapOf(1, 9'000);
  EXPECT_THAT(WantedGaps(page, Query(50)), testing::ElementsAre(GapOf(8'001, 9'000)));
  page.gap_before = GapOf(8'001, 9'000);
  EXPECT_THAT(WantedGaps(page, Query(50)), testing::ElementsAre(GapOf(8'001, 9'000)));
}

TEST(PageRequestTest, BothGapsAreFetchedTheNewerOneBeforeTheOther) {
  MessagePage page = PageOf({At(40)});
  page.gap_before = GapOf(1, 39);
  page.gap_after = GapOf(41, 900);
  EXPECT_THAT(WantedGaps(page, Query(50)), testing::ElementsAre(GapOf(1, 39), GapOf(41, 900)));
  EXPECT_THAT(WantedGaps(page, Query(50, PageSide::kAround, "m40")),
              testing::ElementsAre(GapOf(1, 39), GapOf(41, 90)));
  page.gap_after = GapOf(41, 42);
  EXPECT_THAT(WantedGaps(page, Query(50, PageSide::kAfter, "m39")),
              testing::ElementsAre(GapOf(1, 39), GapOf(41, 42)));
}

TEST(PageRequestTest, AGapIsNotToldOfAPageThatWasCutBeforeIt) {
  std::vector<Message> messages;
  for (Sequence i = 1; i <= 100; ++i) {
    messages.push_back(At(i));
    messages.back().content = std::string(64 * 1024, 'x');
  }
  MessagePage page = PageOf(std::move(messages));
  page.gap_before = GapOf(1, 1);
  page.gap_after = GapOf(101, 102);
  EXPECT_TRUE(WhatFits(page, 0).gap_before);
  EXPECT_FALSE(WhatFits(page, 0).gap_after);
  EXPECT_FALSE(WhatFits(page, 100).gap_before);
  EXPECT_TRUE(WhatFits(page, 100).gap_after);
  const PageCut middle = WhatFits(page, 50);
  EXPECT_FALSE(middle.gap_before || middle.gap_after);
  EXPECT_LE(middle.first, 50U);
  EXPECT_GT(middle.end, 50U);
}

}  // namespace
}  // namespace hark::ipc
