// A store that goes back to what it was gives out its local revisions again, for other contents. So
// that no resume token of before is taken for one of afterwards, it gets another name for them.

#ifndef HARK_DAEMON_STORE_INCARNATION_H_
#define HARK_DAEMON_STORE_INCARNATION_H_

#include <cstdint>
#include <filesystem>

#include "daemon/base/result.h"
#include "daemon/base/secret.h"

namespace hark::store {

// `authored`: an authored.db of any schema that nobody has open and that is about to take the place
// of another. `generation`: of the one that it replaces, as far as it is known; revisions then go
// on rising. No log is left beside it; durable. kCorrupt; kResourceExhausted: disk full.
[[nodiscard]] Result<void> BeginIncarnation(const std::filesystem::path& authored,
                                            const Secret& key, std::uint32_t generation);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_INCARNATION_H_
