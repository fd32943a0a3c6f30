// Pages of 50 as a client of the socket sees them, taken as bytes, in microseconds.
//
//   local_bench_pages collect SOCKET CONVERSATION PAGES FILE
//       walks back through a conversation and keeps each request with its answer
//   local_bench_pages compare SOCKET BARE_SOCKET FILE COUNT
//       the same requests in turns at two servers
//   local_bench_pages until SOCKET FILE
//       the requests at one server until a line comes on standard input
//   local_bench_pages start SOCKET FILE PROGRAM ARGUMENT...
//       executes the daemon and asks for the first page of FILE until it is answered; ends the
//       daemon

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <grpcpp/generic/generic_stub.h>

#include "hark/v1/messages.grpc.pb.h"

#include "tests/bench/local_bench.h"

namespace hark::bench {
namespace {

constexpr char kListMessages[] = "/hark.v1.Messages/ListMessages";

class Client {
 public:
  explicit Client(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {}

  // Absent: refused.
  std::optional<grpc::ByteBuffer> Ask(const grpc::ByteBuffer& request) {
    grpc::ClientContext call;
    call.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    const auto reader = stub_.PrepareUnaryCall(&call, kListMessages, request, &answers_);
    reader->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    reader->Finish(&response, &status, this);
    void* tag = nullptr;
    bool ok = false;
    answers_.Next(&tag, &ok);
    if (!status.ok()) return std::nullopt;
    return response;
  }

  double Microseconds(const grpc::ByteBuffer& request) {
    const std::int64_t begun = Nanoseconds();
    const auto answer = Ask(request);
    const std::int64_t ended = Nanoseconds();
    if (!answer) Die("a page was refused");
    return static_cast<double>(ended - begun) / 1'000;
  }

 private:
  grpc::GenericStub stub_;
  grpc::CompletionQueue answers_;
};

std::vector<grpc::ByteBuffer> Requests(const std::vector<Exchange>& exchanges) {
  std::vector<grpc::ByteBuffer> requests;
  for (const auto& [request, response] : exchanges) requests.push_back(Buffer(request));
  if (requests.empty()) Die("no pages were collected");
  return requests;
}

int Collect(const std::string& socket, const std::string& conversation, int pages,
            const std::string& file) {
  Client client(Connect(socket));
  std::vector<Exchange> exchanges;
  v1::ListMessagesRequest request;
  request.set_conversation_id(conversation);
  request.set_page_size(50);
  for (int i = 0; i < pages; ++i) {
    const std::string asked = request.SerializeAsString();
    const auto answer = client.Ask(Buffer(asked));
    if (!answer) Die("a page was refused");
    exchanges.emplace_back(asked, Bytes(*answer));
    v1::ListMessagesResponse page;
    if (!page.ParseFromString(exchanges.back().second)) Die("a page does not parse");
    if (page.messages_size() != 50) Die("a page is not full");
    if (!page.has_more()) break;
    request.set_before_message_id(page.messages(0).id());
  }
  WriteExchanges(file, exchanges);
  std::cout << "{\"pages\": " << exchanges.size()
            << ", \"bytes\": " << exchanges.front().second.size() << "}\n";
  return 0;
}

int Compare(const std::string& socket, const std::string& bare_socket, const std::string& file,
            int count) {
  const auto requests = Requests(ReadExchanges(file));
  Client hark(Connect(socket));
  Client bare(Connect(bare_socket));
  std::vector<double> of_hark;
  std::vector<double> of_bare;
  constexpr int kWarmUp = 200;
  for (int i = 0; i < count + kWarmUp; ++i) {
    const auto& request = requests[static_cast<std::size_t>(i) % requests.size()];
    // First one, then the other goes first.
    double first = 0;
    double second = 0;
    if (i % 2 == 0) {
      first = hark.Microseconds(request);
      second = bare.Microseconds(request);
    } else {
      second = bare.Microseconds(request);
      first = hark.Microseconds(request);
    }
    if (i < kWarmUp) continue;
    of_hark.push_back(first);
    of_bare.push_back(second);
  }
  std::cout << "{\"hark\": " << Summary(of_hark) << ", \"bare\": " << Summary(of_bare) << "}\n";
  return 0;
}

int Until(const std::string& socket, const std::string& file) {
  const auto requests = Requests(ReadExchanges(file));
  Client client(Connect(socket));
  std::atomic<bool> stop{false};
  std::thread listener([&stop] {
    std::string line;
    std::getline(std::cin, line);
    stop = true;
  });
  std::vector<double> values;
  while (!stop) {
    values.push_back(client.Microseconds(requests[values.size() % requests.size()]));
    // As a person who pages; a client that never pauses would compete with the daemon for a core.
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  listener.join();
  std::cout << Summary(values) << '\n';
  return 0;
}

int Start(const std::string& socket, const std::string& file, char** program) {
  const auto exchanges = ReadExchanges(file);
  const grpc::ByteBuffer request = Requests(exchanges).front();
  // gRPC's own start is the client's, not the daemon's.
  const grpc::CompletionQueue started;
  const std::int64_t begun = Nanoseconds();
  const pid_t daemon = ::fork();
  if (daemon == 0) {
    ::execv(program[0], program);
    std::_Exit(127);
  }
  std::optional<grpc::ByteBuffer> answer;
  double took = 0;
  {
    Client client(Connect(socket));
    answer = client.Ask(request);
    took = static_cast<double>(Nanoseconds() - begun) / 1'000;
  }
  ::kill(daemon, SIGTERM);
  int status = 0;
  ::waitpid(daemon, &status, 0);
  if (!answer) Die("the first page was refused");
  v1::ListMessagesResponse page;
  if (!page.ParseFromString(Bytes(*answer)) || page.messages_size() != 50) {
    Die("the first page is not full");
  }
  std::cout << "{\"microseconds\": " << took << "}\n";
  return 0;
}

}  // namespace
}  // namespace hark::bench

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "collect" && argc == 6) {
    return hark::bench::Collect(argv[2], argv[3], std::atoi(argv[4]), argv[5]);
  }
  if (verb == "compare" && argc == 6) {
    return hark::bench::Compare(argv[2], argv[3], argv[4], std::atoi(argv[5]));
  }
  if (verb == "until" && argc == 4) return hark::bench::Until(argv[2], argv[3]);
  if (verb == "start" && argc > 4) return hark::bench::Start(argv[2], argv[3], argv + 4);
  return 2;
}
