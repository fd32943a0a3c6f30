// What a search costs in a store of COUNT messages, beside what bare FTS5 makes of the same words
// in the same file: a piece of `tools/dev bench local`.
//
//   search_bench FOLDER COUNT
//
// Messages of 20 words, which are as frequent as words are (Zipf): the first is in most messages,
// the thousandth in one of 500. Conversations of 18 messages, fetched newest first. A store that is
// in FOLDER already is used as it is. Prints JSON: microseconds, medians and 95th percentiles.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include "daemon/base/clock.h"
#include "daemon/base/secret.h"
#include "daemon/base/uuid.h"
#include "daemon/store/connection.h"
#include "daemon/store/search_tokenizer.h"
#include "daemon/store/sqlcipher_store.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr Sequence kPerConversation = 18;
constexpr int kWordsPerMessage = 20;
constexpr std::uint64_t kVocabulary = 50'000;
constexpr int kQueries = 200;
constexpr WallTime kNow{std::chrono::milliseconds(1'790'000'000'000)};
// From one message to the next, going back: a million are three years.
constexpr std::chrono::seconds kApart{95};

using Random = std::mt19937_64;

Secret CacheKey() {
  return Secret(std::string(32, '\x11'));
}

// Rank 1 is the most frequent.
std::string Word(std::uint64_t rank) {
  return "w" + std::to_string(rank);
}

std::uint64_t ZipfRank(Random& random) {
  const double part = static_cast<double>(random() >> 11) / static_cast<double>(1ULL << 53);
  return static_cast<std::uint64_t>(std::pow(static_cast<double>(kVocabulary), part));
}

