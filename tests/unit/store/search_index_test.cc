// The full-text index and the rows agree, whatever happened to the rows.

#include "daemon/store/search_index.h"

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/store/connection.h"
#include "daemon/store/migrator.h"
#include "daemon/store/store_info_rows.h"
#include "tests/unit/store/store_fixture.h"

namespace hark::store {
namespace {

// A word that is in one version of one message only.
std::string WordOf(const std::string& conversation, Sequence sequence, std::uint64_t revision) {
  return "w" + conversation + "x" + std::to_string(sequence) + "r" + std::to_string(revision);
}

WallTime At(Sequence sequence) {
  return WallTime(std::chrono::minutes(static_cast<std::int64_t>(sequence)));
}

Message MessageAt(const std::string& conversation, Sequence sequence, const std::string& content) {
  Message message = TestMessage(conversation, sequence, content);
  message.created_at = At(sequence);
  return message;
}

// Everything of the conversation that is older than this message.
std::vector<Eviction> Before(const std::string& conversation, Sequence sequence) {
  return {{ConversationId(conversation), At(sequence), WallTime{}, 0, 0}};
}

class SearchIndexTest : public StoreFixture {
 protected:
  std::unique_ptr<Connection> OpenCache(Access access = Access::kWrite) {
    return std::make_unique<Connection>(cache_file(), Secret(std::string(kCacheKey)), access,
                                        Durability::kFetchable);
  }

  static std::vector<std::int64_t> Match(Connection& cache, const std::string& word) {
    static const char kMatch[] = "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid";
    Query query(cache.statements(), kMatch);
    query.Text(word);
    std::vector<std::int64_t> keys;
    while (query.Next()) keys.push_back(query.GetInt(0));
    return keys;
  }

  // FTS5 compares every row with the index, and every message is found by each of its words.
  static void ExpectAgrees(Connection& cache) {
    ASSERT_TRUE(IsIndexComplete(cache));
    EXPECT_NO_THROW(
        cache.Execute("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)"));
    static const char kRows[] = "SELECT key, content FROM messages";
    Query rows(cache.statements(), kRows);
    while (rows.Next()) {
      const std::string content = rows.GetText(1);
      if (content.empty()) continue;
      const std::string word = content.substr(0, content.find(' '));
      EXPECT_EQ(Match(cache, word), std::vector{rows.GetInt(0)}) << word;
    }
  }

  static Evicted Evict(SqlcipherStore& store, std::vector<Eviction> evictions) {
    auto result = EvictNow(store, std::move(evictions));
    EXPECT_TRUE(result) << result.error().message;
    return result.value_or(Evicted{0, 1});
  }

