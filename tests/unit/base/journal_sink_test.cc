#include "daemon/base/journal_sink.h"

#include <algorithm>
#include <array>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/scratch_folder.h"

namespace hark::log {
namespace {

using ::hark::test::ScratchFolder;

// What journald would be.
class FakeJournal {
 public:
  explicit FakeJournal(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path, address.sun_path);
    bound_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  FakeJournal(const FakeJournal&) = delete;
  FakeJournal& operator=(const FakeJournal&) = delete;
  ~FakeJournal() { ::close(fd_); }

  [[nodiscard]] bool bound() const { return bound_; }
  [[nodiscard]] std::string Take() const {
    std::array<char, 512> buffer{};
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return got < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
  }

 private:
  int fd_;
  bool bound_ = false;
};

TEST(JournalSink, AnEntryIsOneDatagram) {
  const ScratchFolder folder;
  const std::string path = (folder.path() / "socket").string();
  const FakeJournal journal(path);
  ASSERT_TRUE(journal.bound());
  JournalSink sink(path);
  EXPECT_TRUE(sink.Write("MESSAGE=a\n"));
  EXPECT_EQ(journal.Take(), "MESSAGE=a\n");
}

TEST(JournalSink, FindsAJournalThatWasRestarted) {
  const ScratchFolder folder;
  const std::string path = (folder.path() / "socket").string();
  JournalSink sink(path);
  EXPECT_FALSE(sink.Write("MESSAGE=a\n"));
  const FakeJournal journal(path);
  EXPECT_TRUE(sink.Write("MESSAGE=b\n"));
  EXPECT_EQ(journal.Take(), "MESSAGE=b\n");
}

TEST(JournalSink, DoesNotWaitForAJournalThatReadsNothing) {
  const ScratchFolder folder;
  const std::string path = (folder.path() / "socket").string();
  const FakeJournal journal(path);
  JournalSink sink(path);
  int taken = 0;
  while (sink.Write("MESSAGE=a\n")) ASSERT_LT(++taken, 1'000'000);
  EXPECT_EQ(journal.Take(), "MESSAGE=a\n");
  EXPECT_TRUE(sink.Write("MESSAGE=again\n"));
}

}  // namespace
}  // namespace hark::log
