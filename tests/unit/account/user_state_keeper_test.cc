#include "daemon/account/user_state_keeper.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/support/fake_time.h"
#include "tests/support/memory_user_state.h"

namespace hark::account {
namespace {

// Conversations "a" and "b" of ten messages "a/1" to "a/10", and "a/pending".
class FewConversations final : public store::Reader {
 public:
  Result<Conversation> GetConversation(const ConversationId& id) override {
    if (id.value() != "a" && id.value() != "b") return Fail(ErrorCode::kNotFound, "unknown");
    Conversation conversation;
    conversation.id = id;
    conversation.last_sequence = 10;
    return conversation;
  }
  Result<Message> ReadMessage(const MessageId& id) override {
    const std::string& text = id.value();
    Message message;
    message.id = id;
    message.conversation = ConversationId(text.substr(0, 1));
    if (text == "a/pending") return message;
    if (text != "a/3" && text != "b/5") return Fail(ErrorCode::kNotFound, "unknown");
    message.sequence = static_cast<Sequence>(std::stoi(text.substr(2)));
    return message;
  }
  LocalRevision CurrentRevision() const override { return LocalRevision{3} << 32; }
  const std::string& StoreId() const override { return id_; }

  Result<store::MessagePage> ReadPage(const store::PageQuery&) override { return Not(); }
  Result<std::optional<store::ChangesPage>> ReadChanges(const store::ChangesQuery&) override {
    return Not();
  }
  Result<store::ConversationPage> ListConversations(const store::ConversationQuery&) override {
    return Not();
  }
  Result<store::OutboxState> ReadOutbox() override { return Not(); }
  Result<store::OutboxPage> ListOutbox(const store::OutboxQuery&) override { return Not(); }
  Result<store::OutgoingEntry> ReadOutgoing(std::uint64_t) override { return Not(); }
  Result<std::vector<ConversationId>> ActiveConversations(WallTime, std::uint32_t) override {
    return Not();
  }
  Result<store::FetchPlan> PlanFetches(const std::vector<ConversationId>&, std::uint32_t) override {
    return Not();
  }
  Result<store::SyncState> ReadSyncState() override { return Not(); }
  Result<store::StoreStatistics> Statistics() override { return Not(); }
  Result<store::SearchPage> Search(const store::SearchQuery&, const std::atomic<bool>&) override {
    return Not();
  }

 private:
  static tl::unexpected<Error> Not() { return Fail(ErrorCode::kInternal, "not asked for here"); }
  const std::string id_ = "store";
};

class UserStateKeeperTest : public testing::Test {
 protected:
  // What SetDraft() answered; nothing if it has not.
  std::optional<Result<DraftOutcome>> Set(const std::string& conversation, std::string text,
                                          std::uint64_t base = 0, bool flush = false) {
    answer_.reset();
    keeper_.SetDraft({ConversationId(conversation), std::move(text), base, flush},
                     [this](Result<DraftOutcome> outcome) { answer_ = std::move(outcome); });
    return answer_;
  }
  std::uint64_t VersionOf(const std::string& conversation) {
    return keeper_.GetDraft(ConversationId(conversation))->version;
  }
  std::string OnDisk(const std::string& conversation) {
    const auto drafts = store_.drafts();
    const auto found = drafts.find(ConversationId(conversation));
    return found == drafts.end() ? "" : found->second.text;
  }
  Result<void> SetView(const std::string& ui, const std::string& message, bool at_bottom = false) {
    ViewState state;
    state.conversation = ConversationId("a");
    state.ui = ui;
    state.message = MessageId(message);
    state.at_bottom = at_bottom;
    state.offset = 40;
    return keeper_.SetViewState(std::move(state));
  }

