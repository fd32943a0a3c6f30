// What the store costs. One store of HARK_BENCH_MESSAGES messages (300,000 by default) in
// conversations of 18, as in real chats, is filled once and used by all.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <benchmark/benchmark.h>

#include "daemon/base/clock.h"
#include "daemon/base/uuid.h"
#include "daemon/store/sqlcipher_store.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr Sequence kPerConversation = 18;
constexpr Sequence kLongConversation = 5'000;

const Clock& TheClock() {
  static const SystemClock clock;
  return clock;
}

std::uint64_t MessageCount() {
  const char* given =
      std::getenv("HARK_BENCH_MESSAGES");  // NOLINT(concurrency-mt-unsafe): before any thread
  return given == nullptr ? 300'000 : std::strtoull(given, nullptr, 10);
}

std::unique_ptr<SqlcipherStore> Open(const fs::path& folder) {
  StoreOptions options;
  options.folder = folder;
  options.cache_key = Secret(std::string(32, '\x11'));
  options.authored_key = Secret(std::string(32, '\x22'));
  options.clock = &TheClock();
  auto store = SqlcipherStore::Open(std::move(options));
  if (!store) {
    std::cerr << store.error().message << '\n';
    std::abort();
  }
  return *std::move(store);
}

Message MakeMessage(const ConversationId& conversation, Sequence sequence) {
  static std::atomic<std::int64_t> millisecond = 1'700'000'000'000;
  Message message;
  message.created_at = WallTime(std::chrono::milliseconds(++millisecond));
  message.id = MessageId(NewUuidV7(message.created_at));
  message.conversation = conversation;
  message.role = sequence % 2 == 0 ? Role::kAssistant : Role::kUser;
  message.content = "I would like to find a restaurant near the park, please.";
  message.sequence = sequence;
  message.revision = 1;
  message.server_id = message.id.value();
  return message;
}

ApplyHistory MakePage(const ConversationId& conversation, Sequence from, Sequence to) {
  ApplyHistory page;
  page.conversation = conversation;
  page.from = page.asked_from = from;
  page.to = page.asked_to = to;
  for (Sequence i = from; i <= to; ++i) page.messages.push_back(MakeMessage(conversation, i));
  return page;
}

void ApplyNow(SqlcipherStore& store, Batch batch) {
  std::promise<void> done;
  store.Apply(std::move(batch), [&done](const Result<LocalRevision>& result) {
    if (!result) std::abort();
    done.set_value();
  });
  done.get_future().get();
}

ConversationId ConversationOf(std::uint64_t number) {
  std::string id = "01890a5d-0000-7000-8000-" + std::to_string(100'000'000'000 + number);
  return ConversationId(std::move(id));
}

const ConversationId kLong("01890a5d-0000-7000-9000-000000000000");

// The filled store, closed and removed at the end.
class FilledStore {
 public:
  FilledStore()
      : folder_(fs::temp_directory_path() / ("hark-bench-" + std::to_string(::getpid()))) {
    store_ = hark::store::Open(folder_);
    conversations_ = MessageCount() / kPerConversation;
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::future<void>> pending;
    for (std::uint64_t i = 0; i < conversations_; ++i) {
      Batch batch;
      batch.operations.emplace_back(MakePage(ConversationOf(i), 1, kPerConversation));
      auto done = std::make_shared<std::promise<void>>();
      pending.push_back(done->get_future());
      store_->Apply(std::move(batch), [done](const Result<LocalRevision>&) { done->set_value(); });
      if (pending.size() == 512) {
        for (auto& one : pending) one.get();
        pending.clear();
      }
    }
    for (auto& one : pending) one.get();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const auto messages = static_cast<double>(conversations_ * kPerConversation);
    for (Sequence from = 1; from < kLongConversation; from += 200) {
      Batch batch;
      batch.operations.emplace_back(MakePage(kLong, from, from + 199));
      ApplyNow(*store_, std::move(batch));
    }
    std::cerr << "filled: " << messages / took.count() << " messages/s, "
              << static_cast<double>(store_->Statistics()->cache_bytes) / messages
              << " bytes/message\n";
  }

  ~FilledStore() {
    store_.reset();
    std::error_code error;
    fs::remove_all(folder_, error);
  }

  [[nodiscard]] SqlcipherStore& store() { return *store_; }
  [[nodiscard]] std::uint64_t conversations() const { return conversations_; }

  void Reopen() {
    store_.reset();
    store_ = hark::store::Open(folder_);
  }

 private:
  fs::path folder_;
  std::unique_ptr<SqlcipherStore> store_;
  std::uint64_t conversations_ = 0;
};

std::unique_ptr<FilledStore>& Filled() {
  static std::unique_ptr<FilledStore> filled;
  if (!filled) filled = std::make_unique<FilledStore>();
  return filled;
}

void BM_NewestPageOfOne(benchmark::State& state) {
  SqlcipherStore& store = Filled()->store();
  for (auto _ : state) benchmark::DoNotOptimize(store.ReadPage({kLong, std::nullopt, 50}));
}
BENCHMARK(BM_NewestPageOfOne);

void BM_PageInTheMiddle(benchmark::State& state) {
  SqlcipherStore& store = Filled()->store();
  auto middle = store.ReadPage({kLong, std::nullopt, 200});
  for (int i = 0; i < 10; ++i) middle = store.ReadPage({kLong, middle->messages.front().id, 200});
  for (auto _ : state) {
    benchmark::DoNotOptimize(store.ReadPage({kLong, middle->messages.front().id, 50}));
  }
}
BENCHMARK(BM_PageInTheMiddle);

void BM_NewestPageOfAny(benchmark::State& state) {
  SqlcipherStore& store = Filled()->store();
  std::mt19937_64 random(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        store.ReadPage({ConversationOf(random() % Filled()->conversations()), std::nullopt, 50}));
  }
}
BENCHMARK(BM_NewestPageOfAny);

