// A Unix datagram socket that takes what programs under test send, as systemd and journald do.

#ifndef HARK_TESTS_SUPPORT_DATAGRAM_SOCKET_H_
#define HARK_TESTS_SUPPORT_DATAGRAM_SOCKET_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hark::test {

class DatagramSocket {
 public:
  // `name`: a path, or an abstract name (@…).
  explicit DatagramSocket(const std::string& name)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(name, address.sun_path);
    if (name[0] == '@') address.sun_path[0] = '\0';
    bound_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(&address),
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())) == 0;
  }
  DatagramSocket(const DatagramSocket&) = delete;
  DatagramSocket& operator=(const DatagramSocket&) = delete;
  ~DatagramSocket() { ::close(fd_); }

  [[nodiscard]] bool bound() const { return bound_; }

  // The next datagram; empty if none was sent.
  [[nodiscard]] std::string Take() const {
    std::array<char, 512> buffer{};
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return got < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
  }

 private:
  int fd_;
  bool bound_ = false;
};

}  // namespace hark::test

#endif  // HARK_TESTS_SUPPORT_DATAGRAM_SOCKET_H_
