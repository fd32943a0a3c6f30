#include "daemon/base/journal_sink.h"

#include <cerrno>
#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hark::log {

JournalSink::JournalSink(std::string_view socket) {
  if (socket.size() >= sizeof address_.sun_path) return;
  address_.sun_family = AF_UNIX;
  std::memcpy(address_.sun_path, socket.data(), socket.size());
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd_ >= 0) ::fcntl(fd_, F_SETFD, FD_CLOEXEC);
}

JournalSink::~JournalSink() {
  if (fd_ >= 0) ::close(fd_);
}

bool JournalSink::Write(std::string_view entry) {
  if (fd_ < 0) return false;
  ssize_t sent = 0;
  do {
    sent = ::sendto(fd_, entry.data(), entry.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                    reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(entry.size());
}

}  // namespace hark::log
