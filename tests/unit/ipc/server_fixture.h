// A real server on a real Unix socket in a folder of its own, over FakeAccounts, and clients for
// it.

#ifndef HARK_TESTS_UNIT_IPC_SERVER_FIXTURE_H_
#define HARK_TESTS_UNIT_IPC_SERVER_FIXTURE_H_

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/status.h>
#include <gtest/gtest.h>

#include "daemon/base/clock.h"
#include "daemon/base/metrics.h"
#include "daemon/base/result.h"
#include "daemon/ipc/server.h"
#include "tests/support/scratch_folder.h"
#include "tests/unit/ipc/fake_accounts.h"

namespace hark::ipc {

class ServerTest : public testing::Test {
 public:
  ~ServerTest() override;

 protected:
  ServerTest();

  [[nodiscard]] std::filesystem::path socket_path() const { return folder_.path() / "run" / "s"; }
  [[nodiscard]] Result<std::unique_ptr<Server>> StartAt(
      const std::filesystem::path& path, std::optional<int> listening_fd = std::nullopt);

  // A connection of its own: another client.
  [[nodiscard]] std::shared_ptr<grpc::Channel> NewChannel() const;

  // A call by name with bytes for bodies, as a client of any generated code would send it.
  [[nodiscard]] grpc::Status CallRaw(const std::string& method, std::string_view request,
                                     std::string* response);

  test::ScratchFolder folder_;
  SystemClock clock_;
  Metrics metrics_;
  FakeAccounts accounts_;
  std::optional<ConnectionLimits> connections_;  // Of the next StartAt(),
  std::filesystem::path data_dir_ = "/somebody's/data";
  std::shared_ptr<FakeAccount> ada_ = accounts_.ada();
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

// The reason word of the error's detail; empty if it has none.
[[nodiscard]] std::string ReasonOf(const grpc::Status& status);

}  // namespace hark::ipc

#endif  // HARK_TESTS_UNIT_IPC_SERVER_FIXTURE_H_
