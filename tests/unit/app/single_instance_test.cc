#include "daemon/app/single_instance.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"

namespace hark::app {
namespace {

using ::hark::test::ModeOf;
using ::hark::test::ReadBytes;
using ::hark::test::ScratchFolder;
using ::hark::test::WriteBytes;
using ::testing::HasSubstr;

TEST(LockFile, IsPrivateAndNamesItsHolder) {
  const ScratchFolder folder;
  const auto lock = LockFile::Acquire(folder / "harkd.lock");
  ASSERT_TRUE(lock);
  EXPECT_EQ(ModeOf(folder / "harkd.lock"), 0600U);
  EXPECT_EQ(ReadBytes(folder / "harkd.lock"), std::to_string(::getpid()) + "\n");
}

TEST(LockFile, ASecondHolderIsRefusedWithPidAndFolder) {
  const ScratchFolder folder;
  const auto first = LockFile::Acquire(folder / "harkd.lock");
  ASSERT_TRUE(first);
  const auto second = LockFile::Acquire(folder / "harkd.lock");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_EQ(second.error().message, "another harkd (pid " + std::to_string(::getpid()) +
                                        ") already uses '" + folder.path().string() + "'");
}

TEST(LockFile, WhatIsWrittenInAFreeFileDoesNotMatter) {
  const ScratchFolder folder;
  WriteBytes(folder / "harkd.lock", "999999 and much more than a pid\n");
  const auto lock = LockFile::Acquire(folder / "harkd.lock");
  ASSERT_TRUE(lock);
  EXPECT_EQ(ReadBytes(folder / "harkd.lock"), std::to_string(::getpid()) + "\n");
}

TEST(LockFile, AHolderWithoutAPidIsStillReported) {
  const ScratchFolder folder;
  const auto lock = LockFile::Acquire(folder / "harkd.lock");
  ASSERT_TRUE(lock);
  WriteBytes(folder / "harkd.lock", "garbage");
  EXPECT_THAT(LockFile::Acquire(folder / "harkd.lock").error().message,
              HasSubstr("another harkd already uses"));
}

TEST(LockFile, IsFreeAgainWhenTheObjectIsGone) {
  const ScratchFolder folder;
  {
    ASSERT_TRUE(LockFile::Acquire(folder / "harkd.lock"));
  }
  EXPECT_TRUE(LockFile::Acquire(folder / "harkd.lock"));
}

TEST(LockFile, MovesWithItsObject) {
  const ScratchFolder folder;
  auto first = LockFile::Acquire(folder / "harkd.lock");
  ASSERT_TRUE(first);
  std::optional<LockFile> moved(std::move(*first));
  first = Fail(ErrorCode::kInternal, "gone");
  EXPECT_FALSE(LockFile::Acquire(folder / "harkd.lock"));
  moved.reset();
  EXPECT_TRUE(LockFile::Acquire(folder / "harkd.lock"));
}

TEST(LockFile, AFileRemovedByHandIsMadeAgainAndLocks) {
  const ScratchFolder folder;
  auto first = LockFile::Acquire(folder / "harkd.lock");
  ASSERT_TRUE(first);
  std::filesystem::remove(folder / "harkd.lock");
  // Nobody can hold a lock on a name; who removes the file lets one more in, and only one.
  const auto second = LockFile::Acquire(folder / "harkd.lock");
  ASSERT_TRUE(second);
  EXPECT_FALSE(LockFile::Acquire(folder / "harkd.lock"));
}

TEST(LockFile, IsNotMadeThroughALinkNorInAMissingFolder) {
  const ScratchFolder folder;
  WriteBytes(folder / "precious", "precious");
  std::filesystem::create_symlink(folder / "precious", folder / "harkd.lock");
  EXPECT_EQ(LockFile::Acquire(folder / "harkd.lock").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ReadBytes(folder / "precious"), "precious");
  EXPECT_EQ(LockFile::Acquire(folder / "no" / "harkd.lock").error().code,
            ErrorCode::kInvalidArgument);
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(LockFile::Acquire(folder / "fifo").error().code, ErrorCode::kInvalidArgument);
}

TEST(LockFile, IsNotInheritedByAnotherProgram) {
  const ScratchFolder folder;
  const auto lock = LockFile::Acquire(folder / "harkd.lock");
  ASSERT_TRUE(lock);
  for (int fd = 3; fd < 64; ++fd) {
    struct stat opened{};
    struct stat named{};
    ASSERT_EQ(::stat((folder / "harkd.lock").c_str(), &named), 0);
    if (::fstat(fd, &opened) == 0 && opened.st_ino == named.st_ino &&
        opened.st_dev == named.st_dev) {
      EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    }
  }
}

TEST(LockFile, TheLocksOfDataAndSocketDifferInOneFolder) {
  const ScratchFolder folder;
  const auto data = LockFile::Acquire(DataLockPath(folder.path()));
  const auto socket = LockFile::Acquire(SocketLockPath(folder / "harkd.sock"));
  EXPECT_TRUE(data);
  EXPECT_TRUE(socket);
}

// A starting gun and a pipe for the results, so that fifty processes race without any waiting by
// the clock.
class Race {
 public:
  Race() { valid_ = ::pipe(gun_) == 0 && ::pipe(results_) == 0 && ::pipe(finish_) == 0; }
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;
  ~Race() {
    for (const int fd : {gun_[0], results_[0], results_[1], finish_[0]}) ::close(fd);
  }
  [[nodiscard]] bool valid() const { return valid_; }

