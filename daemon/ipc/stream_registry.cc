#include "daemon/ipc/stream_registry.h"

#include "daemon/base/limits.h"
#include "daemon/ipc/status.h"
#include "daemon/ipc/stream_reactor.h"

namespace hark::ipc {
namespace {

Error Stopping() {
  return {ErrorCode::kCancelled, "the daemon is stopping"};
}

}  // namespace

Result<void> StreamRegistry::Add(StreamReactor* stream) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return tl::unexpected(Stopping());
  if (streams_.size() >= limits::kLocalStreams) {
    return Fail(ErrorCode::kResourceExhausted, "too many open streams: close one first");
  }
  streams_.insert(stream);
  return {};
}

void StreamRegistry::Remove(StreamReactor* stream) {
  const std::lock_guard lock(mutex_);
  streams_.erase(stream);
}

void StreamRegistry::EndAll() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (StreamReactor* stream : streams_) stream->End(ToStreamStatus(Stopping()));
}

std::size_t StreamRegistry::size() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

}  // namespace hark::ipc
