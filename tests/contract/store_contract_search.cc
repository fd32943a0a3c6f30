// Searching: what is found, in which order, page by page, and how it follows what happens to the
// messages.

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "tests/contract/store_contract.h"

namespace hark::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

Message Saying(const std::string& conversation, Sequence sequence, const std::string& content) {
  Message message = BackendMessage(conversation, sequence);
  message.content = content;
  return message;
}

SearchQuery QueryFor(const std::string& text, SearchOrder order = SearchOrder::kBest) {
  SearchQuery query;
  query.text = text;
  query.order = order;
  return query;
}

SearchPage Find(Reader& reader, const SearchQuery& query) {
  const std::atomic<bool> cancelled = false;
  auto page = reader.Search(query, cancelled);
  EXPECT_TRUE(page) << page.error().message;
  return page ? *std::move(page) : SearchPage();
}

std::vector<std::string> IdsOf(const SearchPage& page) {
  std::vector<std::string> ids;
  for (const SearchResult& result : page.results) ids.push_back(result.message.id.value());
  return ids;
}

std::vector<std::string> Ids(Reader& reader, const std::string& text,
                             SearchOrder order = SearchOrder::kBest) {
  return IdsOf(Find(reader, QueryFor(text, order)));
}

ErrorCode Refusal(Reader& reader, const SearchQuery& query, bool cancelled = false) {
  const std::atomic<bool> flag = cancelled;
  const auto page = reader.Search(query, flag);
  EXPECT_FALSE(page);
  return page ? ErrorCode::kInternal : page.error().code;
}

}  // namespace

TEST_P(StoreContract, SearchFindsWordsPhrasesAndBeginnings) {
  Do(ApplyMessage{Saying("C", 1, "A red house and a green garden")});
  Do(ApplyMessage{Saying("C", 2, "The garden is green")});
  Do(ApplyMessage{Saying("D", 1, "Gärten und Häuser")});
  EXPECT_THAT(Ids(reader(), "green garden"), UnorderedElementsAre("C/1", "C/2"));
  EXPECT_THAT(Ids(reader(), "\"green garden\""), ElementsAre("C/1"));
  EXPECT_THAT(Ids(reader(), "gard*"), UnorderedElementsAre("C/1", "C/2"));
  EXPECT_THAT(Ids(reader(), "garten"), ElementsAre("D/1"));
  EXPECT_THAT(Ids(reader(), "HÄUSER"), ElementsAre("D/1"));
  EXPECT_THAT(Ids(reader(), "garden -house"), ElementsAre("C/2"));
  EXPECT_THAT(Ids(reader(), "gard"), IsEmpty());
}

TEST_P(StoreContract, SearchFindsWordsInScriptsWithoutSpaces) {
  Do(ApplyMessage{Saying("C", 1, "我们明天见面吧。")});
  Do(ApplyMessage{Saying("C", 2, "明日は東京タワーへ行きます")});
  Do(ApplyMessage{Saying("C", 3, "내일 학교에서 만나요 👍")});
  Do(ApplyMessage{Saying("C", 4, "สวัสดีครับ")});
  EXPECT_THAT(Ids(reader(), "明天"), ElementsAre("C/1"));
  EXPECT_THAT(Ids(reader(), "东京"), IsEmpty());
  EXPECT_THAT(Ids(reader(), "タワー 東京"), ElementsAre("C/2"));
  EXPECT_THAT(Ids(reader(), "학교"), ElementsAre("C/3"));
  EXPECT_THAT(Ids(reader(), "👍"), ElementsAre("C/3"));
  EXPECT_THAT(Ids(reader(), "ครับ"), ElementsAre("C/4"));
  EXPECT_THAT(Ids(reader(), "明*"), UnorderedElementsAre("C/1", "C/2"));
}

TEST_P(StoreContract, SearchTextIsNeverSyntax) {
  Do(ApplyMessage{Saying("C", 1, "one content two AND three")});
  for (const char* text : {"content:one", "one OR nothing", "NEAR(one two)", "one\"nothing\"",
                           "(one", "^one", "one + two", "search MATCH one", "one NOT two"}) {
    EXPECT_THAT(Ids(reader(), text), testing::AnyOf(IsEmpty(), ElementsAre("C/1"))) << text;
  }
  EXPECT_THAT(Ids(reader(), "one OR nothing"), IsEmpty());
  EXPECT_THAT(Ids(reader(), "one AND three"), ElementsAre("C/1"));
}

