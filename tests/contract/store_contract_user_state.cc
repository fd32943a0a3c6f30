// Drafts and view states: what is kept, what is announced, and what a view shows whose message is
// gone.

#include <chrono>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"
#include "tests/support/store_calls.h"

namespace hark::store {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

Draft MakeDraft(const std::string& conversation, std::string text, std::uint64_t version) {
  return {ConversationId(conversation), std::move(text), version, TimeOf(version)};
}

ViewState MakeView(const std::string& conversation, const std::string& ui, Sequence sequence) {
  ViewState state;
  state.conversation = ConversationId(conversation);
  state.ui = ui;
  state.message = MessageId(IdOf(conversation, sequence));
  state.offset = -3;
  state.sequence = sequence;
  state.set_at = TimeOf(sequence);
  return state;
}

}  // namespace

void StoreContract::SaveDraft(const std::string& conversation, std::string text,
                              std::uint64_t version) {
  const auto saved =
      SaveNow(store().user_state(), {{MakeDraft(conversation, std::move(text), version)}, {}});
  ASSERT_TRUE(saved) << saved.error().message;
}

void StoreContract::SaveView(ViewState state) {
  const auto saved = SaveNow(store().user_state(), {{}, {std::move(state)}});
  ASSERT_TRUE(saved) << saved.error().message;
}

std::map<std::string, Draft> StoreContract::Drafts() {
  std::map<std::string, Draft> drafts;
  const auto read = store().user_state().ReadDrafts();
  EXPECT_TRUE(read) << read.error().message;
  if (!read) return drafts;
  for (const Draft& draft : *read) drafts.emplace(draft.conversation.value(), draft);
  EXPECT_EQ(drafts.size(), read->size()) << "one a conversation";
  return drafts;
}

