// Where the log goes when the journal listens: one datagram an entry, in its native protocol,
// without a library of systemd's.

#ifndef HARK_DAEMON_BASE_JOURNAL_SINK_H_
#define HARK_DAEMON_BASE_JOURNAL_SINK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/un.h>

namespace hark::log {

inline constexpr std::string_view kJournalSocket = "/run/systemd/journal/socket";

// One thread at a time.
class JournalSink {
 public:
  // Where the journal's socket is. Nothing is connected: a journal that restarts is found again.
  explicit JournalSink(std::string_view socket);
  JournalSink(const JournalSink&) = delete;
  JournalSink& operator=(const JournalSink&) = delete;
  ~JournalSink();

  // False: the journal did not take it (it is away, full, or the entry is too large), and nothing
  // waited for it. The daemon never stands still for its log.
  [[nodiscard]] bool Write(std::string_view entry);

 private:
  int fd_ = -1;
  sockaddr_un address_{};
};

}  // namespace hark::log

#endif  // HARK_DAEMON_BASE_JOURNAL_SINK_H_
