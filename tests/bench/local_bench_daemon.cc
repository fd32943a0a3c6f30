// The daemon's store, bus and socket without its sync engine, so that commits are made exactly when
// and as often as the benchmark wants, and the moment of each is known.
//
//   local_bench_daemon FOLDER SOCKET CONVERSATIONS MESSAGES
//
// Makes conversations "bench-0"… of so many messages each, prints "ready", and then obeys lines on
// standard input:
//
//   commit NUMBER SIZE       one new message; prints when it was committed, in nanoseconds
//   edits NUMBER COUNT       so many messages are edited, one a commit; prints "done"
//   rate PER_SECOND SECONDS SIZE
//                            new messages, of all conversations in turns; each begins with
//                            "@nanoseconds@", when it was given to the store; prints what was done

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "daemon/account/account_session.h"
#include "daemon/base/metrics.h"
#include "daemon/base/uuid.h"
#include "daemon/ipc/server.h"
#include "daemon/sync/status.h"
#include "tests/bench/local_bench.h"

namespace hark::bench {
namespace {

// One account, always signed in.
class OneAccount final : public account::Accounts {
 public:
  explicit OneAccount(std::shared_ptr<account::OpenAccount> account)
      : account_(std::move(account)) {}

  std::shared_ptr<account::OpenAccount> Current() override { return account_; }
  Error Problem() override { return {ErrorCode::kInternal, "no problem"}; }
  account::AccountInfo Info() override {
    return {account::AccountState::kSignedIn, UserId("bench"), ""};
  }
  void SignIn(Secret, Done done) override { done(Fail(ErrorCode::kConflict, "signed in")); }
  void SignOut(Done done) override { done(Fail(ErrorCode::kConflict, "a benchmark")); }
  void RollBack(bool, RollBackDone done) override {
    done(Fail(ErrorCode::kConflict, "a benchmark"));
  }
  void SignOutAndForget(bool, RemovedDone done) override {
    done(Fail(ErrorCode::kConflict, "a benchmark"));
  }
  void ClearCache(account::ClearOptions, RemovedDone done) override {
    done(Fail(ErrorCode::kConflict, "a benchmark"));
  }
  Result<std::unique_ptr<account::RestoreUpload>> BeginRestore() override {
    return Fail(ErrorCode::kConflict, "a benchmark");
  }
  void Restore(std::unique_ptr<account::RestoreUpload>, account::RestoreOptions,
               RestoreDone done) override {
    done(Fail(ErrorCode::kConflict, "a benchmark"));
  }
  account::KeyCare& keys() override { std::abort(); }  // The benchmark asks for none.
  sync::StatusBoard& status() override { return board_; }

 private:
  const std::shared_ptr<account::OpenAccount> account_;
  sync::StatusBoard board_;
};

// Subscribed before any stream, so it is called first: right after the commit.
class CommitTimes final : public bus::Subscriber {
 public:
  void OnCommit(std::shared_ptr<const Commit>) override { last_ = Nanoseconds(); }
  void OnEphemeral(std::shared_ptr<const bus::Ephemeral>) override {}
  void OnClosed(const Error&) override {}
  [[nodiscard]] std::int64_t last() const { return last_; }

 private:
  std::atomic<std::int64_t> last_{0};
};

ConversationId ConversationOf(std::size_t number) {
  return ConversationId("bench-" + std::to_string(number));
}

class Feeder {
 public:
  Feeder(store::SqlcipherStore& store, std::size_t conversations, Sequence messages)
      : store_(store), next_(conversations, messages + 1) {
    for (std::size_t i = 0; i < conversations; ++i) {
      for (Sequence from = 1; from <= messages; from += 200) {
        store::ApplyHistory page;
        page.conversation = ConversationOf(i);
        page.from = page.asked_from = from;
        page.to = page.asked_to = std::min<Sequence>(from + 199, messages);
        for (Sequence s = page.from; s <= page.to; ++s) page.messages.push_back(Make(i, s, 1, 60));
        Apply(std::move(page));
      }
    }
    Settle();
  }

  void Commit(std::size_t number, std::size_t size) {
    Apply(store::ApplyMessage{Make(number, next_[number]++, 1, size)});
    Settle();
  }

  void Edit(std::size_t number, Sequence count) {
    for (Sequence s = 1; s <= count; ++s) {
      Apply(store::ApplyMessage{Make(number, s, 2, 60)});
      if (s % 256 == 0) Settle();
    }
    Settle();
  }

