#include "daemon/app/world_watch.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <limits>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "daemon/base/log.h"

namespace hark::app {
namespace {

// A shorter sleep breaks no connection.
constexpr std::chrono::seconds kSleep{1};

// Calls `readable` each time the descriptor can be read, until it is destroyed.
class DescriptorWatch final : public WorldWatch {
 public:
  // `readable` reads the descriptor empty. False: it is of no use any more.
  DescriptorWatch(const Executor& executor, int descriptor, std::function<bool(int)> readable)
      : descriptor_(executor, descriptor), readable_(std::move(readable)) {
    Wait();
  }

  ~DescriptorWatch() override { *alive_ = false; }

 private:
  void Wait() {
    // A handler may already be on its way when the wait is cancelled.
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [this, alive = alive_](const boost::system::error_code& error) {
                             if (error || !*alive) return;
                             if (readable_(descriptor_.native_handle())) Wait();
                           });
  }

  asio::posix::stream_descriptor descriptor_;
  std::function<bool(int)> readable_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class Watches final : public WorldWatch {
 public:
  void Add(std::unique_ptr<WorldWatch> watch) {
    if (watch) watches_.push_back(std::move(watch));
  }

 private:
  std::vector<std::unique_ptr<WorldWatch>> watches_;
};

int OpenNetlink() {
  const int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (descriptor < 0) return -1;
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups =
      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  sockaddr generic{};
  static_assert(sizeof generic >= sizeof address);
  std::memcpy(&generic, &address, sizeof address);
  if (bind(descriptor, &generic, sizeof address) == 0) return descriptor;
  close(descriptor);
  return -1;
}

std::chrono::nanoseconds Read(clockid_t clock) {
  timespec time{};
  (void)clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// How long this machine has slept since it was started: one clock counts it, the other does not.
std::chrono::nanoseconds Slept() {
  return Read(CLOCK_BOOTTIME) - Read(CLOCK_MONOTONIC);
}

bool SetForNever(int timer) {
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<std::int32_t>::max();
  return timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) == 0;
}

std::unique_ptr<WorldWatch> WatchSleep(const Executor& executor, std::function<void()> changed) {
  const int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer < 0) return nullptr;
  if (!SetForNever(timer)) {
    close(timer);
    return nullptr;
  }
  auto readable = [changed = std::move(changed), slept = Slept()](int descriptor) mutable {
    std::uint64_t expirations = 0;
    (void)read(descriptor, &expirations, sizeof expirations);  // ECANCELED: the clock was set.
    const bool again = SetForNever(descriptor);
    const std::chrono::nanoseconds before = std::exchange(slept, Slept());
    if (slept - before >= kSleep) changed();
    return again;
  };
  return std::make_unique<DescriptorWatch>(executor, timer, std::move(readable));
}

}  // namespace

std::unique_ptr<WorldWatch> WatchSocket(const Executor& executor, int descriptor,
                                        std::function<void()> changed) {
  auto readable = [changed = std::move(changed)](int socket) {
    std::array<char, 8192> ignored{};
    ssize_t got = 0;
    // ENOBUFS: more happened than the socket could hold, which is all there is to know.
    do {
      got = recv(socket, ignored.data(), ignored.size(), MSG_DONTWAIT);
    } while (got > 0 || (got < 0 && (errno == EINTR || errno == ENOBUFS)));
    changed();
    return got != 0;
  };
  return std::make_unique<DescriptorWatch>(executor, descriptor, std::move(readable));
}

std::unique_ptr<WorldWatch> WatchWorld(const Executor& executor, std::function<void()> changed) {
  auto watches = std::make_unique<Watches>();
  if (const int netlink = OpenNetlink(); netlink >= 0) {
    watches->Add(WatchSocket(executor, netlink, changed));
  } else {
    log::Warning("network_not_watched", {});
  }
  auto sleep = WatchSleep(executor, std::move(changed));
  if (!sleep) log::Warning("sleep_not_watched", {});
  watches->Add(std::move(sleep));
  return watches;
}

}  // namespace hark::app