void BM_ListConversations(benchmark::State& state) {
  SqlcipherStore& store = Filled()->store();
  for (auto _ : state) benchmark::DoNotOptimize(store.ListConversations({std::nullopt, 50}));
}
BENCHMARK(BM_ListConversations);

void BM_GetConversation(benchmark::State& state) {
  SqlcipherStore& store = Filled()->store();
  for (auto _ : state) benchmark::DoNotOptimize(store.GetConversation(kLong));
}
BENCHMARK(BM_GetConversation);

void BM_Statistics(benchmark::State& state) {
  SqlcipherStore& store = Filled()->store();
  for (auto _ : state) benchmark::DoNotOptimize(store.Statistics());
}
BENCHMARK(BM_Statistics);

void BM_EnqueueSend(benchmark::State& state) {
  SqlcipherStore& store = Filled()->store();
  std::vector<MessageId> ids;
  for (auto _ : state) {
    Message message = MakeMessage(kLong, 0);
    ids.push_back(message.id);
    std::promise<void> done;
    store.EnqueueSend({std::move(message)}, [&done](const Result<Message>&) { done.set_value(); });
    done.get_future().get();
  }
  Batch batch;
  Sequence next = store.GetConversation(kLong)->last_sequence;
  for (const MessageId& id : ids) batch.operations.emplace_back(AcknowledgeSend{id, "", ++next, 1});
  ApplyNow(store, std::move(batch));
}
BENCHMARK(BM_EnqueueSend)->UseRealTime()->Iterations(2'000);

// The disk's part of it.
void BM_WriteAndSyncOfAFile(benchmark::State& state) {
  const fs::path file = fs::temp_directory_path() / ("hark-fsync-" + std::to_string(::getpid()));
  std::FILE* stream = std::fopen(file.c_str(), "w");
  const std::string page(4'120, 'x');
  for (auto _ : state) {
    std::fwrite(page.data(), 1, page.size(), stream);
    std::fflush(stream);
    ::fdatasync(::fileno(stream));
  }
  std::fclose(stream);
  fs::remove(file);
}
BENCHMARK(BM_WriteAndSyncOfAFile)->UseRealTime()->Iterations(1'000);

void BM_ApplyOneMessage(benchmark::State& state) {
  SqlcipherStore& store = Filled()->store();
  Sequence next = store.GetConversation(kLong)->last_sequence;
  for (auto _ : state) {
    Batch batch;
    batch.operations.emplace_back(ApplyMessage{MakeMessage(kLong, ++next)});
    ApplyNow(store, std::move(batch));
  }
}
BENCHMARK(BM_ApplyOneMessage)->UseRealTime();

void BM_ApplyHistoryPages(benchmark::State& state) {
  SqlcipherStore& store = Filled()->store();
  static std::uint64_t number = 0;
  for (auto _ : state) {
    state.PauseTiming();
    Batch batch;
    const ConversationId conversation("bulk-" + std::to_string(++number));
    batch.operations.emplace_back(MakePage(conversation, 1, 200));
    state.ResumeTiming();
    ApplyNow(store, std::move(batch));
  }
  state.SetItemsProcessed(state.iterations() * 200);
}
BENCHMARK(BM_ApplyHistoryPages)->UseRealTime();

void BM_PlanFetches(benchmark::State& state) {
  static bool marked = false;
  SqlcipherStore& store = Filled()->store();
  if (!marked) {
    const auto start = std::chrono::steady_clock::now();
    ApplyNow(store, {{BeginReconcile{}}});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::cerr << "reconcile marked in " << took.count() << " s\n";
    marked = true;
  }
  for (auto _ : state) benchmark::DoNotOptimize(store.PlanFetches({}, 64));
}
BENCHMARK(BM_PlanFetches);

void BM_OpenAndFirstPage(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    Filled()->store().Close();
    state.ResumeTiming();
    Filled()->Reopen();
    benchmark::DoNotOptimize(Filled()->store().ReadPage({kLong, std::nullopt, 50}));
  }
}
BENCHMARK(BM_OpenAndFirstPage)->UseRealTime()->Iterations(30)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hark::store

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  hark::store::Filled().reset();
  return 0;
}
