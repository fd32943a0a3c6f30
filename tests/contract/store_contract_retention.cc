// Retention: what goes, what is spared, and what is left behind.

#include <algorithm>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"
#include "tests/support/store_calls.h"

namespace hark::store {

RetentionPlan StoreContract::PlanRetention(RetentionPolicy policy) {
  auto plan = store().retention().PlanRetention(policy);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? *std::move(plan) : RetentionPlan();
}

std::uint64_t StoreContract::Evict(std::vector<Eviction> evictions) {
  std::uint64_t messages = 0;
  while (!evictions.empty()) {
    const auto evicted = EvictNow(store().retention(), evictions);
    EXPECT_TRUE(evicted) << evicted.error().message;
    if (!evicted) break;
    EXPECT_LE(evicted->messages, kEvictionMessages);
    EXPECT_TRUE(evicted->messages > 0 || evicted->finished > 0) << "no way forward";
    if (evicted->messages == 0 && evicted->finished == 0) break;
    messages += evicted->messages;
    evictions.erase(evictions.begin(),
                    evictions.begin() + static_cast<std::ptrdiff_t>(evicted->finished));
  }
  return messages;
}

Result<LocalRevision> StoreContract::SetRetention(const std::string& conversation,
                                                  std::optional<std::uint32_t> days) {
  return WaitFor<LocalRevision>([&](auto done) {
    store().retention().SetRetention(ConversationId(conversation), days, std::move(done));
  });
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t kDays = 90;

// The moment at which exactly the messages of TimeOf(1) to TimeOf(sequence - 1) are too old.
WallTime WhenTooOldBefore(Sequence sequence) {
  return TimeOf(sequence) + std::chrono::hours(24) * kDays;
}

std::uint64_t SumOf(const RetentionPlan& plan) {
  std::uint64_t sum = 0;
  for (const Eviction& eviction : plan.evictions) sum += eviction.messages;
  return sum;
}

TEST_P(StoreContract, RetentionTakesTheOldAndLeavesAGapThatIsFetchedOnlyWhenWanted) {
  Do(SummaryOf("A", 100));
  Do(HistoryOf("A", 1, 100));
  clock().now = WhenTooOldBefore(71);
  const Conversation before = Get("A");
  const RetentionPlan plan = PlanRetention({kDays, 0});
  EXPECT_EQ(plan.messages, 70U);
  EXPECT_EQ(plan.oldest, TimeOf(1));
  ASSERT_EQ(plan.evictions.size(), 1U);
  EXPECT_EQ(plan.evictions[0].conversation.value(), "A");
  EXPECT_GT(plan.evictions[0].bytes, 70U * 10);
  EXPECT_EQ(reader().Statistics()->messages, 100U) << "the plan reads only";
  TakeCommits();

  EXPECT_EQ(Evict(plan.evictions), 70U);
  EXPECT_FALSE(TakeCommits().empty()) << "streams learn of the gap";
  const MessagePage page = Page("A", std::nullopt, 200);
  EXPECT_EQ(page.messages.front().id.value(), "A/71");
  EXPECT_EQ(page.messages.size(), 30U);
  ASSERT_TRUE(page.gap_before);
  EXPECT_EQ(page.gap_before->reason, GapReason::kEvicted);
  EXPECT_EQ(page.gap_before->from, 1U);
  EXPECT_EQ(page.gap_before->to, 70U);
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(page.total_count, 100U);
  EXPECT_EQ(reader().Statistics()->messages, 30U);
  const Conversation after = Get("A");
  EXPECT_EQ(after.message_count, before.message_count);
  EXPECT_EQ(after.unread_count, before.unread_count);
  EXPECT_EQ(after.preview, before.preview);
  EXPECT_EQ(after.last_activity_at, before.last_activity_at);
  EXPECT_THAT(Plan({"A"}).items, IsEmpty()) << "not fetched by itself, also when active";
  EXPECT_EQ(PlanRetention({kDays, 0}).messages, 0U);
  EXPECT_FALSE(PlanRetention({kDays, 0}).oldest);

  store().Reopen();
  EXPECT_EQ(Page("A", std::nullopt, 200).gap_before->to, 70U);
  // Paging back fetches again.
  Do(HistoryOf("A", 41, 70));
  EXPECT_EQ(Page("A", std::nullopt, 200).messages.front().id.value(), "A/41");
  EXPECT_EQ(Page("A", std::nullopt, 200).gap_before->to, 40U);
}

TEST_P(StoreContract, RetentionOfAWholeConversationKeepsItInTheList) {
  Do(SummaryOf("A", 10));
  Do(HistoryOf("A", 1, 10));
  const Conversation before = Get("A");
  clock().now = WhenTooOldBefore(1'000);
  EXPECT_EQ(Evict(PlanRetention({kDays, 0}).evictions), 10U);
  EXPECT_THAT(ListIds(), ElementsAre("A"));
  EXPECT_EQ(Get("A").preview, before.preview);
  EXPECT_EQ(Get("A").unread_count, before.unread_count);
  const MessagePage page = Page("A");
  EXPECT_THAT(page.messages, IsEmpty());
  ASSERT_TRUE(page.gap_before);
  EXPECT_EQ(page.gap_before->to, 10U);
  // A new message goes on after the gap.
  Do(ApplyMessage{BackendMessage("A", 11)});
  EXPECT_THAT(PageIds("A"), ElementsAre("A/11"));
  EXPECT_EQ(Page("A").gap_before->reason, GapReason::kEvicted);
  EXPECT_EQ(Get("A").unread_count, before.unread_count);
  EXPECT_EQ(Get("A").message_count, 11U);
}

TEST_P(StoreContract, RetentionOfZeroDaysKeepsEverything) {
  Do(HistoryOf("A", 1, 10));
  clock().now = WhenTooOldBefore(1'000'000);
  EXPECT_EQ(PlanRetention({0, 0}).messages, 0U);
}

TEST_P(StoreContract, RetentionOfAConversationIsItsOwn) {
  for (const char* name : {"A", "B", "C"}) {
    Do(SummaryOf(name, 20));
    Do(HistoryOf(name, 1, 20));
  }
  EXPECT_EQ(SetRetention("?", 1).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(SetRetention("A", 0));
  ASSERT_TRUE(SetRetention("B", kDays + 1'000));
  store().Reopen();
  clock().now = WhenTooOldBefore(1'000);
  RetentionPlan plan = PlanRetention({kDays, 0});
  ASSERT_EQ(plan.evictions.size(), 1U);
  EXPECT_EQ(plan.evictions[0].conversation.value(), "C");
  EXPECT_EQ(plan.overrides.size(), 2U);
  // Also shorter than the others, and also if they are kept for ever.
  ASSERT_TRUE(SetRetention("B", 1));
  plan = PlanRetention({0, 0});
  ASSERT_EQ(plan.evictions.size(), 1U);
  EXPECT_EQ(plan.evictions[0].conversation.value(), "B");
  // Kept for ever counts at the last moment too.
  ASSERT_TRUE(SetRetention("B", 0));
  EXPECT_EQ(Evict(plan.evictions), 0U);
  ASSERT_TRUE(SetRetention("B", std::nullopt));
  EXPECT_EQ(PlanRetention({kDays, 0}).evictions.size(), 2U);
}

TEST_P(StoreContract, RetentionSparesTheNewestOfAnActiveConversationAndWhatWasFetchedAgain) {
  Do(SummaryOf("A", 500));
  for (Sequence from = 1; from < 500; from += 100) Do(HistoryOf("A", from, from + 99));
  clock().now = WhenTooOldBefore(1'000);
  ASSERT_TRUE(Open("A", clock().now - std::chrono::hours(1)));
  EXPECT_EQ(Evict(PlanRetention({kDays, 0}).evictions), 500U - kSparedMessages);
  EXPECT_EQ(Page("A", std::nullopt, 1).messages.front().id.value(), "A/500");
  EXPECT_EQ(reader().Statistics()->messages, kSparedMessages);
  // The person pages back: that stays while the conversation is active.
  Do(HistoryOf("A", 251, 300));
  EXPECT_EQ(PlanRetention({kDays, 0}).messages, 0U);
  EXPECT_EQ(PlanRetention({kDays, 1}).messages, 0U) << "by the cap neither";
  const RetentionPlan stale{
      {Eviction{ConversationId("A"), clock().now, TimeOf(251), 50, 1}}, 50, 1, {}, {}};
  EXPECT_EQ(Evict(stale.evictions), 0U) << "an old plan does no harm";
  clock().now += limits::kActiveFor;
  EXPECT_EQ(Evict(PlanRetention({kDays, 0}).evictions), kSparedMessages + 50U);
}

TEST_P(StoreContract, RetentionDoesNotTouchWhatWaitsToBeSent) {
  Do(SummaryOf("A", 10));
  Do(HistoryOf("A", 1, 10));
  Message old = UserMessage("A", 1, "unsent");
  old.created_at = TimeOf(1);
  ASSERT_TRUE(Send(old));
  clock().now = WhenTooOldBefore(1'000'000);
  EXPECT_EQ(Evict(PlanRetention({kDays, 1}).evictions), 10U);
  EXPECT_THAT(PageIds("A"), ElementsAre(UuidOf(1)));
  EXPECT_EQ(Page("A").messages.front().content, "unsent");
  EXPECT_EQ(Outbox().size(), 1U);
}

TEST_P(StoreContract, RetentionStopsAtAMessageWithAPendingChange) {
  Do(SummaryOf("A", 10));
  Do(HistoryOf("A", 1, 10));
  ASSERT_TRUE(Act("A", "A/4", EditMessage{"better"}));
  ASSERT_TRUE(Act("A", "A/7", DeleteMessage{}));
  clock().now = WhenTooOldBefore(1'000);
  const RetentionPlan plan = PlanRetention({kDays, 1});
  EXPECT_EQ(plan.messages, 3U);
  std::vector<Eviction> all = plan.evictions;
  all.at(0).before = clock().now;
  EXPECT_EQ(Evict(all), 3U);
  EXPECT_EQ(PageIds("A").front(), "A/4");
  EXPECT_EQ(Page("A").messages.front().content, "better");
  EXPECT_EQ(Outbox().size(), 2U);
}

TEST_P(StoreContract, RetentionByTheCapTakesTheOldestOfAllConversations) {
  // B is the older one: its messages were written before those of A.
  Do(SummaryOf("B", 400));
  for (Sequence from = 1; from < 400; from += 100) Do(HistoryOf("B", from, from + 99));
  ApplyHistory page = HistoryOf("A", 1, 400);
  for (Message& message : page.messages) message.created_at += std::chrono::hours(24 * 30);
  Do(page);
  clock().now = TimeOf(1'000) + std::chrono::hours(24 * 31);
  EXPECT_EQ(PlanRetention({kDays, 0}).messages, 0U);
  EXPECT_EQ(PlanRetention({kDays, std::uint64_t{1} << 40}).messages, 0U);
  store().Reopen();  // So that all of it is in the file and nothing in its log.
  // A third has to go: fewer than the 400 messages of B.
  const std::uint64_t bytes = reader().Statistics()->cache_bytes;
  const RetentionPlan plan = PlanRetention({kDays, bytes - bytes / 3});
  ASSERT_EQ(plan.evictions.size(), 1U);
  EXPECT_EQ(plan.evictions[0].conversation.value(), "B");
  EXPECT_GT(plan.messages, 1U);
  EXPECT_EQ(Evict(plan.evictions), plan.messages);
  EXPECT_FALSE(Page("A").gap_before);
  // And all of it, if nothing may stay.
  const RetentionPlan all = PlanRetention({kDays, 1});
  EXPECT_EQ(all.messages, 800U - plan.messages);
  EXPECT_EQ(SumOf(all), all.messages);
  // Kept for ever is kept.
  ASSERT_TRUE(SetRetention("A", 0));
  EXPECT_EQ(PlanRetention({kDays, 1}).messages, 400U - plan.messages);
}

TEST_P(StoreContract, RetentionMakesOneGapOfWhatWasMissingBelow) {
  Do(SummaryOf("A", 100, GapReason::kNotFetched));
  Do(HistoryOf("A", 31, 50));
  Do(HistoryOf("A", 71, 100));
  clock().now = WhenTooOldBefore(81);
  EXPECT_EQ(Evict(PlanRetention({kDays, 0}).evictions), 30U);
  const MessagePage page = Page("A");
  EXPECT_EQ(page.messages.front().id.value(), "A/81");
  EXPECT_EQ(page.gap_before->from, 1U);
  EXPECT_EQ(page.gap_before->to, 80U);
  EXPECT_EQ(page.gap_before->reason, GapReason::kEvicted);
  const FetchPlan plan = Plan({"A"});
  EXPECT_THAT(plan.items, IsEmpty()) << "it would be fetched and evicted in turns";
  EXPECT_EQ(plan.missing, 0U);
}

TEST_P(StoreContract, RetentionStopsAtTheFirstThatIsYoungEnough) {
  ApplyHistory page = HistoryOf("A", 1, 9);
  page.messages[4].created_at = TimeOf(5'000);  // The backend's clock jumped.
  Do(page);
  clock().now = WhenTooOldBefore(1'000);
  EXPECT_EQ(PlanRetention({kDays, 0}).messages, 4U);
  EXPECT_EQ(Evict(PlanRetention({kDays, 0}).evictions), 4U);
  EXPECT_EQ(PageIds("A").front(), "A/5");
}

TEST_P(StoreContract, RetentionOfUnreadMessagesKeepsTheirNumber) {
  Do(SummaryOf("A", 40, GapReason::kNotFetched, 10));
  Do(HistoryOf("A", 1, 40));
  EXPECT_EQ(Get("A").unread_count, 15U);
  clock().now = WhenTooOldBefore(31);
  EXPECT_EQ(Evict(PlanRetention({kDays, 0}).evictions), 30U);
  EXPECT_EQ(Get("A").unread_count, 15U);
  ASSERT_TRUE(MarkRead("A", "A/40"));
  EXPECT_EQ(Get("A").unread_count, 0U);
}

TEST_P(StoreContract, RetentionWithManyRowsOfOneSequenceComesToAnEnd) {
  ApplyHistory page = HistoryOf("A", 1, 3);
  Do(page);
  // After a restore a backend may give a sequence to other messages.
  for (int i = 0; i < 120; ++i) {
    Message again = BackendMessage("A", 2);
    again.id = MessageId("again/" + std::to_string(i));
    Do(ApplyMessage{again});
  }
  clock().now = WhenTooOldBefore(3);
  EXPECT_EQ(Evict(PlanRetention({kDays, 0}).evictions), 122U);
  EXPECT_THAT(PageIds("A"), ElementsAre("A/3"));
  EXPECT_EQ(Page("A").gap_before->to, 2U);
}

}  // namespace
}  // namespace hark::store
