// The open streams of all clients: bounded, and ended together when the daemon stops.

#ifndef HARK_DAEMON_IPC_STREAM_REGISTRY_H_
#define HARK_DAEMON_IPC_STREAM_REGISTRY_H_

#include <cstddef>
#include <mutex>
#include <unordered_set>

#include "daemon/base/result.h"

namespace hark::ipc {

class StreamReactor;

// Thread-safe. Outlives every stream. Its lock is taken before a stream's own, never after.
class StreamRegistry {
 public:
  // kResourceExhausted: limits::kLocalStreams are open. kCancelled: the daemon is stopping.
  [[nodiscard]] Result<void> Add(StreamReactor* stream);
  // Once it returns, EndAll() does not touch the stream.
  void Remove(StreamReactor* stream);

  // Tells every stream to end with kCancelled, and lets no other begin.
  void EndAll();

  [[nodiscard]] std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::unordered_set<StreamReactor*> streams_;
  bool stopping_ = false;
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_STREAM_REGISTRY_H_
