// Which form the log takes.

#ifndef HARK_DAEMON_APP_LOG_FORMAT_H_
#define HARK_DAEMON_APP_LOG_FORMAT_H_

#include <optional>

#include "daemon/app/paths.h"
#include "daemon/base/log.h"

namespace hark::app {

// `configured`: nothing for "auto", which is the journal's own protocol where standard error is
// connected to the journal (JOURNAL_STREAM names the very file that `stderr_fd` is), and lines of
// text everywhere else, also where a parent has left the variable in the environment.
[[nodiscard]] log::Format ChooseLogFormat(std::optional<log::Format> configured,
                                          const Environment& environment, int stderr_fd);

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_LOG_FORMAT_H_
