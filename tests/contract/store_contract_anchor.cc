// Pages after and around a message, and every side against a plain model.

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Ids(const MessagePage& page) {
  std::vector<std::string> ids;
  for (const Message& message : page.messages) ids.push_back(message.id.value());
  return ids;
}

Gap GapOf(Sequence from, Sequence to) {
  return {ConversationId("A"), from, to, GapReason::kNotFetched};
}

TEST_P(StoreContract, AfterReadsOnToTheNewest) {
  Do(HistoryOf("A", 1, 5));
  ASSERT_TRUE(Send(UserMessage("A", 9, "pending")));
  ASSERT_TRUE(Send(UserMessage("A", 3, "pending")));
  const MessagePage first = PageAfter("A", IdOf("A", 2), 2);
  EXPECT_THAT(Ids(first), ElementsAre(IdOf("A", 3), IdOf("A", 4)));
  EXPECT_TRUE(first.has_more) << "the anchor";
  EXPECT_TRUE(first.has_more_after);
  EXPECT_EQ(first.total_count, 7U);
  EXPECT_THAT(Ids(PageAfter("A", IdOf("A", 4), 2)), ElementsAre(IdOf("A", 5), UuidOf(9)));
  const MessagePage last = PageAfter("A", UuidOf(9), 2);
  EXPECT_THAT(Ids(last), ElementsAre(UuidOf(3)));
  EXPECT_FALSE(last.has_more_after);
  EXPECT_THAT(Ids(PageAfter("A", UuidOf(3))), IsEmpty());
  EXPECT_TRUE(PageAfter("A", UuidOf(3)).has_more);
}

TEST_P(StoreContract, AroundHasTheAnchorInTheMiddleWhileThereIsEnough) {
  Do(HistoryOf("A", 1, 9));
  ASSERT_TRUE(Send(UserMessage("A", 1, "pending")));
  const MessagePage middle = PageAround("A", IdOf("A", 5), 5);
  EXPECT_EQ(middle.messages.front().sequence, 3U);
  EXPECT_EQ(middle.messages.back().sequence, 7U);
  EXPECT_TRUE(middle.has_more);
  EXPECT_TRUE(middle.has_more_after);
  EXPECT_THAT(Ids(PageAround("A", IdOf("A", 5), 1)), ElementsAre(IdOf("A", 5)));
  EXPECT_EQ(PageAround("A", IdOf("A", 1), 4).messages.back().sequence, 4U);
  EXPECT_FALSE(PageAround("A", IdOf("A", 1), 4).has_more);
  EXPECT_THAT(Ids(PageAround("A", UuidOf(1), 3)),
              ElementsAre(IdOf("A", 8), IdOf("A", 9), UuidOf(1)));
  EXPECT_FALSE(PageAround("A", UuidOf(1), 3).has_more_after);
  EXPECT_EQ(PageAround("A", UuidOf(1), 50).messages.size(), 10U);
}

TEST_P(StoreContract, BothSidesEndAtGaps) {
  Do(SummaryOf("A", 12));
  Do(HistoryOf("A", 5, 8));
  Do(HistoryOf("A", 11, 12));
  const MessagePage around = PageAround("A", IdOf("A", 6));
  EXPECT_EQ(around.messages.size(), 4U);
  EXPECT_EQ(around.gap_before, GapOf(1, 4));
  EXPECT_EQ(around.gap_after, GapOf(9, 10));
  EXPECT_TRUE(around.has_more);
  EXPECT_TRUE(around.has_more_after);

  EXPECT_EQ(PageAfter("A", IdOf("A", 6)).messages.size(), 2U);
  EXPECT_EQ(PageAfter("A", IdOf("A", 6)).gap_after, GapOf(9, 10));
  EXPECT_FALSE(PageAfter("A", IdOf("A", 6)).gap_before) << "the anchor lies before the page";
  EXPECT_THAT(Ids(PageAfter("A", IdOf("A", 8))), IsEmpty());
  EXPECT_EQ(PageAfter("A", IdOf("A", 8)).gap_after, GapOf(9, 10));
  EXPECT_FALSE(PageAfter("A", IdOf("A", 11)).gap_after);
}

