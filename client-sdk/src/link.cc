#include "client-sdk/src/link.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

namespace hark::client {
namespace {

// A page of 200 messages of 64 KiB, their metadata and some air. gRPC's default of 4 MiB would
// refuse it.
constexpr int kMaxReceiveBytes = 16 * 1024 * 1024;

// gRPC reads the target as a URI, so bytes that mean something there are written as %XX.
std::string TargetOf(const std::string& path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  static constexpr std::string_view kPlain = "/._-~";
  std::string target = "unix:";
  for (const char character : path) {
    const bool letter = (character >= 'a' && character <= 'z') ||
                        (character >= 'A' && character <= 'Z') ||
                        (character >= '0' && character <= '9');
    if (letter || kPlain.find(character) != std::string_view::npos) {
      target += character;
    } else {
      const auto byte = static_cast<unsigned char>(character);
      target += '%';
      target += kHex[byte >> 4U];
      target += kHex[byte & 0x0FU];
    }
  }
  return target;
}

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  // gRPC's defaults are meant for the internet; a daemon that starts late would be noticed up to a
  // second late.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  arguments.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  // Own connections for each Client: one that is busy does not delay another.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A proxy of the environment has no business on a local socket, nor has a service config.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // The SDK repeats calls itself and knows which may be repeated.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return arguments;
}

// When its last object goes, gRPC 1.51 shuts itself down, and that waits up to 10 s for a poller
// that a large answer has left behind. A reference that is never given back keeps a program's end
// quick.
void KeepGrpcRunning() {
  static const bool kept = (grpc_init(), true);
  (void)kept;
}

}  // namespace

void SayApiVersion(grpc::ClientContext& context) {
  context.AddMetadata("hark-api", "1.3");
}

std::shared_ptr<const Link> MakeLink(ConnectOptions options, std::string socket_path) {
  KeepGrpcRunning();
  auto link = std::make_shared<Link>();
  link->channel = grpc::CreateCustomChannel(TargetOf(socket_path),
                                            grpc::InsecureChannelCredentials(), Arguments());
  link->options = std::move(options);
  link->socket_path = std::move(socket_path);
  return link;
}

}  // namespace hark::client