namespace {

// What FindShown() gives for a state, as "id" or "~id" for a neighbour.
std::string Shown(UserStateStore& store, const ViewState& state) {
  const auto shown = store.FindShown(state);
  if (!shown) return shown.error().message;
  EXPECT_EQ(shown->state, state);
  return (shown->nearest ? "~" : "") + shown->message.value();
}

TEST_P(StoreContract, DraftsAreKeptOneAConversationAndSurviveAReopening) {
  const std::string longest(limits::kDraftBytes, 'l');
  SaveDraft("A", "one", 5);
  SaveDraft("A", longest, 6);
  SaveDraft("Б 🕰", "日本\nzwei", 7);
  for (const bool reopened : {false, true}) {
    SCOPED_TRACE(reopened);
    const auto drafts = Drafts();
    ASSERT_THAT(drafts, SizeIs(2));
    EXPECT_EQ(drafts.at("A"), MakeDraft("A", longest, 6));
    EXPECT_EQ(drafts.at("Б 🕰"), MakeDraft("Б 🕰", "日本\nzwei", 7));
    store().Reopen();
  }
}

TEST_P(StoreContract, AnOlderDraftIsNotWrittenOverANewerOne) {
  SaveDraft("A", "new", 6);
  SaveDraft("A", "old", 5);
  EXPECT_EQ(Drafts().at("A").text, "new");
  SaveDraft("A", "new, again", 6);
  EXPECT_EQ(Drafts().at("A").text, "new, again") << "as when a job is run again";
}

TEST_P(StoreContract, TheListSaysWhichConversationHasADraftAndIsToldWhenThatChanges) {
  Do(SummaryOf("A", 3));
  Do(SummaryOf("B", 3));
  TakeCommits();
  EXPECT_FALSE(Get("A").has_draft);

  SaveDraft("A", "one", 5);
  auto commits = TakeCommits();
  ASSERT_THAT(commits, SizeIs(1));
  ASSERT_THAT(commits[0]->conversations, SizeIs(1));
  EXPECT_EQ(commits[0]->conversations[0], Get("A"));
  EXPECT_TRUE(Get("A").has_draft);
  EXPECT_FALSE(Get("B").has_draft);
  EXPECT_THAT(commits[0]->messages, IsEmpty());

  SaveDraft("A", "one and two", 6);
  EXPECT_THAT(TakeCommits(), IsEmpty()) << "a key typed is nothing that a commit tells of";

  SaveDraft("A", "", 7);
  commits = TakeCommits();
  ASSERT_THAT(commits, SizeIs(1));
  ASSERT_THAT(commits[0]->conversations, SizeIs(1));
  EXPECT_FALSE(commits[0]->conversations[0].has_draft);
  EXPECT_FALSE(Get("A").has_draft);
  EXPECT_EQ(Drafts().at("A").version, 7U) << "the clearing is remembered";

  SaveDraft("unknown", "kept", 8);
  EXPECT_EQ(Drafts().at("unknown").text, "kept");
  EXPECT_THAT(ListIds(), UnorderedElementsAre("A", "B")) << "a draft makes no conversation";
  Do(SummaryOf("unknown", 1));
  EXPECT_TRUE(Get("unknown").has_draft);
}

TEST_P(StoreContract, OnlyTheLatestClearingsAreRemembered) {
  UserStateChanges changes;
  changes.drafts.push_back(MakeDraft("kept", "text", 1));
  for (std::uint64_t i = 0; i < limits::kClearedDrafts + 5; ++i)
    changes.drafts.push_back(MakeDraft("c" + std::to_string(i), "", 100 + i));
  ASSERT_TRUE(SaveNow(store().user_state(), std::move(changes)));
  const auto drafts = Drafts();
  EXPECT_THAT(drafts, SizeIs(limits::kClearedDrafts + 1));
  EXPECT_TRUE(drafts.contains("kept"));
  EXPECT_FALSE(drafts.contains("c4"));
  EXPECT_TRUE(drafts.contains("c5"));
}

TEST_P(StoreContract, AViewStateIsKeptForEachUiAndSurvivesAReopening) {
  Do(HistoryOf("A", 1, 10));
  ViewState other = MakeView("A", "tui", 9);
  other.message = MessageId(UuidOf(3));
  other.at_bottom = true;
  other.offset = INT64_MAX;
  SaveView(MakeView("A", "desktop", 2));
  SaveView(MakeView("A", "desktop", 4));
  SaveView(other);
  ViewState nothing = MakeView("B", "desktop", 1);
  nothing.message = MessageId();
  nothing.at_bottom = true;
  SaveView(nothing);
  for (const bool reopened : {false, true}) {
    SCOPED_TRACE(reopened);
    UserStateStore& states = store().user_state();
    EXPECT_EQ(**states.ReadViewState(ConversationId("A"), "desktop"), MakeView("A", "desktop", 4));
    EXPECT_EQ(**states.ReadViewState(ConversationId("A"), "tui"), other);
    EXPECT_EQ(**states.ReadViewState(ConversationId("B"), "desktop"), nothing);
    EXPECT_FALSE(*states.ReadViewState(ConversationId("B"), "tui"));
    store().Reopen();
  }
}

TEST_P(StoreContract, AViewStateIsNothingThatACommitTellsOf) {
  Do(HistoryOf("A", 1, 10));
  TakeCommits();
  SaveView(MakeView("A", "desktop", 2));
  EXPECT_THAT(TakeCommits(), IsEmpty());
}

TEST_P(StoreContract, OnlyTheLatestViewStatesAreKept) {
  UserStateChanges changes;
  for (std::size_t i = 0; i < limits::kViewStates; ++i) {
    // All at the same moment but the first.
    ViewState state = MakeView("A", "ui" + std::to_string(10'000 + i), 5);
    if (i == 0) state.set_at = TimeOf(1);
    changes.view_states.push_back(std::move(state));
  }
  ASSERT_TRUE(SaveNow(store().user_state(), std::move(changes)));
  const auto is_kept = [&](const std::string& ui) {
    return store().user_state().ReadViewState(ConversationId("A"), ui)->has_value();
  };
  EXPECT_TRUE(is_kept("ui10000"));
  SaveView(MakeView("A", "one more", 6));
  EXPECT_FALSE(is_kept("ui10000"));
  EXPECT_TRUE(is_kept("ui10001"));
  EXPECT_TRUE(is_kept("one more"));
}

TEST_P(StoreContract, AViewShowsItsMessageOrTheNearestThatIsHere) {
  Do(SummaryOf("A", 100));
  Do(HistoryOf("A", 20, 30));
  Do(HistoryOf("A", 60, 70));
  UserStateStore& states = store().user_state();
  EXPECT_EQ(Shown(states, MakeView("A", "ui", 25)), "A/25");
  EXPECT_EQ(Shown(states, MakeView("A", "ui", 3)), "~A/20");
  EXPECT_EQ(Shown(states, MakeView("A", "ui", 31)), "~A/30");
  EXPECT_EQ(Shown(states, MakeView("A", "ui", 58)), "~A/60");
  EXPECT_EQ(Shown(states, MakeView("A", "ui", 45)), "~A/60") << "of two, the later";
  EXPECT_EQ(Shown(states, MakeView("A", "ui", 99)), "~A/70");
  Do(ApplyMessage{Tombstone(BackendMessage("A", 25, 2))});
  EXPECT_EQ(Shown(states, MakeView("A", "ui", 25)), "A/25") << "a tombstone keeps its place";

  ViewState elsewhere = MakeView("A", "ui", 25);
  elsewhere.conversation = ConversationId("B");
  EXPECT_EQ(Shown(states, elsewhere), "~") << "nothing of B is here";
  ViewState bottom = MakeView("A", "ui", 25);
  bottom.message = MessageId();
  bottom.at_bottom = true;
  EXPECT_EQ(Shown(states, bottom), "");
}

TEST_P(StoreContract, AViewOfAPendingMessageFollowsItAndOutlivesIt) {
  Do(HistoryOf("A", 1, 10));
  ASSERT_TRUE(Send(UserMessage("A", 1, "pending")));
  ASSERT_TRUE(Send(UserMessage("A", 2, "to be cancelled")));
  UserStateStore& states = store().user_state();
  ViewState state = MakeView("A", "ui", 10);
  state.message = MessageId(UuidOf(1));
  EXPECT_EQ(Shown(states, state), UuidOf(1));
  Do(AcknowledgeSend{MessageId(UuidOf(1)), "", 11, 1});
  EXPECT_EQ(Shown(states, state), UuidOf(1));
  state.message = MessageId(UuidOf(2));
  EXPECT_EQ(Shown(states, state), UuidOf(2));
  ASSERT_TRUE(Act("A", UuidOf(2), CancelMessage{}));
  EXPECT_EQ(Shown(states, state), "~A/10");
  // Only pending messages are here.
  Do(SummaryOf("C", 0));
  ASSERT_TRUE(Send(UserMessage("C", 3, "alone")));
  EXPECT_EQ(Shown(states, MakeView("C", "ui", 7)), "~" + UuidOf(3));
}

TEST_P(StoreContract, RetentionSparesDraftsAndViewStatesAndMovesTheViewToWhatIsLeft) {
  Do(SummaryOf("A", 100));
  Do(HistoryOf("A", 1, 100));
  SaveDraft("A", "spared", 5);
  SaveView(MakeView("A", "ui", 10));
  clock().now = TimeOf(71) + std::chrono::hours(24) * 90;
  EXPECT_EQ(Evict(PlanRetention({90, 0}).evictions), 70U) << "a draft keeps no messages";
  EXPECT_EQ(Drafts().at("A").text, "spared");
  EXPECT_TRUE(Get("A").has_draft);
  UserStateStore& states = store().user_state();
  EXPECT_EQ(**states.ReadViewState(ConversationId("A"), "ui"), MakeView("A", "ui", 10));
  EXPECT_EQ(Shown(states, MakeView("A", "ui", 10)), "~A/71");
  // Paging back brings it again.
  Do(HistoryOf("A", 1, 70));
  EXPECT_EQ(Shown(states, MakeView("A", "ui", 10)), "A/10");
}

TEST_P(StoreContract, AClosedStoreTakesNoUserState) {
  store().Close();
  EXPECT_EQ(SaveNow(store().user_state(), {{MakeDraft("A", "late", 5)}, {}}).error().code,
            ErrorCode::kCancelled);
  EXPECT_EQ(store().user_state().ReadDrafts().error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace hark::store
