#ifndef HARK_TOOLS_BACKEND_LIMITS_H_
#define HARK_TOOLS_BACKEND_LIMITS_H_

// Every bound of the backend in one place. The first group is announced in Welcome; the others
// protect the process.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hark::backend {

// Announced to clients.
inline constexpr std::uint32_t kMaxFrameBytes = 1'048'576;
// The smallest frame that the protocol lets a client ask for.
inline constexpr std::uint32_t kMinFrameBytes = 262'144;
inline constexpr std::uint32_t kMaxContentBytes = 65'536;
inline constexpr std::uint32_t kMaxPageSize = 200;
inline constexpr std::uint32_t kDefaultPageSize = 50;
inline constexpr std::uint32_t kMaxInFlight = 64;
inline constexpr std::uint32_t kMaxSubscriptions = 1'000;
inline constexpr std::uint32_t kDefaultHeartbeatMs = 30'000;

// Of single values.
inline constexpr std::size_t kMaxIdBytes = 128;
inline constexpr std::size_t kMaxTokenBytes = 4'096;
inline constexpr std::size_t kMaxTitleBytes = 1'024;
inline constexpr std::size_t kMaxContentTypeBytes = 255;
inline constexpr std::size_t kMaxMetadataEntries = 32;
inline constexpr std::size_t kMaxMetadataBytes = 4'096;
inline constexpr std::size_t kPreviewCharacters = 200;
inline constexpr int kMaxJsonDepth = 64;
// The one after it is below 2^63, as all numbers of the protocol are.
inline constexpr std::uint64_t kHighestBase = (std::uint64_t{1} << 63) - 2;

// Of a session. A stretch of the change log has at most this many changes, so that no client waits
// long for an answer behind a big catch-up.
inline constexpr std::size_t kMaxChangesInStretch = 200;
// Above this, no more changes are put in the queue, ephemeral frames are dropped and the client is
// not read.
inline constexpr std::size_t kWriteQueueSoftBytes = 1 << 20;
// Above this the client is too slow, or hostile, and is closed.
inline constexpr std::size_t kWriteQueueHardBytes = 8 << 20;
inline constexpr std::chrono::seconds kHelloTimeout{10};
// A resumed session's changes wait this long for the client's first frame: when that is a
// Subscribe, as it should be, what was missed in the subscribed conversations comes with bodies.
inline constexpr std::chrono::milliseconds kResumeGrace{250};
inline constexpr std::chrono::seconds kMinRenewInterval{10};
inline constexpr std::chrono::minutes kRenewedTokenGrace{5};

// Of the process.
inline constexpr std::size_t kMaxConnections = 1'000;
inline constexpr std::uint64_t kDefaultChangeLogLimit = 1'000'000;
inline constexpr std::chrono::hours kWorkingMemorySpan{24};
inline constexpr std::size_t kWorkingMemoryBytes = std::size_t{1} << 30;
inline constexpr std::size_t kMaxResponderQueue = 100;
inline constexpr std::size_t kMaxResponderPieces = 200;
inline constexpr std::size_t kMaxImportLineBytes = std::size_t{64} << 20;

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_LIMITS_H_
