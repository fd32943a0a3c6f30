// What a Client holds. Calls are in client.cc, message_calls.cc, data_calls.cc and the like,
// watches in watch.cc, which makes its own stubs on the shared link: only these files pay for
// gRPC's generated headers.

#ifndef HARK_CLIENT_SDK_SRC_CLIENT_IMPL_H_
#define HARK_CLIENT_SDK_SRC_CLIENT_IMPL_H_

#include <atomic>
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
  // The daemon was seen to have the capability "page-anchors". What was not seen is asked again:
  // the daemon may be updated meanwhile.
  std::atomic<bool> has_page_anchors{false};
};

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_CLIENT_IMPL_H_
