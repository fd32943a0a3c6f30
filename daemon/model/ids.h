// Identities, each a type of its own, so that one is never passed for another.

#ifndef HARK_DAEMON_MODEL_IDS_H_
#define HARK_DAEMON_MODEL_IDS_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace hark {

// A string with a meaning. Tag makes it distinct; the text is reached by value().
template <typename Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] const std::string& value() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

  friend bool operator==(const Id&, const Id&) = default;
  friend auto operator<=>(const Id&, const Id&) = default;

 private:
  std::string value_;
};

// 1 to limits::kIdBytes bytes of UTF-8, given by the backend.
using ConversationId = Id<struct ConversationIdTag>;
// The identity of a message for its whole life, in every API and file (DESIGN §2).
using MessageId = Id<struct MessageIdTag>;
// The user at the backend that an account belongs to.
using UserId = Id<struct UserIdTag>;

// The backend's dense order within one conversation: 1, 2, 3, …; 0 means none yet.
using Sequence = std::uint64_t;

// The daemon's own commits: one number per commit, never going back, not even over a power loss.
// The upper 32 bits are the store's generation (one per opening, made durable first), the lower 32
// count commits since.
using LocalRevision = std::uint64_t;

// Where this device stands in the backend's log of changes. Positions compare only within one
// epoch.
struct SyncCursor {
  std::string epoch;
  std::uint64_t position = 0;

  friend bool operator==(const SyncCursor&, const SyncCursor&) = default;
};

}  // namespace hark

template <typename Tag>
struct std::hash<hark::Id<Tag>> {
  std::size_t operator()(const hark::Id<Tag>& id) const noexcept {
    return std::hash<std::string>()(id.value());
  }
};

#endif  // HARK_DAEMON_MODEL_IDS_H_