ConversationId ConversationOf(std::uint64_t number) {
  return ConversationId("01890a5d-0000-7000-8000-" + std::to_string(100'000'000'000 + number));
}

ApplyHistory MakePage(std::uint64_t number, Random& random) {
  ApplyHistory page;
  page.conversation = ConversationOf(number);
  page.from = page.asked_from = 1;
  page.to = page.asked_to = kPerConversation;
  for (Sequence i = 1; i <= kPerConversation; ++i) {
    Message message;
    message.created_at =
        kNow - kApart * static_cast<std::int64_t>((number + 1) * kPerConversation - i);
    message.id = MessageId(NewUuidV7(message.created_at));
    message.conversation = page.conversation;
    message.role = i % 2 == 0 ? Role::kAssistant : Role::kUser;
    for (int word = 0; word < kWordsPerMessage; ++word)
      message.content += Word(ZipfRank(random)) + " ";
    message.sequence = i;
    message.revision = 1;
    message.server_id = message.id.value();
    page.messages.push_back(std::move(message));
  }
  return page;
}

void Fill(SqlcipherStore& store, std::uint64_t conversations) {
  Random random(1);
  for (std::uint64_t i = 0; i < conversations;) {
    Batch batch;
    for (int n = 0; n < 50 && i < conversations; ++n, ++i)
      batch.operations.emplace_back(MakePage(i, random));
    std::promise<void> done;
    store.Apply(std::move(batch), [&done](const Result<LocalRevision>& result) {
      if (!result) std::abort();
      done.set_value();
    });
    done.get_future().get();
  }
}

std::unique_ptr<SqlcipherStore> Open(const fs::path& folder, const Clock& clock) {
  StoreOptions options;
  options.folder = folder;
  options.cache_key = CacheKey();
  options.authored_key = Secret(std::string(32, '\x22'));
  options.clock = &clock;
  auto opened = SqlcipherStore::Open(std::move(options));
  if (!opened) std::abort();
  return *std::move(opened);
}

struct Times {
  double p50 = 0;
  double p95 = 0;
  double max = 0;
  double found = 0;  // A query, on average.
};

// `run` answers how many it found.
Times Measure(const std::function<std::size_t(Random&)>& run, int queries = kQueries) {
  Random random(2);
  std::vector<double> times;
  std::size_t found = 0;
  for (int i = 0; i < queries; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    found += run(random);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
    times.push_back(took.count());
  }
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) {
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
  };
  return {at(0.5), at(0.95), times.back(), static_cast<double>(found) / queries};
}

void Print(const std::string& name, const Times& times) {
  std::cout << ",\n \"" << name << "\": {\"p50\": " << times.p50 << ", \"p95\": " << times.p95
            << ", \"max\": " << times.max << ", \"found\": " << times.found << "}" << std::flush;
}

std::string Between(Random& random, std::uint64_t first, std::uint64_t last) {
  return Word(first + random() % (last - first + 1));
}

// The kinds of words that are looked for.
struct Kind {
  const char* name;
  std::function<std::string(Random&)> make;
};

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> kKinds = {
      {"two_common", [](Random& r) { return Between(r, 1, 10) + " " + Between(r, 11, 20); }},
      {"two_usual", [](Random& r) { return Between(r, 100, 500) + " " + Between(r, 500, 1'000); }},
      {"common_and_rare",
       [](Random& r) { return Between(r, 1, 20) + " " + Between(r, 2'000, 20'000); }},
      {"two_rare",
       [](Random& r) { return Between(r, 2'000, 20'000) + " " + Between(r, 2'000, 20'000); }},
      {"one_common", [](Random& r) { return Between(r, 1, 20); }},
      {"one_rare", [](Random& r) { return Between(r, 2'000, 20'000); }},
  };
  return kKinds;
}

std::size_t Bare(Connection& cache, const char* sql, const std::string& text) {
  Query query(cache.statements(), sql);
  query.Text(text);
  std::size_t found = 0;
  while (query.Next()) ++found;
  return found;
}

// What anybody would write first: FTS5 ranks, and the newest are the last keys.
constexpr char kRanked[] = "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rank LIMIT 20";
constexpr char kByKey[] =
    "SELECT rowid FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT 20";

void MeasureBare(const fs::path& folder) {
  Connection cache(folder / "cache.db", CacheKey(), Access::kRead, Durability::kFetchable);
  for (const Kind& kind : Kinds()) {
    Print(std::string("bare_ranked_") + kind.name,
          Measure([&](Random& r) { return Bare(cache, kRanked, kind.make(r)); }, kQueries / 20));
    Print(std::string("bare_by_key_") + kind.name,
          Measure([&](Random& r) { return Bare(cache, kByKey, kind.make(r)); }));
  }
}

// Rows a second into an index in memory, in transactions as the daemon's: what the tokenizer costs.
double IndexSpeed(const std::vector<std::string>& contents, const std::string& tokenizer) {
  SQLite::Database memory(":memory:", SQLite::OPEN_READWRITE);
  RegisterSearchTokenizer(memory.getHandle());
  memory.exec(
      "CREATE VIRTUAL TABLE search USING fts5 (content, content = '', columnsize = 0, "
      "tokenize = '" +
      tokenizer + "')");
  SQLite::Statement insert(memory, "INSERT INTO search (rowid, content) VALUES (?, ?)");
  // Of the processor: other programs do not count.
  const std::clock_t begun = std::clock();
  for (std::size_t i = 0; i < contents.size(); ++i) {
    if (i % 4'000 == 0) memory.exec(i == 0 ? "BEGIN" : "COMMIT; BEGIN");
    insert.bind(1, static_cast<std::int64_t>(i + 1));
    insert.bindNoCopy(2, contents[i]);
    insert.exec();
    insert.reset();
  }
  memory.exec("COMMIT");
  return static_cast<double>(contents.size()) * CLOCKS_PER_SEC /
         static_cast<double>(std::clock() - begun);
}

void MeasureIndexing(const fs::path& folder) {
  static const char kContents[] = "SELECT content FROM messages ORDER BY key LIMIT 100000";
  std::vector<std::string> ascii;
  std::vector<std::string> german;
  {
    Connection cache(folder / "cache.db", CacheKey(), Access::kRead, Durability::kFetchable);
    Query query(cache.statements(), kContents);
    while (query.Next()) ascii.push_back(query.GetText(0));
  }
  for (const std::string& content : ascii) german.push_back(content + "Größe");
  // The best of three, turn by turn.
  double best[4] = {};
  for (int round = 0; round < 3; ++round) {
    best[0] = std::max(best[0], IndexSpeed(ascii, "unicode61 remove_diacritics 2"));
    best[1] = std::max(best[1], IndexSpeed(ascii, "hark"));
    best[2] = std::max(best[2], IndexSpeed(german, "unicode61 remove_diacritics 2"));
    best[3] = std::max(best[3], IndexSpeed(german, "hark"));
  }
  std::cout << ",\n \"index_rows_per_second\": {\"unicode61_ascii\": " << best[0]
            << ", \"hark_ascii\": " << best[1] << ", \"unicode61_german\": " << best[2]
            << ", \"hark_german\": " << best[3] << "}";
}

int Run(const fs::path& folder, std::uint64_t count) {
  const SystemClock clock;
  const std::uint64_t conversations = std::max<std::uint64_t>(count / kPerConversation, 1);
  const bool is_there = fs::exists(folder / "cache.db");
  auto store = Open(folder, clock);
  const auto begun = std::chrono::steady_clock::now();
  if (!is_there) Fill(*store, conversations);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  // Opened again, so that all of it is in the file and nothing in its log.
  store.reset();
  store = Open(folder, clock);
  const StoreStatistics statistics = store->Statistics().value_or(StoreStatistics());
  std::cout << "{\"messages\": " << statistics.messages << ", \"bytes\": " << statistics.cache_bytes
            << ", \"fill_seconds\": " << took.count();

  const auto search = [&store](SearchQuery query) {
    const std::atomic<bool> cancelled = false;
    const auto page = store->Search(query, cancelled);
    if (!page) std::abort();
    return page->results.size();
  };
  for (const auto& [order, name] :
       {std::pair{SearchOrder::kBest, "best_"}, std::pair{SearchOrder::kNewest, "newest_"}}) {
    for (const Kind& kind : Kinds()) {
      Print(name + std::string(kind.name), Measure([&](Random& r) {
              SearchQuery query;
              query.text = kind.make(r);
              query.order = order;
              return search(std::move(query));
            }));
    }
  }
  Print("in_one_conversation", Measure([&](Random& r) {
          SearchQuery query;
          query.text = Between(r, 1, 20) + " " + Between(r, 1, 20);
          query.conversation = ConversationOf(r() % conversations);
          return search(std::move(query));
        }));
  Print("prefix_and_word", Measure([&](Random& r) {
          SearchQuery query;
          query.text = Between(r, 100, 999) + "* " + Between(r, 1, 20);
          return search(std::move(query));
        }));
  Print("prefix_of_most", Measure(
                              [&](Random&) {
                                SearchQuery query;
                                query.text = "w1*";
                                return search(std::move(query));
                              },
                              3));
  store.reset();
  MeasureBare(folder);
  MeasureIndexing(folder);
  std::cout << "}\n";
  return 0;
}

}  // namespace
}  // namespace hark::store

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return hark::store::Run(argv[1], std::strtoull(argv[2], nullptr, 10));
}