TEST_P(StoreContract, AGapIsToldOnlyByAPageThatReachesIt) {
  Do(SummaryOf("A", 12));
  Do(HistoryOf("A", 4, 8));
  EXPECT_FALSE(PageAfter("A", IdOf("A", 4), 3).gap_after);
  EXPECT_TRUE(PageAfter("A", IdOf("A", 4), 4).gap_after);
  const MessagePage between = PageAround("A", IdOf("A", 6), 3);
  EXPECT_FALSE(between.gap_before);
  EXPECT_FALSE(between.gap_after);
  const MessagePage at_begin = PageAround("A", IdOf("A", 5), 2);
  EXPECT_EQ(at_begin.messages.front().sequence, 4U) << "of two, the other is the older";
  EXPECT_TRUE(at_begin.gap_before);
  EXPECT_FALSE(at_begin.gap_after);
}

TEST_P(StoreContract, PendingMessagesFollowAGapAtTheEndAndNoOther) {
  Do(SummaryOf("A", 12));
  Do(HistoryOf("A", 1, 3));
  Do(HistoryOf("A", 6, 8));
  ASSERT_TRUE(Send(UserMessage("A", 1, "pending")));
  EXPECT_THAT(Ids(PageAfter("A", IdOf("A", 2))), ElementsAre(IdOf("A", 3)));
  EXPECT_EQ(PageAfter("A", IdOf("A", 2)).gap_after, GapOf(4, 5));

  const MessagePage at_end = PageAfter("A", IdOf("A", 7));
  EXPECT_THAT(Ids(at_end), ElementsAre(IdOf("A", 8), UuidOf(1)));
  EXPECT_EQ(at_end.gap_after, GapOf(9, 12));
  EXPECT_EQ(at_end.gap_after, Page("A").gap_after) << "as the newest page says it";
  EXPECT_THAT(Ids(PageAfter("A", IdOf("A", 8))), ElementsAre(UuidOf(1)));
  EXPECT_EQ(PageAfter("A", IdOf("A", 8)).gap_after, GapOf(9, 12));
  EXPECT_EQ(PageAround("A", UuidOf(1), 3).gap_after, GapOf(9, 12));
  EXPECT_EQ(PageAround("A", UuidOf(1), 1).gap_before, GapOf(9, 12));
}

TEST_P(StoreContract, GapsOfSeveralReasonsAtTheEndAreToldAsOne) {
  Do(HistoryOf("A", 1, 3));
  Do(SummaryOf("A", 5, GapReason::kLimited));
  Do(SummaryOf("A", 8, GapReason::kNotFetched));
  const Gap whole = GapOf(4, 8);
  EXPECT_EQ(Page("A").gap_after, whole);
  EXPECT_EQ(PageAfter("A", IdOf("A", 3)).gap_after, whole);
  EXPECT_EQ(PageAround("A", IdOf("A", 2)).gap_after, whole);
}

TEST_P(StoreContract, DeletedMessagesAreAnchorsAndKeepTheirPlace) {
  Do(HistoryOf("A", 1, 4));
  Do(ApplyMessage{Tombstone(BackendMessage("A", 2, 2))});
  EXPECT_THAT(Ids(PageAfter("A", IdOf("A", 1))),
              ElementsAre(IdOf("A", 2), IdOf("A", 3), IdOf("A", 4)));
  EXPECT_TRUE(PageAfter("A", IdOf("A", 1)).messages.front().deleted);
  EXPECT_THAT(Ids(PageAfter("A", IdOf("A", 2))), ElementsAre(IdOf("A", 3), IdOf("A", 4)));
  EXPECT_EQ(PageAround("A", IdOf("A", 2), 3).messages.size(), 3U);
}

TEST_P(StoreContract, AroundShowsTheAnchorAsItIsWithItsPendingChange) {
  Do(HistoryOf("A", 1, 3));
  ASSERT_TRUE(Act("A", IdOf("A", 2), EditMessage{"edited here"}));
  EXPECT_EQ(PageAround("A", IdOf("A", 2), 1).messages.front().content, "edited here");
  EXPECT_EQ(PageAfter("A", IdOf("A", 1)).messages.front().content, "edited here");
}

TEST_P(StoreContract, TwoMessagesAtOneSequenceAreBothReadOnTo) {
  Do(HistoryOf("A", 1, 3));
  Message other = BackendMessage("A", 2);
  other.id = MessageId("restored");
  Do(ApplyMessage{other});
  std::vector<std::string> seen{IdOf("A", 1)};
  for (MessagePage page = PageAfter("A", seen.back(), 1); !page.messages.empty();
       page = PageAfter("A", seen.back(), 1)) {
    seen.push_back(page.messages.front().id.value());
  }
  EXPECT_THAT(seen, ElementsAre(IdOf("A", 1), IdOf("A", 2), "restored", IdOf("A", 3)));
  EXPECT_THAT(Ids(PageAround("A", "restored", 3)),
              ElementsAre(IdOf("A", 2), "restored", IdOf("A", 3)));
}

