#include "daemon/ipc/server.h"

#include <chrono>
#include <utility>
#include <vector>

#include <google/protobuf/stubs/logging.h>
#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "daemon/base/limits.h"
#include "daemon/ipc/acceptor.h"
#include "daemon/ipc/listening_socket.h"
#include "daemon/ipc/services.h"
#include "daemon/ipc/stream_registry.h"

namespace hark::ipc {
namespace {

constexpr const char* kServices[] = {
    "hark.v1.Conversations", "hark.v1.Messages",   "hark.v1.Sync",
    "hark.v1.Account",       "hark.v1.Admin",      "hark.v1.Search",
    "hark.v1.Drafts",        "hark.v1.ViewStates", "hark.v1.Keys"};

// Calls on one connection: all streams of limits::kLocalStreams, and room for unary ones beside
// them.
constexpr int kCallsPerConnection = static_cast<int>(limits::kLocalStreams) + 24;
// A client that connects and says nothing is let go.
constexpr int kHandshakeMs = 5'000;
// So is one that has had no call for so long; a gRPC client reconnects by itself.
constexpr int kIdleMs = 30 * 60 * 1'000;
// Clients may look after a suspended daemon; more often than this is abuse.
constexpr int kClientPingMs = 10'000;
// Everything that gRPC buffers for all clients together.
constexpr std::size_t kBufferBytes = std::size_t{128} * 1024 * 1024;
// How long Stop() waits for calls under way before it cancels them.
constexpr std::chrono::milliseconds kDrain{1'000};

// When its last object goes, gRPC 1.51 shuts itself down, and that waits up to 10 s for a poller
// that a large write has left behind. A reference that is never given back keeps Stop() quick; the
// process ends soon after.
void KeepGrpcRunning() {
  static const bool kept = (grpc_init(), true);
  (void)kept;
}

// protobuf prints the name of a field that is not UTF-8 to standard error; the client is told
// instead.
void SilenceProtobuf() {
  google::protobuf::SetLogHandler(nullptr);
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits::kLocalMessageBytes));
  builder.SetMaxSendMessageSize(static_cast<int>(limits::kLocalMessageBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kCallsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE,
                             static_cast<int>(limits::kCallHeaderBytes));
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kClientPingMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  grpc::ResourceQuota quota("harkd");
  quota.Resize(kBufferBytes);
  builder.SetResourceQuota(quota);
}

}  // namespace

// In the order of construction: each uses those before it.
struct Server::Parts {
  explicit Parts(ListeningSocket listening_socket) : socket(std::move(listening_socket)) {}

  ListeningSocket socket;
  StreamRegistry streams;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<Acceptor> acceptor;
};

Result<std::unique_ptr<Server>> Server::Start(const ServerOptions& options) {
  auto socket = options.listening_fd
                    ? ListeningSocket::Adopt(*options.listening_fd, options.socket_path)
                    : ListeningSocket::Open(options.socket_path);
  if (!socket) return tl::unexpected(socket.error());
  auto parts = std::make_unique<Parts>(*std::move(socket));

  const ServiceContext context{options.accounts, options.metrics, parts->streams};
  parts->services.push_back(NewConversationsService(context));
  parts->services.push_back(NewMessagesService(context));
  parts->services.push_back(NewSearchService(context));
  parts->services.push_back(NewSyncService(context));
  parts->services.push_back(NewAccountService(context));
  parts->services.push_back(
      NewAdminService(context, {options.version, options.cipher_version, options.clock.WallNow(),
                                options.data_dir.string()}));
  parts->services.push_back(NewDraftsService(context));
  parts->services.push_back(NewViewStatesService(context));
  parts->services.push_back(NewChangesService(context));
  parts->services.push_back(NewKeysService(context));

  KeepGrpcRunning();
  SilenceProtobuf();
  grpc::EnableDefaultHealthCheckService(true);
  // Linking the library would do by itself, if no linker dropped it for being unused.
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetLimits(builder);
  for (const auto& service : parts->services) builder.RegisterService(service.get());
  parts->connections = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      grpc::InsecureServerCredentials());
  parts->server = builder.BuildAndStart();
  if (!parts->server) return Fail(ErrorCode::kInternal, "the gRPC server does not start");
  for (const char* name : kServices) {
    parts->server->GetHealthCheckService()->SetServingStatus(name, true);
  }

  auto* connections = parts->connections.get();
  parts->acceptor = std::make_unique<Acceptor>(
      options.metrics, options.connections.value_or(LimitsThatFit()), [connections](int fd) {
        grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
        connection.fd = fd;
        connections->HandleNewConnection(&connection);
      });
  const Result<void> accepting = parts->acceptor->Start(parts->socket.fd());
  std::unique_ptr<Server> server(new Server(std::move(parts)));
  if (!accepting) return tl::unexpected(accepting.error());
  return server;
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() {
  Stop();
}

void Server::Stop() {
  if (!parts_) return;
  parts_->acceptor->Stop();
  parts_->streams.EndAll();
  // Cancels what is left at the deadline: a call that waits for the network, a stream whose client
  // does not read.
  parts_->server->Shutdown(std::chrono::system_clock::now() + kDrain);
  parts_->server.reset();
  parts_.reset();
}

}  // namespace hark::ipc
