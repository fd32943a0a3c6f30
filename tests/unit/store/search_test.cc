// Searching in a SqlcipherStore: what depends on its files, its index and its clock.

#include <atomic>
#include <chrono>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "daemon/base/limits.h"
#include "daemon/store/connection.h"
#include "daemon/store/migrator.h"
#include "daemon/store/search_index.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

// Every look at it is a second later.
class HurriedClock final : public Clock {
 public:
  [[nodiscard]] Instant Now() const override {
    return Instant(std::chrono::seconds(looks_.fetch_add(1)));
  }
  [[nodiscard]] WallTime WallNow() const override { return WallTime{}; }

 private:
  mutable std::atomic<int> looks_ = 0;
};

class SearchTest : public StoreFixture {
 protected:
  static Result<SearchPage> Search(SqlcipherStore& store, const std::string& text) {
    SearchQuery query;
    query.text = text;
    const std::atomic<bool> cancelled = false;
    return store.Search(query, cancelled);
  }

  static void Fill(SqlcipherStore& store, Sequence rows) {
    Batch batch;
    for (Sequence i = 1; i <= rows; ++i)
      batch.operations.emplace_back(ApplyMessage{TestMessage("a", i, "some word")});
    ASSERT_TRUE(ApplyNow(store, std::move(batch)));
  }
};

TEST_F(SearchTest, SaysHowFarTheIndexIs) {
  constexpr Sequence kRows = 1'000;
  const auto store = Open(folder());
  Fill(*store, kRows);
  // While a part of the rows waits to be indexed, as after an update.
  Connection cache(cache_file(), Secret(std::string(kCacheKey)), Access::kWrite,
                   Durability::kFetchable);
  cache.Execute("INSERT INTO search (search) VALUES ('delete-all')");
  LeaveToIndex(cache);
  auto page = Search(*store, "word");
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->results.empty());
  EXPECT_EQ(page->indexed, 0U);
  EXPECT_EQ(page->to_index, kRows);
  ASSERT_TRUE(IndexOldRows(cache, 100));
  page = Search(*store, "word");
  EXPECT_EQ(page->total_count, page->indexed);
  EXPECT_GE(page->indexed, 100U);
  EXPECT_LT(page->indexed, kRows);
  while (IndexOldRows(cache, 250)) {
  }
  page = Search(*store, "word");
  EXPECT_EQ(page->indexed, page->to_index);
  EXPECT_EQ(page->total_count, kRows);
}

TEST_F(SearchTest, IndexOfThePreviousTokenizerIsMadeAnew) {
  {
    const auto store = Open(folder());
    ASSERT_TRUE(ApplyNow(*store, {{ApplyMessage{TestMessage("a", 1, "我们明天见")}}}));
  }
  {
    Connection cache(cache_file(), Secret(std::string(kCacheKey)), Access::kWrite,
                     Durability::kFetchable);
    cache.Execute("DROP TABLE search_blocks; DROP TABLE search;");
    for (const Migration& step : CacheMigrations()) {
      const std::string name = step.name;
      if (!name.ends_with("_search_tokenizer")) continue;
      cache.Execute(
          "CREATE VIRTUAL TABLE search USING fts5 (content, content = 'messages', "
          "content_rowid = 'key', columnsize = 0, tokenize = 'unicode61')");
      cache.Execute(step.sql);
      EXPECT_FALSE(IsIndexComplete(cache));
    }
  }
  const auto store = Open(folder());
  // The job that indexes was submitted before this.
  ASSERT_TRUE(ApplyNow(*store, {{ApplyMessage{TestMessage("a", 2, "other")}}}));
  const auto page = Search(*store, "明天");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->results.size(), 1U);
}

TEST_F(SearchTest, EndsWhenItTakesTooLong) {
  static const HurriedClock clock;
  StoreOptions options = Options(folder());
  options.clock = &clock;
  auto store = SqlcipherStore::Open(std::move(options));
  ASSERT_TRUE(store);
  Fill(**store, 5'000);
  const auto page = Search(**store, "word");
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::kTimeout);
  // The connection is as good as before.
  EXPECT_TRUE(Search(**store, "nothing"));
  EXPECT_TRUE((*store)->ReadPage({ConversationId("a"), std::nullopt, 50}));
}

}  // namespace
}  // namespace hark::store