  // In the child: waits for the gun, tries, says how it went, keeps what it got until the end.
  [[noreturn]] void Run(const std::filesystem::path& path) {
    ::close(gun_[1]);
    ::close(finish_[1]);
    char byte = 0;
    if (::read(gun_[0], &byte, 1) != 0) ::_exit(2);
    const auto lock = LockFile::Acquire(path);
    const char result = lock ? 'w' : lock.error().code == ErrorCode::kConflict ? 'c' : '?';
    if (::write(results_[1], &result, 1) != 1) ::_exit(3);
    if (::read(finish_[0], &byte, 1) != 0) ::_exit(4);
    ::_exit(0);
  }

  void Fire() { ::close(gun_[1]); }
  void Finish() { ::close(finish_[1]); }

  [[nodiscard]] std::string Results(int count) const {
    std::string results;
    char byte = 0;
    while (static_cast<int>(results.size()) < count && ::read(results_[0], &byte, 1) == 1)
      results += byte;
    return results;
  }

 private:
  int gun_[2] = {-1, -1};
  int results_[2] = {-1, -1};
  int finish_[2] = {-1, -1};
  bool valid_ = false;
};

TEST(LockFile, OfFiftyRacingProcessesOneGetsIt) {
  constexpr int kProcesses = 50;
  const ScratchFolder folder;
  Race race;
  ASSERT_TRUE(race.valid());
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) race.Run(folder / "harkd.lock");
    children.push_back(child);
  }
  race.Fire();
  const std::string results = race.Results(kProcesses);
  race.Finish();
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(std::ranges::count(results, 'w'), 1);
  EXPECT_EQ(std::ranges::count(results, 'c'), kProcesses - 1);
  EXPECT_TRUE(LockFile::Acquire(folder / "harkd.lock")) << "free again after the last process";
}

TEST(LockFile, OfFiftyRacingThreadsOneGetsIt) {
  constexpr int kThreads = 50;
  const ScratchFolder folder;
  std::vector<std::optional<LockFile>> locks(kThreads);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (auto& lock : locks) {
    threads.emplace_back([&folder, &lock] {
      if (auto acquired = LockFile::Acquire(folder / "harkd.lock"))
        lock.emplace(std::move(*acquired));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::ranges::count_if(locks, [](const auto& lock) { return lock.has_value(); }), 1);
}

// However the holder ends, the kernel lets go of its lock.
TEST(LockFile, IsFreeAgainAfterItsHolderWasKilled) {
  const ScratchFolder folder;
  Race race;
  ASSERT_TRUE(race.valid());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) race.Run(folder / "harkd.lock");
  race.Fire();
  ASSERT_EQ(race.Results(1), "w");
  EXPECT_THAT(LockFile::Acquire(folder / "harkd.lock").error().message,
              HasSubstr("(pid " + std::to_string(child) + ")"));
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(LockFile::Acquire(folder / "harkd.lock"));
  race.Finish();
}

}  // namespace
}  // namespace hark::app
