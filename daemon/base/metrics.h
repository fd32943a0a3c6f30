// What the daemon counts and measures about itself since it started; Admin.GetStatistics shows it.

#ifndef HARK_DAEMON_BASE_METRICS_H_
#define HARK_DAEMON_BASE_METRICS_H_

#include <atomic>
#include <cstdint>

#include "daemon/base/histogram.h"

namespace hark {

// Thread-safe. One for the process; outlives everything that records into it.
struct Metrics {
  // Pages answered whole from the cache, and pages that ended at a gap before the asked number. By
  // ipc.
  std::atomic<std::uint64_t> page_hits{0};
  std::atomic<std::uint64_t> page_misses{0};
  // Connections of other users, closed before their first byte was read. By ipc.
  std::atomic<std::uint64_t> refused_peers{0};
  // Connections over limits::kLocalConnections or kConnectionsPerProcess, told so and closed. By
  // ipc.
  std::atomic<std::uint64_t> refused_connections{0};
  // Times that all connections were closed at limits::kMemoryBytes. By ipc.
  std::atomic<std::uint64_t> memory_full{0};
  // Connections to the backend that were established, and that were lost or given up. By the sync
  // engine.
  std::atomic<std::uint64_t> connects{0};
  std::atomic<std::uint64_t> disconnects{0};

  Histogram page_read;     // Reading one page of messages from the store. By ipc.
  Histogram durable_send;  // From the request to the commit. By ipc.
  Histogram apply;         // From receiving a change to its commit. By the sync engine.
  // From a live message's own time to its commit here. Two clocks, so it is worth as much as they
  // agree. Of messages that arrive while the state is LIVE, are new (revision 1) and are less than
  // a minute old: an older one waited for its author's connection. By the sync engine.
  Histogram sync;
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_METRICS_H_