  static void TidyAll(SqlcipherStore& store, Tidying first, Tidying next) {
    for (Tidying what = first;; what = next) {
      const auto more = WaitFor<bool>([&](auto done) { store.Tidy(what, std::move(done)); });
      if (!more.value_or(false)) return;
    }
  }
};

TEST_F(SearchIndexTest, AgreesAfterRandomInsertsEditsDeletionsAndEvictions) {
  for (const unsigned seed : {1U, 2U, 3U, 4U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::filesystem::remove_all(folder());
    std::mt19937 random(seed);
    const auto pick = [&random](std::uint64_t below) { return random() % below; };
    std::map<std::string, Sequence> last;
    std::map<std::string, std::uint64_t> revisions;
    std::map<std::string, Sequence> evicted_to;
    std::vector<std::string> gone;
    auto store = Open(folder());
    for (int step = 0; step < 400; ++step) {
      const std::string conversation(1, static_cast<char>('a' + pick(3)));
      Sequence& newest = last[conversation];
      const auto make = [&](Sequence sequence, std::uint64_t revision) {
        Message message = MessageAt(conversation, sequence,
                                    WordOf(conversation, sequence, revision) + " shared Café");
        message.revision = revision;
        return message;
      };
      switch (pick(6)) {
        case 0:
        case 1:
        case 2: {
          Batch batch;
          for (std::uint64_t i = pick(8) + 1; i > 0; --i) {
            ++newest;
            revisions[conversation + std::to_string(newest)] = 1;
            batch.operations.emplace_back(ApplyMessage{make(newest, 1)});
          }
          ASSERT_TRUE(ApplyNow(*store, std::move(batch)));
          break;
        }
        case 3:
        case 4: {
          if (newest <= evicted_to[conversation]) break;
          const Sequence sequence =
              evicted_to[conversation] + 1 + pick(newest - evicted_to[conversation]);
          std::uint64_t& revision = revisions[conversation + std::to_string(sequence)];
          gone.push_back(WordOf(conversation, sequence, revision));
          Message changed = make(sequence, ++revision);
          if (pick(3) == 0) {
            changed.deleted = true;
            gone.push_back(WordOf(conversation, sequence, revision));
          }
          ASSERT_TRUE(ApplyNow(*store, {{ApplyMessage{std::move(changed)}}}));
          break;
        }
        default: {
          // Sometimes all of it, so that the highest keys are given again.
          const Sequence before = pick(4) == 0 ? newest + 1 : pick(newest + 1);
          const std::vector<Eviction> evictions = Before(conversation, before);
          while (Evict(*store, evictions).finished == 0) {
          }
          for (Sequence i = evicted_to[conversation] + 1; i < before; ++i) {
            gone.push_back(WordOf(conversation, i, revisions[conversation + std::to_string(i)]));
          }
          evicted_to[conversation] =
              std::max(evicted_to[conversation], before == 0 ? 0 : before - 1);
        }
      }
      if (pick(60) == 0) TidyAll(*store, Tidying::kCompactIndex, Tidying::kMergeIndex);
      if (pick(60) == 0) TidyAll(*store, Tidying::kReleaseSpace, Tidying::kReleaseSpace);
      if (pick(60) == 0) {
        store.reset();
        store = Open(folder());
      }
    }
    store.reset();
    const auto cache = OpenCache();
    ExpectAgrees(*cache);
    for (const std::string& word : gone) EXPECT_TRUE(Match(*cache, word).empty()) << word;
    EXPECT_EQ(Match(*cache, "cafe").size(), Match(*cache, "shared").size());
    EXPECT_GT(Match(*cache, "cafe").size(), 0U);
  }
}

TEST_F(SearchIndexTest, HasCaughtUpOnceNothingIsMissing) {
  {
    const auto store = Open(folder());
    ApplySummary summary = TestSummary("a", 30);
    summary.gap_reason = GapReason::kNotFetched;
    ASSERT_TRUE(ApplyNow(*store, {{summary}}));
    const auto page = [](Sequence from, Sequence to) {
      ApplyHistory history{ConversationId("a"), {}, from, to, from, to};
      for (Sequence i = from; i <= to; ++i) {
        history.messages.push_back(MessageAt("a", i, WordOf("a", i, 1)));
      }
      return history;
    };
    ASSERT_TRUE(ApplyNow(*store, {{page(11, 30)}}));
    {
      const auto cache = OpenCache(Access::kRead);
      EXPECT_TRUE(Match(*cache, WordOf("a", 30, 1)).empty()) << "not lagging: nothing is tested";
    }
    ASSERT_TRUE(ApplyNow(*store, {{page(1, 10)}}));
    const auto cache = OpenCache(Access::kRead);
    EXPECT_TRUE(IsIndexComplete(*cache));
    EXPECT_EQ(Match(*cache, WordOf("a", 30, 1)).size(), 1U);
  }
  ExpectAgrees(*OpenCache());
}

TEST_F(SearchIndexTest, RowsOfBeforeTheIndexAreIndexedAfterwards) {
  constexpr Sequence kRows = 1'200;
  {
    const auto store = Open(folder());
    Batch batch;
    for (Sequence i = 1; i <= kRows; ++i) {
      batch.operations.emplace_back(ApplyMessage{MessageAt("a", i, WordOf("a", i, 1))});
    }
    ASSERT_TRUE(ApplyNow(*store, std::move(batch)));
  }
  {
    // As the file was at schema 1, and then what the step makes of it.
    const auto cache = OpenCache();
    cache->Execute(
        "DROP TABLE search; DROP TABLE search_blocks; DROP TABLE evicted; DROP TABLE change_log;"
        "ALTER TABLE conversations DROP COLUMN forgotten_to;"
        "ALTER TABLE store_info DROP COLUMN indexed_to;"
        "ALTER TABLE store_info DROP COLUMN unindexed_to; PRAGMA user_version = 1");
    ASSERT_TRUE(Migrate(*cache, CacheMigrations()));
    EXPECT_FALSE(IsIndexComplete(*cache));
    // A part, as if the daemon had ended then; the newest first.
    EXPECT_TRUE(IndexOldRows(*cache, 100));
    EXPECT_EQ(Match(*cache, WordOf("a", kRows, 1)).size(), 1U);
    EXPECT_TRUE(Match(*cache, WordOf("a", 1, 1)).empty());
  }
  {
    const auto store = Open(folder());
    // New, edited and evicted rows while the old ones wait.
    Message edited = MessageAt("a", 500, WordOf("a", 500, 2));
    edited.revision = 2;
    ASSERT_TRUE(
        ApplyNow(*store, {{ApplyMessage{edited},
                           ApplyMessage{MessageAt("a", kRows + 1, WordOf("a", kRows + 1, 1))}}}));
    EXPECT_EQ(Evict(*store, Before("a", 15)).messages, 14U);
  }
  const auto cache = OpenCache();
  while (IndexOldRows(*cache, 250)) {
  }
  ExpectAgrees(*cache);
  EXPECT_TRUE(Match(*cache, WordOf("a", 500, 1)).empty());
  EXPECT_TRUE(Match(*cache, WordOf("a", 14, 1)).empty());
}

TEST_F(SearchIndexTest, EvictionGivesSpaceBack) {
  const auto fill = [](SqlcipherStore& store) {
    for (Sequence first = 1; first < 20'000; first += 2'000) {
      Batch batch;
      for (Sequence i = first; i < first + 2'000; ++i) {
        batch.operations.emplace_back(ApplyMessage{
            MessageAt("a", i, WordOf("a", i, 1) + " and some more words to fill the pages")});
      }
      ASSERT_TRUE(ApplyNow(store, std::move(batch)));
    }
  };
  {
    const auto store = Open(folder());
    fill(*store);
  }
  const auto full = std::filesystem::file_size(cache_file());
  {
    const auto store = Open(folder());
    const std::vector<Eviction> evictions = Before("a", 18'001);
    while (Evict(*store, evictions).finished == 0) {
    }
    TidyAll(*store, Tidying::kCompactIndex, Tidying::kMergeIndex);
    TidyAll(*store, Tidying::kReleaseSpace, Tidying::kReleaseSpace);
    EXPECT_EQ(store->Statistics()->messages, 2'000U);
  }
  const auto left = std::filesystem::file_size(cache_file());
  // A tenth of the rows is left.
  EXPECT_LT(left, full / 6) << full;
  ExpectAgrees(*OpenCache());
}

}  // namespace
}  // namespace hark::store