TEST_P(StoreContract, AMessageOfAnotherConversationIsNotFound) {
  Do(HistoryOf("A", 1, 2));
  Do(HistoryOf("B", 1, 2));
  ASSERT_TRUE(Send(UserMessage("B", 1, "pending")));
  for (const PageSide side : {PageSide::kAfter, PageSide::kAround}) {
    for (const std::string& anchor : {IdOf("B", 1), std::string("none"), UuidOf(1)}) {
      const auto page = reader().ReadPage({ConversationId("A"), MessageId(anchor), 50, side});
      ASSERT_FALSE(page);
      EXPECT_EQ(page.error().code, ErrorCode::kNotFound);
    }
  }
}

TEST_P(StoreContract, EveryPageIsCutToWhatOneLocalAnswerHolds) {
  ApplyHistory history = HistoryOf("A", 1, 120);
  for (Message& message : history.messages)
    message.content = std::string(limits::kContentBytes, 'x');
  Do(history);
  const auto bytes = [](const MessagePage& page) {
    std::size_t sum = 0;
    for (const Message& message : page.messages) sum += message.content.size();
    return sum;
  };
  const MessagePage after = PageAfter("A", IdOf("A", 1), 200);
  EXPECT_LE(bytes(after), 3U * 1024 * 1024);
  EXPECT_GE(after.messages.size(), 40U);
  EXPECT_EQ(after.messages.front().sequence, 2U);
  EXPECT_TRUE(after.has_more_after);
  const MessagePage around = PageAround("A", IdOf("A", 60), 200);
  EXPECT_LE(bytes(around), 3U * 1024 * 1024);
  EXPECT_GE(around.messages.size(), 40U);
  EXPECT_LT(around.messages.front().sequence, 45U);
  EXPECT_GT(around.messages.back().sequence, 75U);
}

// A conversation as the contract sees it: what is here in its order, and the holes between.
struct Model {
  std::string name;
  std::map<std::pair<Sequence, int>, std::string> here;  // By sequence, then by arrival.
  std::vector<std::string> pending;
  Sequence known = 0;
  int arrivals = 0;

  [[nodiscard]] bool Has(Sequence sequence) const {
    const auto at = here.lower_bound({sequence, 0});
    return at != here.end() && at->first.first == sequence;
  }
  void Learn(Sequence sequence, const std::string& id) {
    known = std::max(known, sequence);
    for (const auto& [place, other] : here) {
      if (other == id) return;
    }
    here.emplace(std::pair(sequence, ++arrivals), id);
  }
};

using Hole = std::pair<Sequence, Sequence>;

// The page that the contract promises, found in the whole conversation at once.
struct Expected {
  Expected(const Model& model, const PageQuery& query) {
    // All that is here, and the hole before each; a hole at the end stops nobody.
    Sequence last = 0;
    for (const auto& [place, id] : model.here) {
      ids.push_back(id);
      holes.push_back(place.first > last + 1 ? std::optional<Hole>({last + 1, place.first - 1})
                                             : std::nullopt);
      last = place.first;
    }
    const std::size_t cached = ids.size();
    std::optional<Hole> at_end;
    if (last < model.known) at_end = {last + 1, model.known};
    ids.insert(ids.end(), model.pending.begin(), model.pending.end());
    holes.resize(ids.size());

    std::size_t anchor = ids.size();
    if (query.anchor) {
      const auto found = std::find(ids.begin(), ids.end(), query.anchor->value());
      anchor = static_cast<std::size_t>(found - ids.begin());
    }
    const bool around = query.anchor && query.side == PageSide::kAround;
    const bool after = query.anchor && query.side == PageSide::kAfter;
    first = after ? anchor + 1 : anchor;
    end = around || after ? std::min(anchor + 1, ids.size()) : anchor;
    const auto full = [&] { return end - first >= query.limit; };
    bool down = !after;
    bool up = around || after;
    while (!full() && (down || up)) {
      down = down && first > 0 && (first == ids.size() || !holes[first]);
      if (down) --first;
      up = up && !full() && end < ids.size() && !holes[end];
      if (up) ++end;
    }

    if (!after && first < ids.size()) gap_before = holes[first];
    if (!after && first == cached) gap_before = at_end;
    if (after || around) gap_after = end < ids.size() ? holes[end] : std::nullopt;
    if (cached <= end && (after ? anchor < cached : first < cached)) gap_after = at_end;
    has_more = after || first > 0 || gap_before;
    has_more_after = gap_after || (query.anchor && end < ids.size());
    ids = {ids.begin() + static_cast<std::ptrdiff_t>(first),
           ids.begin() + static_cast<std::ptrdiff_t>(end)};
  }

