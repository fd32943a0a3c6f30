// The one gRPC channel of a Client, shared by its calls and its watches; it outlives the Client
// while a watch runs.

#ifndef HARK_CLIENT_SDK_SRC_LINK_H_
#define HARK_CLIENT_SDK_SRC_LINK_H_

#include <memory>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "hark/client.h"

namespace hark::client {

// Constant after construction; the channel is thread-safe.
struct Link {
  ConnectOptions options;
  std::string socket_path;
  std::shared_ptr<grpc::Channel> channel;
};

// Says in the metadata which version of the API this SDK speaks: that of its .proto files.
void SayApiVersion(grpc::ClientContext& context);

// Does not connect; the first call does. The channel connects again by itself.
[[nodiscard]] std::shared_ptr<const Link> MakeLink(ConnectOptions options, std::string socket_path);

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_LINK_H_
