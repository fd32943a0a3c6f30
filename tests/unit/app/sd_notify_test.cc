#include "daemon/app/sd_notify.h"

#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/datagram_socket.h"
#include "tests/support/scratch_folder.h"

namespace hark::app {
namespace {

using ::hark::test::DatagramSocket;
using ::hark::test::ScratchFolder;

TEST(NotifyServiceManager, SendsEachStateAsOneDatagram) {
  const ScratchFolder folder;
  const std::string socket = (folder / "notify").string();
  const DatagramSocket manager(socket);
  ASSERT_TRUE(manager.bound());
  EXPECT_TRUE(NotifyServiceManager(socket, kNotifyReady));
  EXPECT_TRUE(NotifyServiceManager(socket, kNotifyStopping));
  EXPECT_EQ(manager.Take(), "READY=1");
  EXPECT_EQ(manager.Take(), "STOPPING=1");
  EXPECT_EQ(manager.Take(), "");
}

TEST(NotifyServiceManager, KnowsAbstractNames) {
  const std::string socket = "@hark-notify-test-" + std::to_string(::getpid());
  const DatagramSocket manager(socket);
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
