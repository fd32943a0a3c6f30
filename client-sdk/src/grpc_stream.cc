#include "client-sdk/src/grpc_stream.h"

#include <system_error>

#include "client-sdk/src/validate.h"

namespace hark::client {

Result<Subscription> StartWatch(std::unique_ptr<Stream> stream, StreamHandlers handlers) {
  try {
    return Subscription(
        std::make_unique<Subscription::State>(std::move(stream), std::move(handlers)));
  } catch (const std::system_error&) {
    return Error{ErrorCode::kResourceExhausted, "no thread could be started for the watch",
                 Retry::kLater};
  }
}

Result<void> ValidateWatch(const WatchOptions& options) {
  if (Result<void> size = ValidatePageSize(options.snapshot_size); !size) return size;
  return ValidateText("the resume token", options.resume_token);
}

}  // namespace hark::client
