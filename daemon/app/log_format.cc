#include "daemon/app/log_format.h"

#include <string>

#include <sys/stat.h>

namespace hark::app {

log::Format ChooseLogFormat(std::optional<log::Format> configured, const Environment& environment,
                            int stderr_fd) {
  if (configured) return *configured;
  const std::string stream = environment.Get("JOURNAL_STREAM");
  struct stat info{};
  if (stream.empty() || ::fstat(stderr_fd, &info) != 0) return log::Format::kText;
  const std::string mine = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  return stream == mine ? log::Format::kJournal : log::Format::kText;
}

}  // namespace hark::app
