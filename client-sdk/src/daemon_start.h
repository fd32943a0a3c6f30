// Starting harkd when there is none. Any number of processes may do so at once: each starts one,
// the daemon's own lock lets one live, and the others end by themselves.

#ifndef HARK_CLIENT_SDK_SRC_DAEMON_START_H_
#define HARK_CLIENT_SDK_SRC_DAEMON_START_H_

#include <string>
#include <vector>

#include "hark/result.h"

namespace hark::client {

// Starts the program in a session of its own, without a terminal, without any descriptor of this
// process, and as nobody's child; waits for nothing but the start. `arguments` come after the
// program's name. kNoDaemon: it cannot be run; the sentence says why.
Result<void> StartDaemon(const std::string& program, const std::vector<std::string>& arguments);

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_DAEMON_START_H_
