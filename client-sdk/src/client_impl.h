// What a Client holds. Calls are in client.cc and message_calls.cc, watches in watch.cc, which
// makes its own stubs on the shared link: only these files pay for gRPC's generated headers.

#ifndef HARK_CLIENT_SDK_SRC_CLIENT_IMPL_H_
#define HARK_CLIENT_SDK_SRC_CLIENT_IMPL_H_

#include <memory>

#include "client-sdk/src/link.h"
#include "hark/client.h"

namespace hark::client {

struct Stubs;

class Client::Impl {
 public:
  explicit Impl(std::shared_ptr<const Link> shared_link);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  const std::shared_ptr<const Link> link;
  const std::unique_ptr<Stubs> stubs;
};

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_CLIENT_IMPL_H_
