#include "daemon/base/journal_sink.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/datagram_socket.h"
#include "tests/support/scratch_folder.h"

namespace hark::log {
namespace {

using ::hark::test::DatagramSocket;
using ::hark::test::ScratchFolder;

TEST(JournalSink, AnEntryIsOneDatagram) {
  const ScratchFolder folder;
  const std::string path = (folder.path() / "socket").string();
  const DatagramSocket journal(path);
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
  const DatagramSocket journal(path);
  EXPECT_TRUE(sink.Write("MESSAGE=b\n"));
  EXPECT_EQ(journal.Take(), "MESSAGE=b\n");
}

TEST(JournalSink, DoesNotWaitForAJournalThatReadsNothing) {
  const ScratchFolder folder;
  const std::string path = (folder.path() / "socket").string();
  const DatagramSocket journal(path);
  JournalSink sink(path);
  int taken = 0;
  while (sink.Write("MESSAGE=a\n")) ASSERT_LT(++taken, 1'000'000);
  EXPECT_EQ(journal.Take(), "MESSAGE=a\n");
  EXPECT_TRUE(sink.Write("MESSAGE=again\n"));
}

}  // namespace
}  // namespace hark::log
