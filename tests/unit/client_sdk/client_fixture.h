// A client that is connected to a fake daemon on a real Unix socket.

#ifndef HARK_TESTS_UNIT_CLIENT_SDK_CLIENT_FIXTURE_H_
#define HARK_TESTS_UNIT_CLIENT_SDK_CLIENT_FIXTURE_H_

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "hark/client.h"
#include "tests/support/scratch_folder.h"
#include "tests/unit/client_sdk/fake_daemon.h"

namespace hark::client {

// What the daemon has from the beginning is put in by the constructor of the test.
class FakeDaemonTest : public testing::Test {
 protected:
  void SetUp() override {
    daemon_.Start();
    Result<Client> connected =
        Client::Connect({.socket_path = path_, .call_timeout = std::chrono::seconds(30)});
    ASSERT_TRUE(connected.ok());
    client_.emplace(std::move(*connected));
  }

  Client& client() { return *client_; }

  ::hark::test::ScratchFolder folder_;
  std::string path_ = folder_ / "harkd.sock";
  test::FakeDaemon daemon_{path_};
  std::optional<Client> client_;
};

}  // namespace hark::client

#endif  // HARK_TESTS_UNIT_CLIENT_SDK_CLIENT_FIXTURE_H_
