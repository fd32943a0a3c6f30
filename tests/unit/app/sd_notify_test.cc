#include "daemon/app/sd_notify.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/scratch_folder.h"

namespace hark::app {
namespace {

using ::hark::test::ScratchFolder;

// What systemd would be: a datagram socket with a path or an abstract name (@…).
class FakeServiceManager {
 public:
  explicit FakeServiceManager(const std::string& name)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(name, address.sun_path);
    if (name[0] == '@') address.sun_path[0] = '\0';
    bound_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(&address),
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())) == 0;
  }
  FakeServiceManager(const FakeServiceManager&) = delete;
  FakeServiceManager& operator=(const FakeServiceManager&) = delete;
  ~FakeServiceManager() { ::close(fd_); }

  [[nodiscard]] bool bound() const { return bound_; }

  // The next datagram; empty if none was sent.
  [[nodiscard]] std::string Take() const {
    std::array<char, 256> buffer{};
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return got < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
  }

 private:
  int fd_;
  bool bound_ = false;
};

TEST(NotifyServiceManager, SendsEachStateAsOneDatagram) {
  const ScratchFolder folder;
  const std::string socket = (folder / "notify").string();
  const FakeServiceManager manager(socket);
  ASSERT_TRUE(manager.bound());
  EXPECT_TRUE(NotifyServiceManager(socket, kNotifyReady));
  EXPECT_TRUE(NotifyServiceManager(socket, kNotifyStopping));
  EXPECT_EQ(manager.Take(), "READY=1");
  EXPECT_EQ(manager.Take(), "STOPPING=1");
  EXPECT_EQ(manager.Take(), "");
}

TEST(NotifyServiceManager, KnowsAbstractNames) {
  const std::string socket = "@hark-notify-test-" + std::to_string(::getpid());
  const FakeServiceManager manager(socket);
  ASSERT_TRUE(manager.bound());
  EXPECT_TRUE(NotifyServiceManager(socket, kNotifyReady));
  EXPECT_EQ(manager.Take(), "READY=1");
}

TEST(NotifyServiceManager, DoesNothingOutsideSystemd) {
  EXPECT_TRUE(NotifyServiceManager("", kNotifyReady));
}

TEST(NotifyServiceManager, WhatIsNoSocketIsAnError) {
  const ScratchFolder folder;
  EXPECT_FALSE(NotifyServiceManager((folder / "nobody").string(), kNotifyReady));
  EXPECT_FALSE(NotifyServiceManager("relative", kNotifyReady));
  EXPECT_FALSE(NotifyServiceManager("vsock:2:1234", kNotifyReady));
  EXPECT_FALSE(NotifyServiceManager("/" + std::string(200, 'n'), kNotifyReady));
}

}  // namespace
}  // namespace hark::app