TEST_P(StoreContract, SearchRefusesWhatIsNoSearch) {
  Do(ApplyMessage{Saying("C", 1, "one")});
  EXPECT_EQ(Refusal(reader(), QueryFor("")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Refusal(reader(), QueryFor("\"one")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(Refusal(reader(), QueryFor("... !!")), ErrorCode::kInvalidArgument);
  std::string many;
  for (std::size_t i = 0; i <= limits::kSearchWords; ++i) many += "日";
  EXPECT_EQ(Refusal(reader(), QueryFor(many)), ErrorCode::kInvalidArgument);
  SearchQuery elsewhere = QueryFor("one");
  elsewhere.conversation = ConversationId("unknown");
  EXPECT_EQ(Refusal(reader(), elsewhere), ErrorCode::kNotFound);
  EXPECT_EQ(Refusal(reader(), QueryFor("one"), true), ErrorCode::kCancelled);
  store().Close();
  EXPECT_EQ(Refusal(reader(), QueryFor("one")), ErrorCode::kCancelled);
}

TEST_P(StoreContract, SearchResultShowsTheMessageAndWhere) {
  Do(SummaryOf("C", 1));
  Do(ApplyMessage{Saying("C", 1, "The red house")});
  const SearchPage page = Find(reader(), QueryFor("house"));
  ASSERT_EQ(page.results.size(), 1U);
  const SearchResult& result = page.results[0];
  EXPECT_EQ(result.message.conversation, ConversationId("C"));
  EXPECT_EQ(result.message.created_at, TimeOf(1));
  EXPECT_EQ(result.message.content, "");
  EXPECT_EQ(result.conversation_title, "Title of C");
  EXPECT_EQ(result.snippet.text, "The red house");
  EXPECT_THAT(result.snippet.found, ElementsAre(SnippetRange{8, 13}));
  EXPECT_EQ(page.total_count, 1U);
  EXPECT_EQ(page.indexed, page.to_index);
  EXPECT_EQ(page.revision, reader().CurrentRevision());
  EXPECT_FALSE(page.next);
}

TEST_P(StoreContract, SearchStaysInItsConversation) {
  for (Sequence i = 1; i <= 3; ++i) {
    Do(ApplyMessage{Saying("C", i, "word")});
    Do(ApplyMessage{Saying("D", i, "word")});
  }
  for (const SearchOrder order : {SearchOrder::kBest, SearchOrder::kNewest}) {
    SearchQuery query = QueryFor("word", order);
    query.conversation = ConversationId("D");
    const SearchPage page = Find(reader(), query);
    EXPECT_THAT(IdsOf(page), ElementsAre("D/3", "D/2", "D/1"));
    EXPECT_EQ(page.total_count, 3U);
  }
}

TEST_P(StoreContract, SearchRanksByRelevanceAndAge) {
  Do(ApplyMessage{Saying("C", 1, "rain rain rain")});
  Do(ApplyMessage{Saying("C", 2, "rain in a long text about many other things that matter more")});
  clock().now = TimeOf(10);
  EXPECT_THAT(Ids(reader(), "rain"), ElementsAre("C/1", "C/2"));
  EXPECT_THAT(Ids(reader(), "rain", SearchOrder::kNewest), ElementsAre("C/2", "C/1"));
  // As good, but a year older.
  Message old = Saying("D", 1, "rain rain rain");
  old.created_at = TimeOf(1) - std::chrono::hours(24 * 365);
  Do(ApplyMessage{old});
  EXPECT_THAT(Ids(reader(), "rain"), ElementsAre("C/1", "C/2", "D/1"));
}

// Old history arrives after new messages, so the order of arrival says nothing.
TEST_P(StoreContract, SearchGivesTheNewestOfManyInAnyOrderOfArrival) {
  constexpr Sequence kRows = 5'000;
  std::vector<Sequence> arrival;
  for (Sequence i = 1; i <= kRows; ++i) arrival.push_back(i * 2'741 % kRows + 1);
  for (std::size_t from = 0; from < arrival.size(); from += 500) {
    std::vector<Operation> operations;
    for (std::size_t i = from; i < from + 500; ++i) {
      operations.emplace_back(ApplyMessage{
          Saying("C", arrival[i], arrival[i] % 7 == 0 ? "common rare" : "common word")});
    }
    ASSERT_TRUE(Apply(std::move(operations)));
  }
  for (const char* text : {"common", "rare", "comm* rar*"}) {
    SearchQuery query = QueryFor(text, SearchOrder::kNewest);
    query.limit = 3;
    const bool rare = std::string(text) != "common";
    std::vector<std::string> expected;
    for (Sequence i = kRows; expected.size() < 6; --i) {
      if (!rare || i % 7 == 0) expected.push_back(IdOf("C", i));
    }
    std::vector<std::string> found = IdsOf(Find(reader(), query));
    query.after = Find(reader(), query).next;
    ASSERT_TRUE(query.after);
    for (std::string& id : IdsOf(Find(reader(), query))) found.push_back(std::move(id));
    EXPECT_EQ(found, expected) << text;
  }
}

TEST_P(StoreContract, SearchPagesHaveEveryMatchOnceWhileMessagesArrive) {
  constexpr Sequence kRows = 900;  // More than two groups of limits::kSearchRanked.
  std::vector<Operation> operations;
  for (Sequence i = 1; i <= kRows; ++i) {
    operations.emplace_back(
        ApplyMessage{Saying("C", i, i % 3 == 0 ? "word word" : "one word of some")});
  }
  ASSERT_TRUE(Apply(std::move(operations)));
  clock().now = TimeOf(kRows);
  for (const SearchOrder order : {SearchOrder::kBest, SearchOrder::kNewest}) {
    SearchQuery query = QueryFor("word", order);
    query.limit = 70;
    std::map<std::string, int> seen;
    Sequence arriving = 2'000 + static_cast<Sequence>(order) * 1'000;
    int pages = 0;
    do {
      const SearchPage page = Find(reader(), query);
      for (const std::string& id : IdsOf(page)) ++seen[id];
      query.after = page.next;
      Do(ApplyMessage{Saying("C", ++arriving, "a new word")});
      clock().now += std::chrono::hours(1);
      ASSERT_LT(++pages, 40);
    } while (query.after);
    for (Sequence i = 1; i <= kRows; ++i) EXPECT_EQ(seen[IdOf("C", i)], 1) << i;
    // Of those that came since, none is in a later page.
    EXPECT_EQ(seen.size(), kRows + (order == SearchOrder::kNewest ? 14U : 0U));
  }
}

TEST_P(StoreContract, SearchFollowsEditsDeletionsAndRetention) {
  for (Sequence i = 1; i <= 4; ++i) Do(ApplyMessage{Saying("C", i, "first word")});
  Message edited = Saying("C", 2, "second word");
  edited.revision = 2;
  Do(ApplyMessage{edited});
  Message deleted = Tombstone(Saying("C", 3, "first word"));
  deleted.revision = 2;
  Do(ApplyMessage{deleted});
  EXPECT_THAT(Ids(reader(), "first"), UnorderedElementsAre("C/1", "C/4"));
  EXPECT_THAT(Ids(reader(), "second"), ElementsAre("C/2"));
  store().Reopen();
  EXPECT_THAT(Ids(reader(), "word", SearchOrder::kNewest), ElementsAre("C/4", "C/2", "C/1"));
  Evict({{ConversationId("C"), TimeOf(2), WallTime{}, 0, 0}});
  EXPECT_THAT(Ids(reader(), "word", SearchOrder::kNewest), ElementsAre("C/4", "C/2"));
}

TEST_P(StoreContract, SearchFollowsTheTimeOfAMessage) {
  for (Sequence i = 1; i <= 3; ++i) Do(ApplyMessage{Saying("C", i, "word")});
  Message moved = Saying("C", 1, "word");
  moved.revision = 2;
  moved.created_at = TimeOf(100);
  Do(ApplyMessage{moved});
  EXPECT_THAT(Ids(reader(), "word", SearchOrder::kNewest), ElementsAre("C/1", "C/3", "C/2"));
}

TEST_P(StoreContract, SearchFindsWhatIsPending) {
  Do(ApplyMessage{Saying("C", 1, "an old word")});
  Do(ApplyMessage{Saying("D", 1, "an old word")});
  ASSERT_TRUE(Send(UserMessage("C", 1, "a pending word")));
  ASSERT_TRUE(Send(UserMessage("C", 2, "nothing")));
  SearchPage page = Find(reader(), QueryFor("word", SearchOrder::kNewest));
  ASSERT_THAT(IdsOf(page), ElementsAre(UuidOf(1), testing::_, testing::_));
  EXPECT_EQ(page.results[0].message.delivery, Delivery::kQueued);
  EXPECT_EQ(page.results[0].snippet.text, "a pending word");
  EXPECT_EQ(page.total_count, 3U);

  SearchQuery elsewhere = QueryFor("word");
  elsewhere.conversation = ConversationId("D");
  EXPECT_THAT(IdsOf(Find(reader(), elsewhere)), ElementsAre("D/1"));

  // Page by page, also across the border between what is pending and what is not.
  SearchQuery query = QueryFor("word", SearchOrder::kNewest);
  query.limit = 1;
  std::set<std::string> seen;
  for (int i = 0; i < 3; ++i) {
    page = Find(reader(), query);
    ASSERT_EQ(page.results.size(), 1U);
    seen.insert(page.results[0].message.id.value());
    query.after = page.next;
  }
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_FALSE(query.after);
}

TEST_P(StoreContract, SearchShowsPendingChanges) {
  for (Sequence i = 1; i <= 3; ++i) Do(ApplyMessage{Saying("C", i, "old word")});
  ASSERT_TRUE(Act("C", "C/1", EditMessage{"new word"}));
  ASSERT_TRUE(Act("C", "C/2", DeleteMessage{}));
  EXPECT_THAT(Ids(reader(), "old"), ElementsAre("C/3"));
  EXPECT_THAT(Ids(reader(), "new"), ElementsAre("C/1"));
  const SearchPage page = Find(reader(), QueryFor("word", SearchOrder::kNewest));
  EXPECT_THAT(IdsOf(page), ElementsAre("C/3", "C/1"));
  EXPECT_EQ(page.total_count, 2U);
  EXPECT_EQ(page.results[1].snippet.text, "new word");
  EXPECT_TRUE(page.results[1].message.change);
}

}  // namespace hark::store
