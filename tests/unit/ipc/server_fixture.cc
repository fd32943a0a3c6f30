#include "tests/unit/ipc/server_fixture.h"

#include <future>
#include <vector>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/slice.h>

#include "hark/v1/errors.pb.h"

namespace hark::ipc {

ServerTest::ServerTest() {
  auto server = StartAt(socket_path());
  if (!server) {
    ADD_FAILURE() << server.error().message;
    return;
  }
  server_ = *std::move(server);
  channel_ = NewChannel();
}

ServerTest::~ServerTest() = default;

Result<std::unique_ptr<Server>> ServerTest::StartAt(const std::filesystem::path& path,
                                                    std::optional<int> listening_fd) {
  return Server::Start(ServerOptions{.socket_path = path,
                                     .listening_fd = listening_fd,
                                     .version = "1.2.3",
                                     .cipher_version = "4.6.1 community",
                                     .data_dir = data_dir_,
                                     .clock = clock_,
                                     .metrics = metrics_,
                                     .accounts = accounts_,
                                     .connections = connections_});
}

std::shared_ptr<grpc::Channel> ServerTest::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("unix:" + socket_path().string(),
                                   grpc::InsecureChannelCredentials(), arguments);
}

grpc::Status ServerTest::CallRaw(const std::string& method, std::string_view request,
                                 std::string* response) {
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  const grpc::Slice slice(request.data(), request.size());
  const grpc::ByteBuffer in(&slice, 1);
  grpc::ByteBuffer out;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, method, {}, &in, &out,
                 [&done](const grpc::Status& status) { done.set_value(status); });
  const grpc::Status status = done.get_future().get();
  if (status.ok() && response != nullptr) {
    std::vector<grpc::Slice> slices;
    (void)out.Dump(&slices);
    for (const grpc::Slice& part : slices) {
      response->append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
  }
  return status;
}

std::string ReasonOf(const grpc::Status& status) {
  v1::StatusDetails details;
  v1::ErrorDetail detail;
  if (!details.ParseFromString(status.error_details()) || details.details().empty()) return "";
  if (details.code() != status.error_code() || details.message() != status.error_message()) {
    return "the details contradict the status";
  }
  return details.details(0).UnpackTo(&detail) ? detail.reason() : "";
}

}  // namespace hark::ipc
