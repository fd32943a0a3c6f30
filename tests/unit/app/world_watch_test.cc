#include "daemon/app/world_watch.h"

#include <array>

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace hark::app {
namespace {

class WorldWatchTest : public testing::Test {
 protected:
  WorldWatchTest() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends_.data()), 0);
    watch_ = WatchSocket(io_.get_executor(), ends_[0], [this] { ++changes_; });
  }
  ~WorldWatchTest() override { close(ends_[1]); }

  void Happen() { EXPECT_EQ(write(ends_[1], "x", 1), 1); }

  void Poll() {
    io_.restart();
    io_.poll();
  }

  boost::asio::io_context io_;
  std::array<int, 2> ends_{};
  int changes_ = 0;
  std::unique_ptr<WorldWatch> watch_;
};

TEST_F(WorldWatchTest, WhatHappensTogetherIsToldOnce) {
  Poll();
  EXPECT_EQ(changes_, 0);
  for (int i = 0; i < 50; ++i) Happen();
  Poll();
  EXPECT_EQ(changes_, 1);
  Happen();
  Poll();
  EXPECT_EQ(changes_, 2);
}

TEST_F(WorldWatchTest, NothingIsToldAfterItsEnd) {
  Poll();
  Happen();
  watch_.reset();
  Poll();
  EXPECT_EQ(changes_, 0);
}

TEST(WorldWatch, TheSystemCanBeWatched) {
  boost::asio::io_context io;
  const auto watch = WatchWorld(io.get_executor(), [] {});
  ASSERT_TRUE(watch);
  EXPECT_EQ(io.poll(), 0U) << "nothing has changed";
}

}  // namespace
}  // namespace hark::app
