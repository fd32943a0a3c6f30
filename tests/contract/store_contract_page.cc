// Pages and single messages.

#include <string>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using std::string_literals::operator""s;

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(StoreContract, UnknownConversationIsNotFound) {
  EXPECT_EQ(reader().ReadPage({ConversationId("none"), std::nullopt, 50}).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(reader().GetConversation(ConversationId("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(reader().ReadMessage(MessageId("none")).error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, KnownConversationWithoutMessagesIsAnEmptyPage) {
  Do(SummaryOf("A", 0));
  const MessagePage page = Page("A");
  EXPECT_THAT(page.messages, IsEmpty());
  EXPECT_FALSE(page.has_more);
  EXPECT_FALSE(page.gap_before);
  EXPECT_EQ(page.total_count, 0U);
}

TEST_P(StoreContract, EveryFieldOfAMessageComesBack) {
  Message message = BackendMessage("A", 1, 3);
  message.role = Role::kSystem;
  message.content = "with "s + '\0' + " a zero, \xF0\x9F\x98\x80 and a line\n";
  message.content_type = "application/x-test";
  message.metadata = {{"", "empty name"}, {"name", ""}, {"long", std::string(3'000, 'v')}};
  message.server_id = UuidOf(7);
  message.id = MessageId(UuidOf(8));
  Do(SummaryOf("A", 1));
  Do(ApplyMessage{message});
  EXPECT_EQ(reader().ReadMessage(message.id).value(), message);
  ASSERT_EQ(Page("A").messages.size(), 1U);
  EXPECT_EQ(Page("A").messages.front(), message);
}

TEST_P(StoreContract, IdsThatLookLikeUuidsKeepTheirSpelling) {
  const std::string upper = "01890000-0000-7000-8000-00000000ABCD";
  const std::string lower = "01890000-0000-7000-8000-00000000abcd";
  const std::string bare = "0189000000007000800000000000abcd";
  Sequence sequence = 0;
  for (const std::string& id :
       {upper, lower, bare, std::string(16, 'x'), std::string(limits::kIdBytes, 'y')}) {
    Message message = BackendMessage("A", ++sequence);
    message.id = MessageId(id);
    message.server_id = "";
    Do(ApplyMessage{message});
    EXPECT_EQ(reader().ReadMessage(message.id).value(), message);
  }
  EXPECT_EQ(Page("A").messages.size(), 5U);
}

TEST_P(StoreContract, PagesGoBackFromTheNewest) {
  Do(SummaryOf("A", 7));
  Do(HistoryOf("A", 1, 7));
  const MessagePage newest = Page("A", std::nullopt, 3);
  EXPECT_EQ(newest.messages.front().id.value(), IdOf("A", 5));
  EXPECT_EQ(newest.messages.back().id.value(), IdOf("A", 7));
  EXPECT_TRUE(newest.has_more);
  EXPECT_FALSE(newest.gap_before);
  EXPECT_EQ(newest.total_count, 7U);
  EXPECT_THAT(PageIds("A", IdOf("A", 5), 3), ElementsAre(IdOf("A", 2), IdOf("A", 3), IdOf("A", 4)));
  const MessagePage oldest = Page("A", IdOf("A", 2), 3);
  EXPECT_EQ(oldest.messages.size(), 1U);
  EXPECT_FALSE(oldest.has_more);
  EXPECT_THAT(PageIds("A", IdOf("A", 1)), IsEmpty());
}

TEST_P(StoreContract, BeforeAMessageOfAnotherConversationIsNotFound) {
  Do(HistoryOf("A", 1, 2));
  Do(HistoryOf("B", 1, 2));
  ASSERT_TRUE(Send(UserMessage("B", 1, "pending")));
  for (const std::string& before : {IdOf("B", 1), std::string("none"), UuidOf(1)}) {
    const auto page = reader().ReadPage({ConversationId("A"), MessageId(before), 50});
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, ErrorCode::kNotFound);
  }
}

TEST_P(StoreContract, LimitIsClamped) {
  Do(HistoryOf("A", 1, limits::kPageSize + 5));
  EXPECT_EQ(Page("A", std::nullopt, 0).messages.size(), 1U);
  EXPECT_EQ(Page("A", std::nullopt, 100'000).messages.size(), limits::kPageSize);
}

TEST_P(StoreContract, PageEndsAtAGap) {
  Do(SummaryOf("A", 10));
  Do(HistoryOf("A", 8, 10));
  Do(HistoryOf("A", 1, 3));
  const Gap gap{ConversationId("A"), 4, 7, GapReason::kNotFetched};

  const MessagePage newest = Page("A");
  EXPECT_EQ(newest.messages.size(), 3U);
  EXPECT_EQ(newest.gap_before, gap);
  EXPECT_TRUE(newest.has_more);

  const MessagePage at_gap = Page("A", IdOf("A", 8));
  EXPECT_THAT(at_gap.messages, IsEmpty());
  EXPECT_EQ(at_gap.gap_before, gap);
  EXPECT_TRUE(at_gap.has_more);

  const MessagePage below = Page("A", IdOf("A", 3));
  EXPECT_EQ(below.messages.size(), 2U);
  EXPECT_FALSE(below.gap_before);
  EXPECT_FALSE(below.has_more);
}

TEST_P(StoreContract, GapIsToldWhenThePageIsFullJustAboveIt) {
  Do(SummaryOf("A", 10));
  Do(HistoryOf("A", 8, 10));
  EXPECT_TRUE(Page("A", std::nullopt, 3).gap_before);
  EXPECT_FALSE(Page("A", std::nullopt, 2).gap_before);
  EXPECT_TRUE(Page("A", std::nullopt, 2).has_more);
}

TEST_P(StoreContract, NewestPageShowsWhatIsBelowAGapAtTheEnd) {
  Do(HistoryOf("A", 1, 3));
  Do(SummaryOf("A", 5, GapReason::kLimited));
  const Gap at_end{ConversationId("A"), 4, 5, GapReason::kLimited};
  const MessagePage page = Page("A");
  EXPECT_EQ(page.messages.size(), 3U);
  EXPECT_EQ(page.gap_after, at_end);
  EXPECT_FALSE(page.gap_before);
  EXPECT_FALSE(page.has_more);

  ASSERT_TRUE(Send(UserMessage("A", 1, "pending")));
  EXPECT_THAT(PageIds("A"), ElementsAre(IdOf("A", 1), IdOf("A", 2), IdOf("A", 3), UuidOf(1)));
  EXPECT_EQ(Page("A").gap_after, at_end);
  EXPECT_EQ(Page("A", UuidOf(1)).messages.size(), 3U);
  EXPECT_EQ(Page("A", UuidOf(1)).gap_after, at_end);
  EXPECT_FALSE(Page("A", IdOf("A", 3)).gap_after) << "of the newest page only";
}

TEST_P(StoreContract, AConversationThatIsAllGapIsAnEmptyPage) {
  Do(SummaryOf("A", 5));
  const MessagePage page = Page("A");
  EXPECT_THAT(page.messages, IsEmpty());
  EXPECT_EQ(page.gap_before, (Gap{ConversationId("A"), 1, 5, GapReason::kNotFetched}));
  EXPECT_FALSE(page.gap_after);
  EXPECT_TRUE(page.has_more);
}

TEST_P(StoreContract, HoleThatTheBackendClosedIsNoGap) {
  Do(SummaryOf("A", 6));
  ApplyHistory page = HistoryOf("A", 1, 6);
  page.messages.erase(page.messages.begin() + 1, page.messages.begin() + 4);
  Do(page);
  EXPECT_THAT(PageIds("A"), ElementsAre(IdOf("A", 1), IdOf("A", 5), IdOf("A", 6)));
  EXPECT_FALSE(Page("A", std::nullopt, 1).gap_before);
  EXPECT_TRUE(Get("A").complete);
}

TEST_P(StoreContract, PendingMessagesComeLastInSubmitOrder) {
  Do(HistoryOf("A", 1, 2));
  ASSERT_TRUE(Send(UserMessage("A", 9, "first")));
  ASSERT_TRUE(Send(UserMessage("A", 3, "second")));
  EXPECT_THAT(PageIds("A"), ElementsAre(IdOf("A", 1), IdOf("A", 2), UuidOf(9), UuidOf(3)));
  EXPECT_THAT(PageIds("A", std::nullopt, 1), ElementsAre(UuidOf(3)));
  EXPECT_THAT(PageIds("A", UuidOf(3), 2), ElementsAre(IdOf("A", 2), UuidOf(9)));
  EXPECT_THAT(PageIds("A", UuidOf(9), 1), ElementsAre(IdOf("A", 2)));
  EXPECT_EQ(Page("A").total_count, 4U);
  EXPECT_TRUE(Page("A", std::nullopt, 2).has_more);
  EXPECT_TRUE(Page("A", UuidOf(9), 1).has_more);
  EXPECT_FALSE(Page("A", UuidOf(9), 2).has_more);
}

TEST_P(StoreContract, PageIsCutToWhatOneLocalAnswerHolds) {
  ApplyHistory page = HistoryOf("A", 1, 80);
  for (Message& message : page.messages) message.content = std::string(limits::kContentBytes, 'x');
  Do(page);
  const MessagePage newest = Page("A", std::nullopt, 200);
  std::size_t bytes = 0;
  for (const Message& message : newest.messages) bytes += message.content.size();
  EXPECT_LE(bytes, 3U * 1024 * 1024);
  EXPECT_GE(newest.messages.size(), 40U);
  EXPECT_TRUE(newest.has_more);
  const MessagePage next = Page("A", newest.messages.front().id.value(), 200);
  EXPECT_EQ(next.messages.back().sequence, newest.messages.front().sequence - 1);
}

TEST_P(StoreContract, TwoMessagesAtOneSequenceBothStay) {
  Do(HistoryOf("A", 1, 3));
  Message other = BackendMessage("A", 2);
  other.id = MessageId("restored");
  Do(ApplyMessage{other});
  EXPECT_EQ(Page("A").messages.size(), 4U);
  // Page by page, each is seen once.
  std::vector<std::string> seen;
  std::optional<std::string> before;
  for (MessagePage page = Page("A", before, 1); !page.messages.empty();
       page = Page("A", before, 1)) {
    before = page.messages.front().id.value();
    seen.push_back(*before);
  }
  EXPECT_THAT(seen,
              testing::UnorderedElementsAre(IdOf("A", 1), IdOf("A", 2), "restored", IdOf("A", 3)));
}

}  // namespace
}  // namespace hark::store
