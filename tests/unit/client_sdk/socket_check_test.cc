#include "client-sdk/src/socket_check.h"

#include <chrono>
#include <cstring>
#include <filesystem>
#include <future>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "hark/client.h"
#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"
#include "tests/unit/client_sdk/fake_daemon.h"

namespace hark::client {
namespace {

class SocketCheckTest : public testing::Test {
 protected:
  ~SocketCheckTest() override {
    if (fd_ >= 0) close(fd_);
  }

  // A socket file, with or without somebody behind it.
  void Bind(bool listening) {
    fd_ = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_GE(fd_, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    ASSERT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    if (listening) ASSERT_EQ(listen(fd_, 4), 0);
  }

  [[nodiscard]] Error Check() const {
    const Result<void> result = CheckSocket(path_);
    return result ? Error{ErrorCode::kCancelled, "nothing is wrong", Retry::kNo} : result.error();
  }

  ::hark::test::ScratchFolder folder_;
  std::string path_ = folder_ / "harkd.sock";
  int fd_ = -1;
};

TEST_F(SocketCheckTest, OwnListeningSocketIsTrusted) {
  Bind(true);
  EXPECT_TRUE(CheckSocket(path_).ok());
}

TEST_F(SocketCheckTest, MissingSocketMeansNoDaemon) {
  EXPECT_EQ(Check().code, ErrorCode::kNoDaemon);
  EXPECT_NE(Check().message.find("there is no socket at " + path_), std::string::npos);
}

TEST_F(SocketCheckTest, MissingFolderMeansNoDaemon) {
  path_ = folder_.path() / "none" / "harkd.sock";
  EXPECT_EQ(Check().code, ErrorCode::kNoDaemon);
}

TEST_F(SocketCheckTest, SocketWithoutListenerMeansNoDaemon) {
  Bind(false);
  EXPECT_EQ(Check().code, ErrorCode::kNoDaemon);
  EXPECT_NE(Check().message.find("nobody listens"), std::string::npos);
}

TEST_F(SocketCheckTest, OrdinaryFileIsNoSocket) {
  ::hark::test::WriteBytes(path_, "x");
  EXPECT_EQ(Check().code, ErrorCode::kNoDaemon);
  EXPECT_NE(Check().message.find("is not a socket"), std::string::npos);
}

TEST_F(SocketCheckTest, LongPathIsRefused) {
  path_ = folder_ / std::string(107 - folder_.path().native().size() - 1, 'x');
  EXPECT_EQ(Check().code, ErrorCode::kNoDaemon);
  path_ += 'x';
  EXPECT_EQ(Check().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(Check().message.find("108 bytes"), std::string::npos);
}

TEST_F(SocketCheckTest, EmptyPathIsRefused) {
  path_.clear();
  EXPECT_EQ(Check().code, ErrorCode::kInvalidArgument);
}

TEST_F(SocketCheckTest, SocketOfAnotherUserIsNotTrusted) {
  Bind(true);
  const Result<void> result = CheckSocket(path_, geteuid() + 1);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kUntrustedDaemon);
  EXPECT_NE(result.error().message.find("another user"), std::string::npos);
}

// Regression: of many clients that came at a daemon's start, one was told that it is unavailable.
TEST_F(SocketCheckTest, FullQueueIsWaitedFor) {
  Bind(true);
  // Each look that gets a place in the queue leaves it taken, although it has hung up.
  for (int looks = 0; Check().code != ErrorCode::kUnavailable; ++looks) ASSERT_LT(looks, 64);
  const Result<void> at_once = WaitForSocket(path_, Absence::kIsAnAnswer, std::chrono::seconds(0));
  ASSERT_FALSE(at_once.ok());
  EXPECT_EQ(at_once.error().code, ErrorCode::kUnavailable);

  auto waited = std::async(std::launch::async, [this] {
    return WaitForSocket(path_, Absence::kIsAnAnswer, std::chrono::seconds(30));
  });
  close(accept(fd_, nullptr, nullptr));
  EXPECT_TRUE(waited.get().ok());
}

TEST_F(SocketCheckTest, NobodyIsWaitedForOnlyWhereSomebodyMayCome) {
  Bind(false);
  const Result<void> answer = WaitForSocket(path_, Absence::kIsAnAnswer, std::chrono::hours(1));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kNoDaemon);

  auto waited = std::async(std::launch::async, [this] {
    return WaitForSocket(path_, Absence::kMayEnd, std::chrono::seconds(30));
  });
  ASSERT_EQ(listen(fd_, 4), 0);
  EXPECT_TRUE(waited.get().ok());
}

TEST_F(SocketCheckTest, FolderThatOthersCanWriteToIsNotTrusted) {
  Bind(true);
  ASSERT_EQ(chmod(folder_.path().c_str(), 0777), 0);
  EXPECT_EQ(Check().code, ErrorCode::kUntrustedDaemon);
  ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  EXPECT_TRUE(CheckSocket(path_).ok());
}

TEST_F(SocketCheckTest, FolderThatIsALinkIsNotTrusted) {
  Bind(true);
  const ::hark::test::ScratchFolder elsewhere;
  std::filesystem::create_directory_symlink(folder_.path(), elsewhere / "link");
  path_ = elsewhere / "link" / "harkd.sock";
  EXPECT_EQ(Check().code, ErrorCode::kUntrustedDaemon);
}

// Else a command that takes its time would wait for ten minutes where no daemon is.
TEST_F(SocketCheckTest, ADaemonThatIsKilledWhileAClientConnectsIsNotWaitedFor) {
  Bind(true);
  Result<Client> client =
      Client::Connect({.socket_path = path_, .call_timeout = std::chrono::seconds(10)});
  ASSERT_TRUE(client.ok());
  auto asked = std::async(std::launch::async, [&client] { return client->GetVersion(); });
  // Whoever only looks hangs up; the one that wants to be answered speaks first.
  char first = '\0';
  int connection = -1;
  while (connection < 0) {
    connection = accept(fd_, nullptr, nullptr);
    ASSERT_GE(connection, 0);
    if (recv(connection, &first, 1, 0) == 1) break;
    close(connection);
    connection = -1;
  }
  close(std::exchange(fd_, -1));
  close(connection);
  const Result<VersionInfo> version = asked.get();
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().code, ErrorCode::kNoDaemon) << version.error().message;
}

}  // namespace
}  // namespace hark::client