  test::FakeTime time_;
  test::FakeAlarm alarm_{time_};
  FewConversations reader_;
  test::MemoryUserState store_;
  UserStateKeeper keeper_{reader_, store_, time_, [this](Clock::Instant at) {
                            alarm_.Set(at, [this] { keeper_.SaveNow(); });
                          }};
  std::optional<Result<DraftOutcome>> answer_;
};

TEST_F(UserStateKeeperTest, AKeyIsShownAtOnceAndWrittenSoonWithOneCommit) {
  ASSERT_TRUE(Set("a", "h"));
  EXPECT_EQ(keeper_.GetDraft(ConversationId("a"))->text, "h");
  EXPECT_EQ(store_.saves(), 0);
  const Clock::Instant due = *alarm_.at();
  EXPECT_LE(due, time_.Now() + std::chrono::milliseconds(500));
  time_.Advance(std::chrono::milliseconds(100));
  Set("a", "he", VersionOf("a"));
  Set("b", "x");
  ASSERT_TRUE(SetView("desktop", "a/3"));
  EXPECT_EQ(alarm_.at(), due) << "counted from the first key, or a fast typist is never saved";
  EXPECT_FALSE(alarm_.RingIfDue());
  time_.Advance(std::chrono::milliseconds(400));
  EXPECT_TRUE(alarm_.RingIfDue());
  EXPECT_EQ(store_.saves(), 1);
  EXPECT_EQ(OnDisk("a"), "he");
  EXPECT_EQ(OnDisk("b"), "x");
  EXPECT_EQ(store_.view_states(), 1U);
  EXPECT_FALSE(alarm_.at()) << "nothing is left to do";
}

TEST_F(UserStateKeeperTest, FlushAnswersWhenItIsOnDisk) {
  store_.Hold();
  EXPECT_FALSE(Set("a", "durable", 0, true)) << "not before it is there";
  EXPECT_EQ(keeper_.GetDraft(ConversationId("a"))->text, "durable") << "yet it is shown";
  ASSERT_TRUE(store_.Finish());
  ASSERT_TRUE(answer_ && *answer_);
  EXPECT_EQ((*answer_)->draft.text, "durable");
  EXPECT_EQ(OnDisk("a"), "durable");
  // What is there already needs no second commit.
  ASSERT_TRUE(Set("a", "durable", 0, true));
  EXPECT_EQ(store_.saves(), 1);
}

TEST_F(UserStateKeeperTest, FlushWaitsAlsoForWhatIsOnItsWay) {
  store_.Hold();
  Set("a", "typed");
  time_.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(alarm_.RingIfDue());
  EXPECT_FALSE(Set("a", "typed", 0, true));
  ASSERT_TRUE(store_.Finish(Error(ErrorCode::kResourceExhausted, "the disk is full")));
  EXPECT_FALSE(answer_);
  ASSERT_TRUE(store_.Finish());
  ASSERT_TRUE(answer_ && *answer_);
  EXPECT_EQ(OnDisk("a"), "typed");
}

TEST_F(UserStateKeeperTest, WhatCouldNotBeWrittenIsKeptAndTriedAgain) {
  store_.Hold();
  EXPECT_FALSE(Set("a", "text", 0, true));
  ASSERT_TRUE(SetView("desktop", "a/3"));
  ASSERT_TRUE(store_.Finish(Error(ErrorCode::kResourceExhausted, "the disk is full")));
  ASSERT_TRUE(answer_);
  ASSERT_FALSE(*answer_);
  EXPECT_EQ(answer_->error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(keeper_.GetDraft(ConversationId("a"))->text, "text");
  // What is typed meanwhile does not wait for the longer pause.
  Set("b", "typed");
  EXPECT_LE(*alarm_.at(), time_.Now() + limits::kSaveAfter);
  time_.Advance(limits::kSaveAfter);
  ASSERT_TRUE(alarm_.RingIfDue());
  ASSERT_TRUE(store_.Finish(Error(ErrorCode::kResourceExhausted, "the disk is full")));
  EXPECT_GT(*alarm_.at(), time_.Now() + limits::kSaveAfter);
  time_.Advance(limits::kSaveAgainAfter);
  ASSERT_TRUE(alarm_.RingIfDue());
  ASSERT_TRUE(store_.Finish());
  EXPECT_EQ(OnDisk("a"), "text");
  EXPECT_EQ(OnDisk("b"), "typed");
  EXPECT_EQ(store_.view_states(), 1U);
  EXPECT_FALSE(alarm_.at());
}

TEST_F(UserStateKeeperTest, AConflictIsAnsweredAtOnceAndWritesNothing) {
  Set("a", "one");
  keeper_.SaveNow();
  const int saves = store_.saves();
  ASSERT_TRUE(Set("a", "two", 0, true));
  EXPECT_TRUE((*answer_)->conflict);
  EXPECT_EQ((*answer_)->draft.text, "one");
  EXPECT_EQ(store_.saves(), saves);
}

TEST_F(UserStateKeeperTest, ListenersHearOfEachChangeUntilTheyEnd) {
  std::vector<std::string> heard;
  auto subscription =
      keeper_.WatchDrafts([&heard](const ConversationId& conversation, std::uint64_t version) {
        heard.push_back(conversation.value() + (version > 0 ? "" : "?"));
      });
  Set("a", "one");
  Set("a", "one");     // No change.
  Set("a", "two", 0);  // A conflict.
  Set("b", "two");
  subscription.reset();
  Set("b", "three", VersionOf("b"));
  EXPECT_EQ(heard, (std::vector<std::string>{"a", "b"}));
}

TEST_F(UserStateKeeperTest, ADraftNeedsAConversationUnlessItIsThereAlready) {
  ASSERT_TRUE(Set("nowhere", "text"));
  EXPECT_EQ(answer_->error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(*Set("nowhere", "")) << "there is nothing to clear";
  // One from when the conversation was in the cache.
  store_.SaveUserState({{{ConversationId("gone"), "kept", 5, {}}}, {}},
                       [](const Result<LocalRevision>&) {});
  test::FakeTime time;
  UserStateKeeper later(reader_, store_, time, [](Clock::Instant) {});
  later.SetDraft({ConversationId("gone"), "kept and more", 5, false},
                 [this](Result<DraftOutcome> outcome) { answer_ = std::move(outcome); });
  ASSERT_TRUE(answer_ && *answer_);
  EXPECT_EQ((*answer_)->draft.text, "kept and more");
}

TEST_F(UserStateKeeperTest, WhatIsNoTextIsRefused) {
  EXPECT_EQ(Set("a", "\xff")->error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Set("a", std::string(limits::kDraftBytes + 1, 'x'))->error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(*Set("a", std::string(limits::kDraftBytes, 'x')));
}

TEST_F(UserStateKeeperTest, DraftsThatCannotBeReadAreNotOverwritten) {
  store_.FailReads(Error(ErrorCode::kCorrupt, "damaged"));
  EXPECT_EQ(Set("a", "new")->error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(keeper_.ListDrafts(std::nullopt).error().code, ErrorCode::kCorrupt);
  keeper_.SaveNow();
  EXPECT_EQ(store_.saves(), 0);
  store_.FailReads(std::nullopt);
  EXPECT_TRUE(*Set("a", "new"));
}

TEST_F(UserStateKeeperTest, AViewIsWhereItWasPutBeforeAndAfterItIsWritten) {
  ASSERT_TRUE(SetView("desktop", "a/3"));
  for (const bool written : {false, true}) {
    SCOPED_TRACE(written);
    const auto shown = keeper_.GetViewState(ConversationId("a"), "desktop");
    ASSERT_TRUE(shown && *shown);
    EXPECT_EQ((*shown)->message.value(), "a/3");
    EXPECT_EQ((*shown)->state.offset, 40);
    EXPECT_EQ((*shown)->state.sequence, 3U);
    EXPECT_EQ((*shown)->state.set_at, time_.WallNow());
    keeper_.SaveNow();
  }
  EXPECT_FALSE(*keeper_.GetViewState(ConversationId("a"), "other"));
  EXPECT_FALSE(*keeper_.GetViewState(ConversationId("b"), "desktop"));
}

TEST_F(UserStateKeeperTest, AViewThatMovesWhileItIsWrittenIsWrittenAgain) {
  store_.Hold();
  ASSERT_TRUE(SetView("desktop", "a/3"));
  keeper_.SaveNow();
  ASSERT_TRUE(SetView("desktop", "", true));
  ASSERT_TRUE(store_.Finish());
  EXPECT_TRUE((*keeper_.GetViewState(ConversationId("a"), "desktop"))->state.at_bottom);
  keeper_.SaveNow();
  ASSERT_TRUE(store_.Finish());
  EXPECT_TRUE((*store_.ReadViewState(ConversationId("a"), "desktop"))->at_bottom);
}

TEST_F(UserStateKeeperTest, AMessageThatIsNotAtTheBackendHasTheLastPlace) {
  ASSERT_TRUE(SetView("desktop", "a/pending"));
  EXPECT_EQ((*keeper_.GetViewState(ConversationId("a"), "desktop"))->state.sequence, 10U);
}

TEST_F(UserStateKeeperTest, WhatIsNoViewIsRefused) {
  EXPECT_EQ(SetView("", "a/3").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(SetView(std::string(limits::kUiNameBytes + 1, 'u'), "a/3").error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(SetView("\xff", "a/3").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(SetView("ui", "").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(SetView("ui", "a/99").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(SetView("ui", "b/5").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(SetView("ui", "", true));
}

TEST_F(UserStateKeeperTest, ViewsThatCannotBeWrittenAreBounded) {
  store_.Hold();
  for (std::size_t i = 0; i < limits::kViewStates; ++i)
    ASSERT_TRUE(SetView("ui" + std::to_string(i), "", true));
  EXPECT_EQ(SetView("one more", "", true).error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(SetView("ui0", "a/3"));
  keeper_.SaveNow();
  ASSERT_TRUE(store_.Finish());
  EXPECT_TRUE(SetView("one more", "", true));
}

}  // namespace
}  // namespace hark::account
