// The table gaps of cache.db.

#ifndef HARK_DAEMON_STORE_GAP_ROWS_H_
#define HARK_DAEMON_STORE_GAP_ROWS_H_

#include <cstdint>
#include <optional>

#include "daemon/model/ids.h"
#include "daemon/store/connection.h"
#include "daemon/store/gap_math.h"

namespace hark::store {

[[nodiscard]] GapSet LoadGaps(Connection& cache, std::int64_t conversation);

// Writes the difference.
void SaveGaps(Connection& cache, std::int64_t conversation, const GapSet& before,
              const GapSet& after);

// The highest gap that ends below `sequence`.
[[nodiscard]] std::optional<GapRange> FindGapBelow(Connection& cache, std::int64_t conversation,
                                                   Sequence sequence);

// The lowest gap that ends above `sequence`.
[[nodiscard]] std::optional<GapRange> FindGapAbove(Connection& cache, std::int64_t conversation,
                                                   Sequence sequence);

[[nodiscard]] std::uint64_t CountGaps(Connection& cache);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_GAP_ROWS_H_
