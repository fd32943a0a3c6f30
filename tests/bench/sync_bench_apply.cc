// What the store alone needs for the rows that a sync brings: no network, no other thread.
//
//   sync_bench_apply FOLDER [RUNS] < ROWS
//
// ROWS as for sync_bench_rows. A new store is told what an initial sync tells it: summaries by 200,
// then one page of history a batch, as many waiting together as a sync has under way. Then the
// writer does what it does when nobody waits. Prints JSON: messages a second of CPU, of the best
// run; of the last one, how often it was idle, how long that kept others waiting (99th of a
// hundred and longest, microseconds), and the size of cache.db before and after.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/limits.h"
#include "daemon/base/uuid.h"
#include "daemon/store/sqlcipher_store.h"

namespace hark::store {
namespace {

constexpr std::size_t kSummaries = 200;

std::uint64_t TakeNumber(std::string_view& line) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), number);
  line.remove_prefix(static_cast<std::size_t>(parsed.ptr - line.data()) + 1);
  return number;
}

// Newest first, as a sync fetches them.
std::vector<ApplyHistory> ReadPages() {
  std::vector<ApplyHistory> pages;
  WallTime now{std::chrono::milliseconds(1'700'000'000'000)};
  std::uint64_t last = 0;
  for (std::string text; std::getline(std::cin, text);) {
    std::string_view line = text;
    const std::uint64_t conversation = TakeNumber(line);
    Message message;
    message.sequence = TakeNumber(line);
    if (conversation != last) {
      last = conversation;
      pages.emplace_back().conversation = ConversationId(NewUuidV7(now));
    }
    ApplyHistory& page = pages.back();
    message.created_at = now += std::chrono::milliseconds(37);
    message.id = MessageId(NewUuidV7(now));
    message.conversation = page.conversation;
    message.role = line.starts_with("u") ? Role::kUser : Role::kAssistant;
    message.content = line.substr(2);
    message.revision = 1;
    message.server_id = message.id.value();
    page.from = page.asked_from = 1;
    page.to = page.asked_to = message.sequence;
    page.messages.push_back(std::move(message));
  }
  std::reverse(pages.begin(), pages.end());
  return pages;
}

ConversationSummary SummaryOf(const ApplyHistory& page) {
  ConversationSummary summary;
  summary.id = page.conversation;
  summary.title = "A title of a usual length";
  summary.last_sequence = page.to;
  summary.message_count = page.messages.size();
  summary.last_activity_at = page.messages.back().created_at;
  summary.preview = page.messages.back().content.substr(0, limits::kPreviewCharacters);
  return summary;
}

void Submit(SqlcipherStore& store, Batch batch) {
  store.Apply(std::move(batch), [](const Result<LocalRevision>& result) {
    if (!result) std::abort();
  });
}

struct Idle {
  std::vector<double> slices;
  std::uintmax_t bytes_before = 0;
  std::uintmax_t bytes_after = 0;
};

Idle BeIdle(SqlcipherStore& store, const std::filesystem::path& folder) {
  const auto size = [&] { return std::filesystem::file_size(folder / "cache.db"); };
  Idle idle;
  idle.bytes_before = size();
  for (bool more = true; more;) {
    const auto begun = std::chrono::steady_clock::now();
    more = store.RunIdleWriter();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
    idle.slices.push_back(took.count());
  }
  idle.bytes_after = size();
  std::sort(idle.slices.begin(), idle.slices.end());
  return idle;
}

// Seconds of CPU.
double Sync(const std::filesystem::path& folder, const std::vector<ApplyHistory>& pages,
            Idle& idle) {
  std::filesystem::remove_all(folder);
  const SystemClock clock;
  StoreOptions options;
  options.folder = folder;
  options.cache_key = Secret(std::string(32, '\x11'));
  options.authored_key = Secret(std::string(32, '\x22'));
  options.clock = &clock;
  options.writes_by_hand = true;
  auto store = SqlcipherStore::Open(std::move(options));
  if (!store) std::abort();
  std::vector<Batch> batches;
  for (std::size_t i = 0; i < pages.size(); i += kSummaries) {
    Batch& batch = batches.emplace_back();
    for (std::size_t j = i; j < std::min(pages.size(), i + kSummaries); ++j)
      batch.operations.emplace_back(ApplySummary{SummaryOf(pages[j]), GapReason::kNotFetched});
  }
  const std::size_t listed = batches.size();
  for (const ApplyHistory& page : pages) batches.emplace_back().operations.emplace_back(page);
  const std::clock_t begun = std::clock();
  for (std::size_t i = 0; i < batches.size(); ++i) {
    Submit(**store, std::move(batches[i]));
    if (i < listed || i % (limits::kHistoryInFlight * 2) == 0) (*store)->RunWriter();
  }
  (*store)->RunWriter();
  Submit(**store, Batch{{SetSynced{clock.WallNow(), true}}});
  (*store)->RunWriter();
  const double took = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  idle = BeIdle(**store, folder);
  return took;
}

}  // namespace
}  // namespace hark::store

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::filesystem::path folder = std::filesystem::path(argv[1]) / "apply";
  const int runs = argc > 2 ? std::atoi(argv[2]) : 1;
  const auto pages = hark::store::ReadPages();
  std::size_t rows = 0;
  for (const auto& page : pages) rows += page.messages.size();
  double best = 0;
  hark::store::Idle idle;
  for (int i = 0; i < runs; ++i)
    best = std::max(best, static_cast<double>(rows) / hark::store::Sync(folder, pages, idle));
  std::filesystem::remove_all(folder);
  std::cout << "{\"rows\": " << rows << ", \"per_cpu_second\": " << best
            << ", \"idle_slices\": " << idle.slices.size()
            << ", \"idle_slice_p99\": " << idle.slices[(idle.slices.size() - 1) * 99 / 100]
            << ", \"idle_slice_longest\": " << idle.slices.back()
            << ", \"bytes\": " << idle.bytes_before << ", \"bytes_idle\": " << idle.bytes_after
            << "}\n";
  return 0;
}
