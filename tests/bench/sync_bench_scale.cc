// What a page and a send cost in a store of COUNT messages, and how long a slice of retention holds
// the writer.
//
//   sync_bench_scale FOLDER COUNT
//
// Conversations of 18 messages, as in real chats, of which a tenth is too old. Prints JSON: medians
// in microseconds, and of the slices the 99th percentile, the longest, and all together.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "daemon/account/retention_keeper.h"
#include "daemon/base/clock.h"
#include "daemon/base/uuid.h"
#include "daemon/store/sqlcipher_store.h"

namespace hark::store {
namespace {

constexpr Sequence kPerConversation = 18;
constexpr int kSamples = 2'000;
constexpr int kSends = 500;

ConversationId ConversationOf(std::uint64_t number) {
  return ConversationId("01890a5d-0000-7000-8000-" + std::to_string(100'000'000'000 + number));
}

std::string Text(std::mt19937_64& random) {
  std::string text;
  for (int i = 0; i < 10; ++i) {
    // Small numbers are much more frequent, as words are.
    const double r = static_cast<double>(random() % 1'000'000) / 1'000'000;
    text += "w" + std::to_string(static_cast<int>(20'000 * r * r * r)) + " ";
  }
  return text;
}

ApplyHistory MakePage(const ConversationId& conversation, std::mt19937_64& random) {
  static WallTime now{std::chrono::milliseconds(1'600'000'000'000)};
  ApplyHistory page;
  page.conversation = conversation;
  page.from = page.asked_from = 1;
  page.to = page.asked_to = kPerConversation;
  for (Sequence i = 1; i <= kPerConversation; ++i) {
    Message message;
    message.created_at = now += std::chrono::milliseconds(37);
    message.id = MessageId(NewUuidV7(now));
    message.conversation = conversation;
    message.role = i % 2 == 0 ? Role::kAssistant : Role::kUser;
    message.content = Text(random);
    message.sequence = i;
    message.revision = 1;
    message.server_id = message.id.value();
    page.messages.push_back(std::move(message));
  }
  return page;
}

template <typename T, typename Call>
T Wait(Call&& call) {
  std::promise<T> promise;
  call([&promise](Result<T> result) {
    if (!result) std::abort();
    promise.set_value(std::move(*result));
  });
  return promise.get_future().get();
}

double MicrosecondsSince(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun)
      .count();
}

template <typename Call>
double Microseconds(Call&& call) {
  const auto begun = std::chrono::steady_clock::now();
  call();
  return MicrosecondsSince(begun);
}

double Percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

void Fill(SqlcipherStore& store, std::uint64_t conversations, std::mt19937_64& random) {
  for (std::uint64_t i = 0; i < conversations;) {
    Batch batch;
    for (int n = 0; n < 50 && i < conversations; ++n, ++i) {
      batch.operations.emplace_back(MakePage(ConversationOf(i), random));
    }
    Wait<LocalRevision>([&](auto done) { store.Apply(std::move(batch), std::move(done)); });
  }
}

// How long each slice took, from its submission to its answer.
struct Slices {
  std::vector<double> evict;
  std::vector<double> merge;
  std::vector<double> compact;
  std::vector<double> release;
  std::vector<double> upkeep;  // Between two slices.
};

// Takes the time of what the keeper asks for.
class TimedRetention final : public RetentionStore {
 public:
  explicit TimedRetention(SqlcipherStore& store) : store_(store) {}

  [[nodiscard]] Result<RetentionPlan> PlanRetention(const RetentionPolicy& policy) override {
    return store_.PlanRetention(policy);
  }
  void Evict(std::vector<Eviction> evictions, Done<Evicted> done) override {
    WaitForUpkeep();
    store_.Evict(std::move(evictions), Timed(slices_.evict, std::move(done)));
  }
  void Tidy(Tidying what, Done<bool> done) override {
    WaitForUpkeep();
    if (what == Tidying::kCompactIndex) index_ = &slices_.compact;
    auto& times = what == Tidying::kReleaseSpace ? slices_.release : *index_;
    store_.Tidy(what, Timed(times, std::move(done)));
  }
  void SetRetention(ConversationId conversation, std::optional<std::uint32_t> days,
                    Done<LocalRevision> done) override {
    store_.SetRetention(std::move(conversation), days, std::move(done));
  }

  [[nodiscard]] const Slices& slices() const { return slices_; }

 private:
  // What whoever comes after a slice waits for.
  void WaitForUpkeep() {
    slices_.upkeep.push_back(Microseconds([this] {
      (void)Wait<LocalRevision>([this](auto done) { store_.Apply({}, std::move(done)); });
    }));
  }

  template <typename T>
  static Done<T> Timed(std::vector<double>& times, Done<T> done) {
    const auto begun = std::chrono::steady_clock::now();
    return [&times, begun, done = std::move(done)](Result<T> result) {
      times.push_back(MicrosecondsSince(begun));
      done(std::move(result));
    };
  }

  SqlcipherStore& store_;
  Slices slices_;
  // What a step of the merge belongs to: the keeper compacts last.
  std::vector<double>* index_ = &slices_.merge;
};

// As some time after a sync, when nothing else was done.
void TidyUp(SqlcipherStore& store) {
  for (const Tidying what : {Tidying::kMergeIndex, Tidying::kReleaseSpace}) {
    while (Wait<bool>([&](auto done) { store.Tidy(what, std::move(done)); })) {
    }
  }
}

// Evicts about `messages` of the oldest and tidies up, as harkd does.
Slices Retain(SqlcipherStore& store, std::uint64_t messages) {
  const auto statistics = store.Statistics();
  if (!statistics) std::abort();
  const double share = static_cast<double>(messages) / static_cast<double>(statistics->messages);
  const auto spared =
      static_cast<std::uint64_t>(share * static_cast<double>(statistics->cache_bytes));
  TimedRetention timed(store);
  account::RetentionKeeper keeper(store, timed, {0, statistics->cache_bytes - spared});
  const auto outcome =
      Wait<account::RetentionOutcome>([&](auto done) { keeper.Run(std::move(done)); });
  if (outcome.messages == 0) std::abort();
  return timed.slices();
}

void Print(const char* name, const std::vector<double>& times) {
  std::cout << ", \"" << name << "\": {\"slices\": " << times.size()
            << ", \"p50\": " << Percentile(times, 0.5) << ", \"p99\": " << Percentile(times, 0.99)
            << ", \"max\": " << Percentile(times, 1)
            << ", \"all\": " << std::accumulate(times.begin(), times.end(), 0.0) << "}";
}

std::unique_ptr<SqlcipherStore> Open(const std::filesystem::path& folder, const Clock& clock) {
  StoreOptions options;
  options.folder = folder;
  options.cache_key = Secret(std::string(32, '\x11'));
  options.authored_key = Secret(std::string(32, '\x22'));
  options.clock = &clock;
  auto opened = SqlcipherStore::Open(std::move(options));
  if (!opened) std::abort();
  return *std::move(opened);
}

int Run(const std::filesystem::path& folder, std::uint64_t count) {
  const SystemClock clock;
  auto opened = Open(folder, clock);
  SqlcipherStore& store = *opened;
  std::mt19937_64 random(1);
  const std::uint64_t conversations = std::max<std::uint64_t>(count / kPerConversation, 1);
  const double filled = Microseconds([&] { Fill(store, conversations, random); });

  std::vector<double> pages;
  std::vector<double> same;
  std::vector<double> sends;
  for (int i = -kSamples / 10; i < kSamples; ++i) {
    const ConversationId any = ConversationOf(random() % conversations);
    const double page = Microseconds([&] { (void)store.ReadPage({any, std::nullopt, 50}); });
    const double again = Microseconds([&] { (void)store.ReadPage({any, std::nullopt, 50}); });
    if (i < 0) continue;
    pages.push_back(page);
    same.push_back(again);
  }
  for (int i = 0; i < kSends; ++i) {
    NewMessage message;
    message.message.id = MessageId(NewUuidV7(clock.WallNow()));
    message.message.conversation = ConversationOf(random() % conversations);
    message.message.content = Text(random);
    sends.push_back(Microseconds([&] {
      (void)Wait<Message>(
          [&](auto done) { store.EnqueueSend(std::move(message), std::move(done)); });
    }));
  }
  TidyUp(store);
  // Closed and opened, so that all of it is in the file and nothing in its log.
  opened.reset();
  opened = Open(folder, clock);
  const Slices slices = Retain(*opened, count / 10);
  std::cout << "{\"messages\": " << conversations * kPerConversation << ", \"fill_per_second\": "
            << static_cast<double>(conversations * kPerConversation) / filled * 1e6
            << ", \"page\": " << Percentile(pages, 0.5)
            << ", \"page_again\": " << Percentile(same, 0.5)
            << ", \"send\": " << Percentile(sends, 0.5);
  Print("evict", slices.evict);
  Print("merge", slices.merge);
  Print("compact", slices.compact);
  Print("release", slices.release);
  Print("upkeep", slices.upkeep);
  std::cout << "}\n";
  return 0;
}

}  // namespace
}  // namespace hark::store

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return hark::store::Run(argv[1], std::strtoull(argv[2], nullptr, 10));
}
