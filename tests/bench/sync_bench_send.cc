// What a durable send costs its caller, beside the two things that it cannot do without: a call
// over the socket and an fsynced insert.
//
//   sync_bench_send SOCKET CONVERSATION FOLDER [COUNT]
//
// Measures the three in turns, so that the machine's mood is the same for all: SendMessage at the
// daemon, a null call at a bare gRPC server of another process, one insert with synchronous=FULL
// into a new encrypted file with the settings of authored.db. Prints percentiles in microseconds.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <grpcpp/grpcpp.h>

#include "hark/v1/admin.grpc.pb.h"
#include "hark/v1/messages.grpc.pb.h"

#include "daemon/base/secret.h"
#include "daemon/store/connection.h"

namespace hark {
namespace {

namespace fs = std::filesystem;

class NullServer final : public v1::Admin::CallbackService {
  grpc::ServerUnaryReactor* GetStatistics(grpc::CallbackServerContext* call,
                                          const v1::GetStatisticsRequest*,
                                          v1::GetStatisticsResponse*) override {
    auto* reactor = call->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

[[noreturn]] void Serve(const std::string& address) {
  NullServer service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  builder.BuildAndStart()->Wait();
  std::_Exit(0);
}

template <typename Call>
double Microseconds(Call&& call) {
  const auto begun = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begun)
      .count();
}

double Percentile(std::vector<double>& values, std::size_t percent) {
  const std::size_t place = (values.size() - 1) * percent / 100;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(place),
                   values.end());
  return values[place];
}

void Check(const grpc::Status& status) {
  if (status.ok()) return;
  std::cerr << status.error_message() << '\n';
  std::exit(1);
}

std::unique_ptr<store::Connection> NewFile(const fs::path& file) {
  ::close(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
  const auto key = [] { return Secret(std::string(32, '\x22')); };
  store::Connection(file, key(), store::Access::kCreate, store::Durability::kAuthored)
      .Execute("CREATE TABLE sends (position INTEGER PRIMARY KEY, content TEXT NOT NULL) STRICT");
  return std::make_unique<store::Connection>(file, key(), store::Access::kWrite,
                                             store::Durability::kAuthored);
}

constexpr char kInsert[] = "INSERT INTO sends (content) VALUES (?)";

int Run(const std::string& socket, const std::string& conversation, const fs::path& folder,
        int count) {
  const std::string null_address = "unix:" + (folder / "null.sock").string();
  const pid_t server = ::fork();  // Before gRPC has any thread.
  if (server == 0) Serve(null_address);
  const auto messages = v1::Messages::NewStub(
      grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials()));
  const auto null =
      v1::Admin::NewStub(grpc::CreateChannel(null_address, grpc::InsecureChannelCredentials()));
  const auto file = NewFile(folder / "full.db");

  const std::string content = "I would like to find a restaurant near the park, please.";
  std::vector<double> sends;
  std::vector<double> nulls;
  std::vector<double> inserts;
  constexpr int kWarmUp = 50;
  for (int i = 0; i < count + kWarmUp; ++i) {
    const double send = Microseconds([&] {
      grpc::ClientContext call;
      call.set_wait_for_ready(true);
      v1::SendMessageRequest request;
      request.set_conversation_id(conversation);
      request.set_content(content);
      v1::SendMessageResponse response;
      Check(messages->SendMessage(&call, request, &response));
    });
    const double nothing = Microseconds([&] {
      grpc::ClientContext call;
      call.set_wait_for_ready(true);
      v1::GetStatisticsResponse response;
      Check(null->GetStatistics(&call, {}, &response));
    });
    const double insert =
        Microseconds([&] { store::Query(file->statements(), kInsert).Text(content).Run(); });
    if (i < kWarmUp) continue;
    sends.push_back(send);
    nulls.push_back(nothing);
    inserts.push_back(insert);
  }
  ::kill(server, SIGKILL);
  std::cout << "{\"send\": " << Percentile(sends, 50) << ", \"send_p95\": " << Percentile(sends, 95)
            << ", \"null_call\": " << Percentile(nulls, 50)
            << ", \"full_insert\": " << Percentile(inserts, 50)
            << ", \"full_insert_p95\": " << Percentile(inserts, 95) << "}\n";
  return 0;
}

}  // namespace
}  // namespace hark

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  return hark::Run(argv[1], argv[2], argv[3], argc > 4 ? std::atoi(argv[4]) : 500);
}
