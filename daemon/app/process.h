// What harkd does to its own process before anything else: nothing of its memory reaches a core
// file or another process, and no signal for a broken pipe or a full file kills it (guarantee G10,
// FACTS.md); and it may open as many files as its clients need.

#ifndef HARK_DAEMON_APP_PROCESS_H_
#define HARK_DAEMON_APP_PROCESS_H_

#include "daemon/base/result.h"

namespace hark::app {

// Call once, first in main(), before other threads. Afterwards /proc/self of this process is closed
// to it where it runs as an ordinary user: take Environment::OfThisProcess() from the C library, as
// it does.
[[nodiscard]] Result<void> HardenProcess();

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_PROCESS_H_
