// How long messages are kept here, and what that takes away (guarantee G12). Plain values.

#ifndef HARK_DAEMON_MODEL_RETENTION_H_
#define HARK_DAEMON_MODEL_RETENTION_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/model/ids.h"

namespace hark {

struct RetentionPolicy {
  // Messages written longer ago go; 0: none for their age. A conversation may have its own number.
  std::uint32_t days = 90;
  // Above this many bytes in cache.db the oldest messages go, of all conversations; 0: no cap.
  std::uint64_t max_bytes = 0;

  friend bool operator==(const RetentionPolicy&, const RetentionPolicy&) = default;
};

// What would go of one conversation: its oldest messages.
struct Eviction {
  ConversationId conversation;
  WallTime before{};           // Those written before this go.
  WallTime oldest{};           // When the first of them was written.
  std::uint64_t messages = 0;  // At least 1. Tombstones included.
  std::uint64_t bytes = 0;     // Of content and metadata.
};

// A conversation with its own number of days; 0: kept for ever.
struct RetentionOverride {
  ConversationId conversation;
  std::uint32_t days = 0;
};

struct RetentionPlan {
  std::vector<Eviction> evictions;
  std::uint64_t messages = 0;  // In all.
  std::uint64_t bytes = 0;
  std::optional<WallTime> oldest;  // Absent: nothing would go.
  std::vector<RetentionOverride> overrides;
};

}  // namespace hark

#endif  // HARK_DAEMON_MODEL_RETENTION_H_
