// The socket and the life of the server: who may connect, what is at the path, how it stops.

#include "daemon/ipc/server.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hark/v1/account.grpc.pb.h"
#include "hark/v1/admin.grpc.pb.h"

#include "tests/support/files.h"
#include "tests/unit/ipc/server_fixture.h"

namespace hark::ipc {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kNobody = 65'534;

sockaddr_un AddressOf(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.native().copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

// Only system calls: it runs in the child of a process with threads. 0: connected, spoke, and got
// the end without a byte.
int SpeakAsNobody(const sockaddr_un& address) {
  if (::syscall(SYS_setresuid, kNobody, kNobody, kNobody) != 0) return 10;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return 11;
  constexpr std::string_view kPreface =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
  (void)::send(fd, kPreface.data(), kPreface.size(), MSG_NOSIGNAL);
  char byte = 0;
  const ssize_t got = ::recv(fd, &byte, 1, 0);
  if (got > 0) return 12;
  return got == 0 || errno == ECONNRESET ? 0 : 13;
}

class ServerLifeTest : public ServerTest {
 protected:
  bool Answers() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    context.set_wait_for_ready(true);
    v1::GetVersionResponse response;
    return v1::Admin::NewStub(NewChannel())->GetVersion(&context, {}, &response).ok();
  }
  void ExpectQuickStop() {
    const auto begin = std::chrono::steady_clock::now();
    server_->Stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  }
};

TEST_F(ServerLifeTest, SocketAndFolderArePrivate) {
  EXPECT_EQ(test::ModeOf(socket_path()), 0600U);
  EXPECT_EQ(test::ModeOf(socket_path().parent_path()), 0700U);
  EXPECT_TRUE(Answers());
}

TEST_F(ServerLifeTest, AnotherUserIsRefusedWhateverTheModes) {
  if (::geteuid() != 0) GTEST_SKIP() << "becoming another user needs root";
  fs::permissions(folder_.path(), fs::perms(0755));
  fs::permissions(socket_path().parent_path(), fs::perms(0755));
  fs::permissions(socket_path(), fs::perms(0666));
  const sockaddr_un address = AddressOf(socket_path());
  const pid_t child = ::fork();
  if (child == 0) ::_exit(SpeakAsNobody(address));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(metrics_.refused_peers, 1U);
  EXPECT_TRUE(Answers());
}

// As a service manager does it.
int ListenAt(const fs::path& path, mode_t mode, int type = SOCK_STREAM) {
  const int fd = ::socket(AF_UNIX, type, 0);
  const sockaddr_un address = AddressOf(path);
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::chmod(path.c_str(), mode), 0);
  if (type == SOCK_STREAM) EXPECT_EQ(::listen(fd, 8), 0);
  return fd;
}

TEST_F(ServerLifeTest, SocketThatWasPassedOnIsUsedAndLeftInPlace) {
  server_.reset();
  const int fd = ListenAt(socket_path(), 0600);
  const int kept = ::dup(fd);
  auto server = StartAt(socket_path(), fd);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_TRUE(Answers());
  server->reset();
  EXPECT_TRUE(fs::exists(socket_path()));
  // For the next start.
  server = StartAt(socket_path(), ::dup(kept));
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_TRUE(Answers());
  ::close(kept);
}