  // What was done, as JSON.
  std::string Rate(std::uint64_t per_second, std::uint64_t seconds, std::size_t size) {
    using namespace std::chrono;
    const auto begun = steady_clock::now();
    std::uint64_t done = 0;
    std::uint64_t late = 0;
    const std::uint64_t all = per_second * seconds;
    while (done < all) {
      const auto passed = duration_cast<microseconds>(steady_clock::now() - begun).count();
      const std::uint64_t due =
          std::min(all, per_second * static_cast<std::uint64_t>(passed) / 1'000'000 + 1);
      // The writer's queue has a bound.
      while (done < due && waiting_ < 2'000) {
        const std::size_t number = done++ % next_.size();
        Apply(store::ApplyMessage{Make(number, next_[number]++, 1, size)});
      }
      if (done + per_second / 10 < due) ++late;
      std::this_thread::sleep_for(milliseconds(1));
    }
    Settle();
    const duration<double> took = steady_clock::now() - begun;
    return "{\"changes\": " + std::to_string(done) +
           ", \"seconds\": " + std::to_string(took.count()) +
           ", \"late\": " + std::to_string(late) + "}";
  }

 private:
  static Message Make(std::size_t number, Sequence sequence, std::uint64_t revision,
                      std::size_t size) {
    Message message;
    message.created_at = WallTime(std::chrono::milliseconds(1'700'000'000'000 + sequence));
    message.id = MessageId("0190-" + std::to_string(number) + "-" + std::to_string(sequence));
    message.conversation = ConversationOf(number);
    message.role = sequence % 2 == 0 ? Role::kAssistant : Role::kUser;
    message.content = "@" + std::to_string(Nanoseconds()) + "@";
    message.content.resize(std::max(size, message.content.size()), 'x');
    message.sequence = sequence;
    message.revision = revision;
    message.server_id = message.id.value();
    return message;
  }

  template <typename Operation>
  void Apply(Operation operation) {
    ++waiting_;
    store::Batch batch;
    batch.operations.emplace_back(std::move(operation));
    store_.Apply(std::move(batch), [this](const Result<LocalRevision>& applied) {
      if (!applied) Die("a commit failed: " + applied.error().message);
      --waiting_;
      waiting_.notify_all();
    });
  }

  void Settle() {
    for (int left = waiting_; left > 0; left = waiting_) waiting_.wait(left);
  }

  store::SqlcipherStore& store_;
  std::vector<Sequence> next_;
  std::atomic<int> waiting_{0};
};

void Obey(Feeder& feeder, const CommitTimes& times) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string verb;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::uint64_t c = 0;
    words >> verb >> a >> b >> c;
    if (verb == "commit") {
      feeder.Commit(a, b);
      std::cout << times.last() << std::endl;
    } else if (verb == "edits") {
      feeder.Edit(a, b);
      std::cout << "done" << std::endl;
    } else if (verb == "rate") {
      std::cout << feeder.Rate(a, b, c) << std::endl;
    }
  }
}

int Run(const std::string& folder, const std::string& socket, std::size_t conversations,
        Sequence messages) {
  SystemClock clock;
  Metrics metrics;
  boost::asio::io_context io(1);
  store::StoreOptions options;
  options.folder = folder;
  options.cache_key = Secret(std::string(32, '\x11'));
  options.authored_key = Secret(std::string(32, '\x22'));
  options.clock = &clock;
  auto opened = account::AccountSession::Open(
      std::move(options), {}, {UserId("bench"), "", Secret::Random(32)}, io.get_executor());
  if (!opened) Die(opened.error().message);
  const std::shared_ptr<account::AccountSession> session = *std::move(opened);
  CommitTimes times;
  const auto subscription = session->bus()->Subscribe(&times);
  OneAccount accounts(session);
  const auto server = ipc::Server::Start({.socket_path = socket,
                                          .listening_fd = std::nullopt,
                                          .version = "bench",
                                          .cipher_version = "",
                                          .data_dir = {},
                                          .clock = clock,
                                          .metrics = metrics,
                                          .accounts = accounts});
  if (!server) Die(server.error().message);
  // An account's store is what its reader is.
  auto& store = dynamic_cast<store::SqlcipherStore&>(session->reader());
  Feeder feeder(store, conversations, messages);
  std::cout << "ready" << std::endl;
  Obey(feeder, times);
  (*server)->Stop();
  return 0;
}

}  // namespace
}  // namespace hark::bench

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  return hark::bench::Run(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10),
                          std::strtoull(argv[4], nullptr, 10));
}