  std::vector<std::string> ids;
  std::vector<std::optional<Hole>> holes;
  std::size_t first = 0;
  std::size_t end = 0;
  std::optional<Hole> gap_before;
  std::optional<Hole> gap_after;
  bool has_more = false;
  bool has_more_after = false;
};

// Neighbouring gaps of several reasons are one hole, of which a page tells the nearer part.
void ExpectGap(const std::optional<Gap>& gap, const std::optional<Hole>& hole) {
  ASSERT_EQ(gap.has_value(), hole.has_value());
  if (!gap) return;
  EXPECT_GE(gap->from, hole->first);
  EXPECT_LE(gap->to, hole->second);
}

TEST_P(StoreContract, PagesOfEverySideMatchAPlainModel) {
  for (const unsigned seed : {1U, 2U, 3U, 4U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&random](Sequence bound) {
      return static_cast<Sequence>(random() % bound);
    };
    Model model;
    model.name = "D" + std::to_string(seed);
    int sent = 0;
    for (int step = 0; step < 300; ++step) {
      switch (random() % 6) {
        case 0: {
          model.known += below(6);
          Do(SummaryOf(model.name, model.known));
          break;
        }
        case 1:
        case 2: {
          const Sequence sequence = 1 + below(model.known + 3);
          Message message = BackendMessage(model.name, sequence);
          // Sometimes another one at a sequence that is taken.
          if (random() % 8 == 0)
            message.id = MessageId(model.name + " other " + std::to_string(step));
          Do(ApplyMessage{message});
          model.Learn(sequence, message.id.value());
          break;
        }
        case 3: {
          if (model.known == 0) break;
          const Sequence to = 1 + below(model.known);
          const Sequence from = to - below(std::min<Sequence>(to, 5));
          Do(HistoryOf(model.name, from, to));
          for (Sequence i = from; i <= to; ++i) model.Learn(i, IdOf(model.name, i));
          break;
        }
        case 4: {
          if (model.known == 0) break;  // The conversation is not known yet.
          const int number = static_cast<int>(seed) * 1000 + ++sent;
          ASSERT_TRUE(Send(UserMessage(model.name, number, "pending")));
          model.pending.push_back(UuidOf(number));
          break;
        }
        default: {
          if (model.pending.empty()) break;
          AcknowledgeSend acknowledged;
          acknowledged.id = MessageId(model.pending.front());
          acknowledged.server_id = model.pending.front();
          acknowledged.sequence = model.known + 1;
          acknowledged.revision = 1;
          Do(acknowledged);
          model.Learn(acknowledged.sequence, model.pending.front());
          model.pending.erase(model.pending.begin());
          break;
        }
      }
      std::vector<std::string> anchors = model.pending;
      for (const auto& [place, id] : model.here) anchors.push_back(id);
      if (model.known == 0 && anchors.empty()) continue;
      for (int i = 0; i < 6; ++i) {
        PageQuery query{ConversationId(model.name), std::nullopt,
                        1 + static_cast<std::uint32_t>(below(9)), PageSide(random() % 3)};
        if (!anchors.empty() && random() % 8 != 0)
          query.anchor = MessageId(anchors[below(anchors.size())]);
        SCOPED_TRACE("step " + std::to_string(step) + ", side " +
                     std::to_string(static_cast<int>(query.side)) + " of " +
                     (query.anchor ? query.anchor->value() : "none") + ", limit " +
                     std::to_string(query.limit));
        const Expected expected(model, query);
        const auto page = reader().ReadPage(query);
        ASSERT_TRUE(page);
        ASSERT_EQ(Ids(*page), expected.ids);
        ASSERT_NO_FATAL_FAILURE(ExpectGap(page->gap_before, expected.gap_before));
        if (page->gap_before) ASSERT_EQ(page->gap_before->to, expected.gap_before->second);
        ASSERT_NO_FATAL_FAILURE(ExpectGap(page->gap_after, expected.gap_after));
        if (page->gap_after) ASSERT_EQ(page->gap_after->from, expected.gap_after->first);
        ASSERT_EQ(page->has_more, expected.has_more);
        ASSERT_EQ(page->has_more_after, expected.has_more_after);
      }
    }
  }
}

}  // namespace
}  // namespace hark::store