TEST_F(ServerLifeTest, PassedSocketThatIsNotAsOursWouldBeIsRefused) {
  const fs::path folder = folder_.path() / "passed";
  fs::create_directory(folder);
  EXPECT_EQ(StartAt(folder / "a", ListenAt(folder / "a", 0666)).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(StartAt(folder / "b", ListenAt(folder / "c", 0600)).error().code,
            ErrorCode::kInvalidArgument)
      << "clients look elsewhere";
  EXPECT_EQ(StartAt(folder / "d", ListenAt(folder / "d", 0600, SOCK_DGRAM)).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(StartAt(folder / "e", ::open("/dev/null", O_RDONLY)).error().code,
            ErrorCode::kInvalidArgument);
}

TEST_F(ServerLifeTest, FolderThatIsOpenToOthersIsClosed) {
  const fs::path folder = folder_.path() / "open";
  fs::create_directory(folder);
  fs::permissions(folder, fs::perms(0755));
  const auto server = StartAt(folder / "s");
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(test::ModeOf(folder), 0700U);
}

TEST_F(ServerLifeTest, SharedFolderIsRefusedAndUntouched) {
  const fs::path folder = folder_.path() / "shared";
  fs::create_directory(folder);
  ASSERT_EQ(::chmod(folder.c_str(), 01777), 0);
  const auto server = StartAt(folder / "s");
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(test::ModeOf(folder), 01777U);
}

TEST_F(ServerLifeTest, FolderThatIsNoFolderIsRefused) {
  const fs::path link = folder_.path() / "link";
  fs::create_directory_symlink(folder_.path() / "run", link);
  EXPECT_EQ(StartAt(link / "s").error().code, ErrorCode::kInvalidArgument);
  const fs::path file = folder_.path() / "file";
  test::WriteBytes(file, "data");
  EXPECT_EQ(StartAt(file / "s").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ServerLifeTest, PathThatIsTooLongIsNamedBeforeAnythingIsMade) {
  const fs::path path = folder_.path() / "long" / std::string(100, 'x');
  const auto server = StartAt(path);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(server.error().message, testing::HasSubstr("107"));
  EXPECT_FALSE(fs::exists(folder_.path() / "long"));
}

TEST_F(ServerLifeTest, LongestPossiblePathWorks) {
  const std::size_t left = 107 - (folder_.path() / "run").native().size() - 1;
  const auto server = StartAt(folder_.path() / "run" / std::string(left, 'x'));
  EXPECT_TRUE(server) << server.error().message;
}

TEST_F(ServerLifeTest, StaleSocketIsReplaced) {
  server_.reset();
  const int left_over = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = AddressOf(socket_path());
  ASSERT_EQ(::bind(left_over, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(left_over);
  ASSERT_TRUE(fs::exists(socket_path()));
  auto server = StartAt(socket_path());
  ASSERT_TRUE(server) << server.error().message;
  server_ = *std::move(server);
  EXPECT_EQ(test::ModeOf(socket_path()), 0600U);
  EXPECT_TRUE(Answers());
}

TEST_F(ServerLifeTest, LiveSocketIsNotStolen) {
  const auto second = StartAt(socket_path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(Answers());
}

TEST_F(ServerLifeTest, FileAtThePathIsRefusedAndUntouched) {
  const fs::path file = folder_.path() / "run" / "file";
  test::WriteBytes(file, "data");
  const auto server = StartAt(file);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(test::ReadBytes(file), "data");
}

TEST_F(ServerLifeTest, StopRemovesTheSocketOnlyIfItIsStillOurs) {
  server_->Stop();
  EXPECT_FALSE(fs::exists(socket_path()));
  server_->Stop();

  auto server = StartAt(socket_path());
  ASSERT_TRUE(server);
  fs::remove(socket_path());
  test::WriteBytes(socket_path(), "another's");
  (*server)->Stop();
  EXPECT_TRUE(fs::exists(socket_path()));
}

TEST_F(ServerLifeTest, StopDoesNotWaitForAnAnswerThatNeverComes) {
  accounts_.HoldSignIns();
  v1::SignInRequest request;
  request.set_token("good-token");
  grpc::Status status;
  std::thread client([&] {
    grpc::ClientContext context;
    v1::SignInResponse response;
    status = v1::Account::NewStub(channel_)->SignIn(&context, request, &response);
  });
  accounts_.WaitForHeldSignIn();
  ExpectQuickStop();
  client.join();
  EXPECT_FALSE(status.ok());
}

// Regression: the daemon did not end while a restore was under way.
TEST_F(ServerLifeTest, StopDoesNotWaitForARestoreThatIsNeverAnswered) {
  grpc::Status status;
  std::thread client([&] {
    grpc::ClientContext context;
    v1::RestoreResponse response;
    const auto writer = v1::Admin::NewStub(channel_)->Restore(&context, &response);
    v1::RestoreRequest piece;
    piece.mutable_begin()->set_discard_unsent(true);
    writer->Write(piece);
    piece.set_data("held");
    writer->Write(piece);
    writer->WritesDone();
    status = writer->Finish();
  });
  accounts_.WaitForHeldRestore();
  ExpectQuickStop();
  client.join();
  EXPECT_FALSE(status.ok());
}

TEST_F(ServerLifeTest, StopDoesNotWaitForAClientThatIsSilent) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const sockaddr_un address = AddressOf(socket_path());
  ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_TRUE(Answers());
  ExpectQuickStop();
  ::close(fd);
}

TEST_F(ServerLifeTest, OneConnectionTooManyIsToldSoAndThereIsRoomAgainAfterAClose) {
  server_.reset();
  connections_ = ConnectionLimits{4, 2};
  auto server = StartAt(socket_path());
  ASSERT_TRUE(server) << server.error().message;
  const sockaddr_un address = AddressOf(socket_path());
  std::array<int, 3> ends{};
  for (int& fd : ends) {
    fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  std::string told(200, '\0');
  told.resize(static_cast<std::size_t>(::recv(ends[2], told.data(), told.size(), MSG_WAITALL)));
  EXPECT_THAT(told, testing::HasSubstr("too many connections"));
  EXPECT_EQ(metrics_.refused_connections, 1U);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  v1::GetVersionResponse response;
  const grpc::Status refused =
      v1::Admin::NewStub(NewChannel())->GetVersion(&context, {}, &response);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);
  for (const int fd : ends) ::close(fd);
  EXPECT_TRUE(Answers());
  server->reset();
}

TEST_F(ServerLifeTest, RunningOutOfDescriptorsIsSurvivedWithoutSpinning) {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "UBSan's own check of virtual calls needs a descriptor (docs/adr/0014)";
#endif
#endif
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // The client's own descriptor exists before the limit falls: only accepting fails.
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  // Nothing but system calls while it is low: sanitizers need descriptors too.
  const sockaddr_un address = AddressOf(socket_path());
  const rlimit none{3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  timespec cpu_before{};
  timespec cpu_after{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_before);
  // Nothing to wait for but the passing of time in which a spinning thread would burn all of it.
  pollfd none_ready{fd, POLLIN, 0};
  EXPECT_EQ(::poll(&none_ready, 0, 300), 0);
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_after);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const double used = static_cast<double>(cpu_after.tv_sec - cpu_before.tv_sec) +
                      static_cast<double>(cpu_after.tv_nsec - cpu_before.tv_nsec) / 1e9;
  EXPECT_LT(used, 0.15);
  ::close(fd);
  EXPECT_TRUE(Answers());
}

}  // namespace
}  // namespace hark::ipc
