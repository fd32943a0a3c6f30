#include "daemon/app/log_format.h"

#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/scratch_folder.h"

namespace hark::app {
namespace {

using ::hark::test::ScratchFolder;

// A file in the place of standard error, and its name in JOURNAL_STREAM.
class LogFormatTest : public testing::Test {
 protected:
  LogFormatTest() : fd_(::open((folder_.path() / "log").c_str(), O_CREAT | O_WRONLY, 0600)) {
    struct stat info{};
    EXPECT_EQ(::fstat(fd_, &info), 0);
    mine_ = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
    other_ = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino + 1);
  }
  ~LogFormatTest() override { ::close(fd_); }

  static Environment With(const std::string& stream) {
    Environment environment;
    environment.variables["JOURNAL_STREAM"] = stream;
    return environment;
  }

  ScratchFolder folder_;
  int fd_;
  std::string mine_;
  std::string other_;
};

TEST_F(LogFormatTest, IsTheJournalsOnlyWhereStandardErrorIsConnectedToIt) {
  EXPECT_EQ(ChooseLogFormat(std::nullopt, With(mine_), fd_), log::Format::kJournal);
  EXPECT_EQ(ChooseLogFormat(std::nullopt, With(other_), fd_), log::Format::kText);
  EXPECT_EQ(ChooseLogFormat(std::nullopt, Environment(), fd_), log::Format::kText);
  EXPECT_EQ(ChooseLogFormat(std::nullopt, With("nonsense"), fd_), log::Format::kText);
}

TEST_F(LogFormatTest, IsWhatIsConfiguredAlsoUnderTheJournal) {
  EXPECT_EQ(ChooseLogFormat(log::Format::kJson, With(mine_), fd_), log::Format::kJson);
  EXPECT_EQ(ChooseLogFormat(log::Format::kText, With(mine_), fd_), log::Format::kText);
}

}  // namespace
}  // namespace hark::app
