// What a view decides, by hand and at random against a small store.

#include "client-sdk/src/conversation_model.h"

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client-sdk/src/list_diff.h"
#include "tests/unit/client_sdk/small_store.h"

namespace hark::client {
namespace {

using testing::ElementsAre;

constexpr std::uint32_t kPage = 5;

std::vector<std::string> Ids(const ItemList<ViewMessage>& items) {
  std::vector<std::string> ids;
  for (const MessageItem& item : items)
    ids.push_back(item->message.id + (item->partial ? "~" : ""));
  return ids;
}

// A model on a store, and what a UI was told.
class ConversationModelTest : public testing::Test {
 protected:
  void Deliver() {
    SmallStore::Event event = std::move(store_.events.front());
    store_.events.pop_front();
    if (auto* snapshot = std::get_if<MessagesSnapshot>(&event)) {
      model_.OnSnapshot(std::move(*snapshot));
    } else {
      model_.OnDelta(std::get<MessagesDelta>(std::move(event)));
    }
    Tell();
  }
  void DeliverAll() {
    while (!store_.events.empty()) Deliver();
  }
  // False: nothing is wanted.
  bool ReadOne() {
    const auto read = model_.Wanted();
    if (!read) return false;
    ++reads_;
    if (auto page = store_.Page(read->before_message_id, read->size)) {
      model_.OnPage(*read, std::move(*page));
    } else {
      model_.OnAnchorGone();
    }
    Tell();
    return true;
  }
  void ReadAll() {
    int reads = 0;
    while (ReadOne()) ASSERT_LT(++reads, 1'000) << "the model never has enough";
  }
  void Settle() {
    DeliverAll();
    ReadAll();
    while (!store_.events.empty()) {
      DeliverAll();
      ReadAll();
    }
  }
  void Tell() {
    if (!model_.IsSettled()) return;
    model_.Share(told_);
    const auto edits = DiffLists(told_, model_.items());
    ApplyEdits(edits, ui_);
    told_ = model_.items();
    edits_ += edits.size();
  }

  SmallStore store_{kPage};
  ConversationModel model_{kPage, 60};
  ItemList<ViewMessage> told_;
  ItemList<ViewMessage> ui_;
  std::size_t edits_ = 0;
  std::size_t reads_ = 0;
};

TEST_F(ConversationModelTest, PendingIsLastAndAnAnswerBeingProducedBeforeIt) {
  store_.Fetch(0, 0);
  store_.Append();
  store_.Send();
  store_.Resync();
  Settle();
  model_.OnPartial({"m2", Role::kAssistant, "text"});
  Tell();
  EXPECT_THAT(Ids(ui_), ElementsAre("m1", "m2~", "p1"));
  model_.OnPartial({"m2", Role::kAssistant, "text so far"});
  Tell();
  EXPECT_EQ(ui_[1]->message.content, "text so far");
  const std::size_t before = edits_;
  store_.Append();
  Settle();
  EXPECT_THAT(Ids(ui_), ElementsAre("m1", "m2", "p1"));
  EXPECT_EQ(edits_, before + 1) << "the finished message replaces it in its place";
  model_.OnPartial({"m2", Role::kAssistant, "late"});
  Tell();
  EXPECT_EQ(ui_[1]->message.content, "text 2");
}

TEST_F(ConversationModelTest, AnAbandonedAnswerIsGoneAfterAReconnection) {
  store_.Append();
  store_.Resync();
  Settle();
  model_.OnPartial({"m2", Role::kAssistant, "text"});
  model_.OnResumed({store_.revision(), "token"});
  Tell();
  EXPECT_THAT(Ids(ui_), ElementsAre("m1"));
}

TEST_F(ConversationModelTest, AResyncTellsOnlyWhatIsDifferentAndKeepsOlderPages) {
  for (int i = 0; i < 20; ++i) store_.Append();
  store_.Resync();
  Settle();
  EXPECT_EQ(ui_.size(), kPage);
  EXPECT_TRUE(model_.LoadOlder());
  Settle();
  ASSERT_EQ(ui_.size(), 2 * kPage);
  const ItemList<ViewMessage> before = ui_;
  edits_ = 0;

  store_.Edit(12, false);
  store_.Append();
  store_.Resync();
  Settle();
  EXPECT_EQ(ui_.size(), 2 * kPage + 1);
  EXPECT_EQ(edits_, 2U);
  EXPECT_EQ(ui_[0].get(), before[0].get()) << "the same object";
  EXPECT_EQ(ui_[1]->message.revision, 2U);
  EXPECT_EQ(ui_.back()->message.id, "m21");
}

TEST_F(ConversationModelTest, AListIsNotToldBeforeItsOlderPagesAreReadAgain) {
  for (int i = 0; i < 20; ++i) store_.Append();
  store_.Resync();
  Settle();
  EXPECT_TRUE(model_.LoadOlder());
  Settle();
  store_.Resync();
  DeliverAll();
  EXPECT_FALSE(model_.IsSettled());
  EXPECT_EQ(ui_.size(), 2 * kPage);
  ReadAll();
  EXPECT_TRUE(model_.IsSettled());
}

TEST_F(ConversationModelTest, LoadingOlderIntoAGapWaitsForIt) {
  store_.Learn(20);
  store_.Fetch(15, 20);
  store_.Resync();
  Settle();
  EXPECT_TRUE(model_.LoadOlder());
  ReadAll();
  EXPECT_TRUE(model_.LoadOlder());
  ReadAll();
  EXPECT_TRUE(model_.IsWaiting());
  EXPECT_TRUE(model_.state().loading_older);
  EXPECT_EQ(model_.state().gap_before->to_sequence, 14U);
  store_.Fetch(10, 14);
  Settle();
  EXPECT_FALSE(model_.state().loading_older);
  EXPECT_EQ(ui_.front()->message.sequence, 10U);
  EXPECT_EQ(model_.state().gap_before->to_sequence, 9U);
}

TEST_F(ConversationModelTest, AMessageBeyondAHoleIsNotShownAsANeighbour) {
  for (int i = 0; i < 3; ++i) store_.Append();
  store_.Resync();
  Settle();
  store_.Learn(3);
  store_.Append();  // 7; 4 to 6 are missing.
  DeliverAll();
  EXPECT_FALSE(model_.IsSettled());
  EXPECT_THAT(Ids(ui_), ElementsAre("m1", "m2", "m3"));
  ReadAll();
  EXPECT_THAT(Ids(ui_), ElementsAre("m7"));
  EXPECT_EQ(model_.state().gap_before->from_sequence, 4U);
}

TEST_F(ConversationModelTest, AnEventThatAPageHasOvertakenChangesNothing) {
  for (int i = 0; i < 12; ++i) store_.Append();
  store_.Resync();
  Settle();
  store_.Edit(4, false);
  EXPECT_TRUE(model_.LoadOlder());
  ReadAll();  // Shows the edit already.
  store_.Edit(4, true);
  edits_ = 0;
  Deliver();
  EXPECT_EQ(edits_, 0U);
  Deliver();
  EXPECT_EQ(edits_, 1U);
}

TEST_F(ConversationModelTest, AtTheLimitTheOldestMakeRoomAndNoMoreAreLoaded) {
  for (int i = 0; i < 100; ++i) store_.Append();
  store_.Resync();
  Settle();
  for (int i = 0; i < 20; ++i) {
    if (model_.LoadOlder()) Settle();
  }
  EXPECT_EQ(ui_.size(), 60U);
  EXPECT_FALSE(model_.LoadOlder());
  store_.Append();
  Settle();
  EXPECT_EQ(ui_.size(), 60U);
  EXPECT_EQ(ui_.front()->message.sequence, 42U);
  EXPECT_TRUE(model_.state().has_more);
}

TEST_F(ConversationModelTest, PartialAnswersAreBounded) {
  store_.Append();
  store_.Resync();
  Settle();
  for (int i = 0; i < 100; ++i)
    model_.OnPartial({"partial " + std::to_string(i), Role::kAssistant, "x"});
  EXPECT_EQ(model_.items().size(), 1 + MessageWindow::kMaxPartials);
  EXPECT_EQ(model_.items().back()->message.id, "partial 99");
}

// ---- At random ----

class RandomConversationModelTest : public ConversationModelTest,
                                    public testing::WithParamInterface<unsigned> {
 protected:
  std::uint64_t Below(std::uint64_t bound) { return random_() % bound; }

  void Happen() {
    switch (Below(12)) {
      case 0: return store_.Append();
      case 1: return store_.Append();
      case 2: return store_.Send();
      case 3:
        if (store_.pending() > 0) store_.Acknowledge(Below(8) == 0 ? Below(4) : 0);
        return;
      case 4:
        if (store_.pending() > 0) store_.Cancel(Below(store_.pending()));
        return;
      case 5:
        if (store_.pending() > 0) store_.Fail(Below(store_.pending()));
        return;
      case 6:
        if (store_.pending() > 0) store_.Retry(Below(store_.pending()));
        return;
      case 7: return store_.Learn(Below(6) == 0 ? Below(9) : 0);
      case 8:
        if (store_.known() > 0 && Below(10) == 0) store_.Close(1 + Below(store_.known()));
        return;
      case 9: {
        if (store_.known() == 0) return;
        const std::uint64_t to = 1 + Below(store_.known());
        return store_.Fetch(to - std::min(to - 1, Below(6)), to);
      }
      default: {
        if (store_.known() == 0) return;
        const std::uint64_t sequence = 1 + Below(store_.known());
        if (store_.Has(sequence)) store_.Edit(sequence, Below(4) == 0);
        return;
      }
    }
  }

  // What holds at any time of what a UI shows.
  void CheckShown() {
    ASSERT_EQ(Ids(ui_), Ids(told_));
    std::set<std::string> seen;
    for (std::size_t i = 0; i < ui_.size(); ++i) {
      const Message& message = ui_[i]->message;
      ASSERT_TRUE(seen.insert(message.id).second) << message.id << " twice";
      if (ui_[i]->partial) continue;
      std::uint64_t& revision = shown_[message.id];
      ASSERT_GE(message.revision, revision) << message.id << " went back";
      revision = message.revision;
      if (i > 0 && message.sequence > 0) ASSERT_LE(ui_[i - 1]->message.sequence, message.sequence);
    }
    for (const auto& [id, revision] : shown_) {
      if (id.front() == 'p' && !seen.contains(id) && !store_.IsPending(id) && revision == 0)
        gone_.insert(id);
    }
    for (const std::string& id : gone_) {
      if (seen.contains(id)) ASSERT_GT(shown_[id], 0U) << id << " came back";
    }
  }

  // Once nothing is on its way: it is the end of what the store has, up to the first hole.
  void CheckEqual() {
    ASSERT_TRUE(model_.IsSettled());
    std::vector<Message> all = store_.All();
    ASSERT_LE(ui_.size(), all.size());
    const std::size_t from = all.size() - ui_.size();
    for (std::size_t i = 0; i < ui_.size(); ++i) {
      ASSERT_EQ(ui_[i]->message, all[from + i]);
      if (i > 0) ASSERT_FALSE(store_.IsMissingBefore(all[from + i])) << all[from + i].id;
    }
    const ConversationViewState state = model_.state();
    if (ui_.empty()) return;
    const MessagePage older = *store_.Page(ui_.front()->message.id, 1);
    ASSERT_EQ(state.has_more, older.has_more || !older.messages.empty());
    if (state.gap_before) ASSERT_TRUE(older.messages.empty());
  }

  std::mt19937 random_{GetParam()};
  std::map<std::string, std::uint64_t> shown_;
  std::set<std::string> gone_;
};

TEST_P(RandomConversationModelTest, IsAlwaysWhatTheStoreHas) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  store_.Resync();
  for (int step = 0; step < 2'000; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    switch (Below(16)) {
      case 0: store_.Resync(); break;
      case 1: model_.LoadOlder(); break;
      case 2:
        model_.OnPartial({"m" + std::to_string(store_.known() + 1), Role::kAssistant,
                          "text " + std::to_string(step)});
        break;
      case 3:
      case 4:
      case 5: (void)ReadOne(); break;
      case 6: model_.LookAgain(); break;
      case 7:
        Settle();
        model_.OnResumed({store_.revision(), "token"});
        Settle();
        Tell();
        ASSERT_NO_FATAL_FAILURE(CheckEqual());
        break;
      case 8:
      case 9:
      case 10:
        if (!store_.events.empty()) Deliver();
        break;
      default: Happen(); break;
    }
    ASSERT_NO_FATAL_FAILURE(CheckShown());
  }
  Settle();
  ASSERT_GT(reads_, 100U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomConversationModelTest, testing::Range(1U, 13U));

}  // namespace
}  // namespace hark::client
