// The baseline of local_bench.py: a gRPC server of the callback API that does no work of its own.
//
//   local_bench_bare SOCKET EXCHANGES EVENT
//
// Answers ListMessages with the bytes that belong to the request in the file EXCHANGES. Keeps every
// WatchMessages stream, and for each line on standard input writes the bytes of the file EVENT to
// all of them; before the first write it prints the time, in nanoseconds.

#include <algorithm>
#include <fstream>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "hark/v1/messages.grpc.pb.h"

#include "tests/bench/local_bench.h"

namespace hark::bench {
namespace {

using ByteStream = grpc::ServerWriteReactor<grpc::ByteBuffer>;

class Streams;

class Stream final : public ByteStream {
 public:
  Stream(Streams& streams, const grpc::ByteBuffer& first);

  void Send(const grpc::ByteBuffer& event) {
    {
      const std::lock_guard lock(mutex_);
      if (busy_) {
        ++waiting_;
        return;
      }
      busy_ = true;
    }
    Write(event);
  }

  void OnWriteDone(bool ok) override;
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override;

 private:
  void Write(const grpc::ByteBuffer& event) {
    out_ = event;  // References to the same bytes.
    StartWrite(&out_);
  }

  Streams& streams_;
  std::mutex mutex_;
  bool busy_ = true;
  int waiting_ = 0;
  grpc::ByteBuffer out_;
};

class Streams {
 public:
  explicit Streams(grpc::ByteBuffer event) : event_(std::move(event)) {}

  void Add(Stream* stream) {
    const std::lock_guard lock(mutex_);
    streams_.push_back(stream);
  }
  void Remove(Stream* stream) {
    const std::lock_guard lock(mutex_);
    std::erase(streams_, stream);
  }
  std::int64_t SendToAll() {
    const std::lock_guard lock(mutex_);
    const std::int64_t begun = Nanoseconds();
    for (Stream* stream : streams_) stream->Send(event_);
    return begun;
  }
  [[nodiscard]] const grpc::ByteBuffer& event() const { return event_; }

 private:
  const grpc::ByteBuffer event_;
  std::mutex mutex_;
  std::vector<Stream*> streams_;
};

Stream::Stream(Streams& streams, const grpc::ByteBuffer& first) : streams_(streams) {
  streams_.Add(this);
  Write(first);
}

void Stream::OnWriteDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    if (!ok || waiting_ == 0) {
      busy_ = false;
      return;
    }
    --waiting_;
  }
  Write(streams_.event());
}

void Stream::OnDone() {
  streams_.Remove(this);
  delete this;
}

using Api = v1::Messages;
using Base =
    Api::WithRawCallbackMethod_ListMessages<Api::WithRawCallbackMethod_WatchMessages<Api::Service>>;

class BareServer final : public Base {
 public:
  BareServer(const std::vector<Exchange>& exchanges, Streams& streams) : streams_(streams) {
    for (const auto& [request, response] : exchanges) answers_.emplace(request, Buffer(response));
  }

  grpc::ServerUnaryReactor* ListMessages(grpc::CallbackServerContext* call,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override {
    auto* reactor = call->DefaultReactor();
    const auto found = answers_.find(Bytes(*request));
    if (found != answers_.end()) *response = found->second;
    reactor->Finish(found != answers_.end() ? grpc::Status::OK
                                            : grpc::Status(grpc::StatusCode::NOT_FOUND, ""));
    return reactor;
  }

  ByteStream* WatchMessages(grpc::CallbackServerContext*, const grpc::ByteBuffer*) override {
    return new Stream(streams_, streams_.event());
  }

 private:
  std::unordered_map<std::string, grpc::ByteBuffer> answers_;
  Streams& streams_;
};

int Run(const std::string& socket, const std::string& exchanges, const std::string& event) {
  std::ifstream file(event, std::ios::binary);
  Streams streams(Buffer(std::string(std::istreambuf_iterator<char>(file), {})));
  BareServer service(ReadExchanges(exchanges), streams);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (!server) Die("the bare server does not start");
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << streams.SendToAll() << std::endl;
  }
  std::_Exit(0);
}

}  // namespace
}  // namespace hark::bench

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  return hark::bench::Run(argv[1], argv[2], argv[3]);
}
