#include "daemon/ipc/open_connections.h"

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/unit/keys/other_user.h"

namespace hark::ipc {
namespace {

constexpr pid_t kOne = 100;
constexpr pid_t kOther = 200;

// A socket that is open while this object lives.
class Socket {
 public:
  Socket() : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

TEST(OpenConnections, OneProcessCannotTakeThePlacesOfTheOthers) {
  OpenConnections open({5, 3});
  std::vector<Socket> sockets(6);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(open.Admit(sockets[i].fd(), kOne));
  EXPECT_FALSE(open.Admit(sockets[3].fd(), kOne));
  EXPECT_TRUE(open.Admit(sockets[3].fd(), kOther));
  EXPECT_TRUE(open.Admit(sockets[4].fd(), kOther));
  EXPECT_FALSE(open.Admit(sockets[5].fd(), kOther)) << "five are open in all";
}

TEST(OpenConnections, AClosedConnectionMakesRoom) {
  OpenConnections open({5, 2});
  std::vector<Socket> sockets(2);
  for (const Socket& socket : sockets) EXPECT_TRUE(open.Admit(socket.fd(), kOne));
  const Socket third;
  EXPECT_FALSE(open.Admit(third.fd(), kOne));
  sockets.pop_back();
  EXPECT_TRUE(open.Admit(third.fd(), kOne));
}

TEST(OpenConnections, ADescriptorThatIsAnotherFileNowIsNoConnection) {
  OpenConnections open({1, 1});
  const Socket first;
  EXPECT_TRUE(open.Admit(first.fd(), kOne));
  const Socket second;
  ASSERT_EQ(::dup2(second.fd(), first.fd()), first.fd());
  EXPECT_TRUE(open.Admit(second.fd(), kOne));
}

TEST(OpenConnections, EndingAllOfThemIsSeenAtTheOtherEnds) {
  OpenConnections open({5, 3});
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  EXPECT_TRUE(open.Admit(ends[0], kOne));
  open.EndAll();
  char byte = 0;
  EXPECT_EQ(::recv(ends[1], &byte, 1, 0), 0);
  for (const int fd : ends) ::close(fd);
}

TEST(OpenConnections, FilesAreKeptForTheStoreWhereFewMayBeOpen) {
  EXPECT_EQ(test::RunAsUser(::geteuid(),
                            [] {
                              const rlimit few{1'024, 1'024};
                              if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return 2;
                              const ConnectionLimits fit = LimitsThatFit();
                              return fit.all < 900 && fit.all > 800 && fit.per_process < fit.all &&
                                             fit.per_process > fit.all / 2
                                         ? 0
                                         : 1;
                            }),
            0);
}

}  // namespace
}  // namespace hark::ipc
