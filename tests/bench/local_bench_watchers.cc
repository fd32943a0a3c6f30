// Clients that watch conversations, each on a connection of its own.
//
//   local_bench_watchers rounds SOCKET COUNT CONVERSATION
//       prints "ready" when each has its first event; then, each time that all have got one more,
//       the time of the last in nanoseconds
//   local_bench_watchers load SOCKET COUNT PREFIX CONVERSATIONS
//       watcher i watches PREFIX-(i mod CONVERSATIONS); takes the time "@nanoseconds@" in each new
//       message until it arrives; at a line on standard input prints the summary, in microseconds
//   local_bench_watchers replay SOCKET CONVERSATION MESSAGES
//       takes a token, prints "ready", and after each line on standard input resumes from it;
//       prints the milliseconds until MESSAGES have come in deltas

#include <atomic>
#include <charconv>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/generic/generic_stub.h>

#include "hark/v1/messages.grpc.pb.h"

#include "tests/bench/local_bench.h"

namespace hark::bench {
namespace {

// One stream of events as bytes.
class Watcher final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  using OnEvent = std::function<void(std::int64_t now, const grpc::ByteBuffer&)>;

  Watcher(const std::string& socket, const std::string& conversation, OnEvent on_event)
      : stub_(Connect(socket)), on_event_(std::move(on_event)) {
    v1::WatchMessagesRequest request;
    request.set_conversation_id(conversation);
    request.set_snapshot_size(1);
    request_ = Buffer(request.SerializeAsString());
    stub_.PrepareBidiStreamingCall(&call_, "/hark.v1.Messages/WatchMessages", {}, this);
    StartWriteLast(&request_, {});
    StartRead(&event_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    on_event_(Nanoseconds(), event_);
    StartRead(&event_);
  }
  void OnDone(const grpc::Status& status) override {
    Die("a stream ended: " + status.error_message());
  }

 private:
  grpc::GenericStub stub_;
  grpc::ClientContext call_;
  const OnEvent on_event_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer event_;
};

// Counts events of all watchers; every COUNT-th ends a round.
class Rounds {
 public:
  explicit Rounds(int count) : count_(count) {}

  void Arrived(std::int64_t now) {
    const std::lock_guard lock(mutex_);
    last_ = std::max(last_, now);
    if (++arrived_ % count_ != 0) return;
    if (arrived_ == count_) {
      std::cout << "ready" << std::endl;
    } else {
      std::cout << last_ << std::endl;
    }
  }

 private:
  const int count_;
  std::mutex mutex_;
  int arrived_ = 0;
  std::int64_t last_ = 0;
};

int RunRounds(const std::string& socket, int count, const std::string& conversation) {
  Rounds rounds(count);
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < count; ++i) {
    watchers.push_back(std::make_unique<Watcher>(
        socket, conversation,
        [&rounds](std::int64_t now, const grpc::ByteBuffer&) { rounds.Arrived(now); }));
  }
  std::string line;
  std::getline(std::cin, line);
  std::_Exit(0);
}

// The time that the message was given to the store; 0 if the event holds none.
std::int64_t StampIn(std::string_view bytes) {
  const auto begin = bytes.find('@');
  if (begin == std::string_view::npos) return 0;
  std::int64_t stamp = 0;
  const char* const first = bytes.data() + begin + 1;
  const auto [end, error] = std::from_chars(first, bytes.data() + bytes.size(), stamp);
  return error == std::errc() && end != bytes.data() + bytes.size() && *end == '@' ? stamp : 0;
}

int RunLoad(const std::string& socket, int count, const std::string& prefix, int conversations) {
  struct Own {
    bool begun = false;
    std::mutex mutex;
    std::vector<double> latencies;
  };
  std::vector<Own> own(static_cast<std::size_t>(count));
  std::atomic<int> begun{0};
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < count; ++i) {
    watchers.push_back(std::make_unique<Watcher>(
        socket, prefix + "-" + std::to_string(i % conversations),
        [&mine = own[static_cast<std::size_t>(i)], &begun, count](std::int64_t now,
                                                                  const grpc::ByteBuffer& event) {
          if (!mine.begun) {
            mine.begun = true;
            if (++begun == count) std::cout << "ready" << std::endl;
            return;
          }
          const std::int64_t stamp = StampIn(Bytes(event));
          if (stamp == 0) return;
          const std::lock_guard lock(mine.mutex);
          mine.latencies.push_back(static_cast<double>(now - stamp) / 1'000);
        }));
  }
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<double> all;
    for (Own& one : own) {
      const std::lock_guard lock(one.mutex);
      all.insert(all.end(), one.latencies.begin(), one.latencies.end());
      one.latencies.clear();
    }
    std::cout << Summary(std::move(all)) << std::endl;
  }
  std::_Exit(0);
}

int RunReplay(const std::string& socket, const std::string& conversation, int messages) {
  const auto stub = v1::Messages::NewStub(Connect(socket));
  v1::WatchMessagesRequest request;
  request.set_conversation_id(conversation);
  request.set_snapshot_size(1);
  v1::WatchMessagesResponse event;
  {
    grpc::ClientContext call;
    const auto stream = stub->WatchMessages(&call, request);
    if (!stream->Read(&event)) Die("no snapshot");
    request.set_resume_token(event.resume_token());
    call.TryCancel();
  }
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    grpc::ClientContext call;
    const std::int64_t begun = Nanoseconds();
    const auto stream = stub->WatchMessages(&call, request);
    int got = 0;
    while (got < messages && stream->Read(&event)) {
      if (event.has_snapshot()) Die("the stream began with a snapshot: the log is too short");
      got += event.delta().upserted_size();
    }
    if (got < messages) Die("the stream ended too early");
    std::cout << static_cast<double>(Nanoseconds() - begun) / 1'000'000 << std::endl;
    call.TryCancel();
  }
  std::_Exit(0);
}

}  // namespace
}  // namespace hark::bench

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "rounds" && argc == 5) {
    return hark::bench::RunRounds(argv[2], std::atoi(argv[3]), argv[4]);
  }
  if (verb == "load" && argc == 6) {
    return hark::bench::RunLoad(argv[2], std::atoi(argv[3]), argv[4], std::atoi(argv[5]));
  }
  if (verb == "replay" && argc == 5) {
    return hark::bench::RunReplay(argv[2], argv[3], std::atoi(argv[4]));
  }
  return 2;
}
