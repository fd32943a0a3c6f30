// The daemon's statistics as OpenMetrics 1.0 text, for Prometheus and its like: a textfile
// collector or a script serves what `hark stats --openmetrics` writes. Pure.

#ifndef HARK_TOOLS_HARK_OPENMETRICS_H_
#define HARK_TOOLS_HARK_OPENMETRICS_H_

#include <string>

#include "hark/types.h"

namespace hark::cli {

// Ends with "# EOF". Times are in seconds, sizes in bytes, counters begin at the daemon's start.
// Names the daemon and counts; holds nothing of the person's.
[[nodiscard]] std::string OpenMetrics(const client::Statistics& statistics,
                                      const client::VersionInfo& version,
                                      const client::SyncStatus& status);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_OPENMETRICS_H_
