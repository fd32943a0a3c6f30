#include "daemon/app/process.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"
#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"
#include "tests/unit/keys/other_user.h"

namespace hark::app {
namespace {

using ::hark::test::RunAsUser;
using ::hark::test::ScratchFolder;

// Each test hardens a child process, or the test program itself would be changed for the tests that
// follow.
template <typename Body>
bool HoldsInHardenedProcess(Body body) {
  return RunAsUser(::geteuid(), [&] { return HardenProcess() && body() ? 0 : 1; }) == 0;
}

TEST(HardenProcess, ClosesItToDebuggersAndCoreFiles) {
  EXPECT_TRUE(HoldsInHardenedProcess([] {
    struct rlimit core{1, 1};
    return ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && ::getrlimit(RLIMIT_CORE, &core) == 0 &&
           core.rlim_cur == 0 && core.rlim_max == 0;
  }));
}

// Root may look into every process, so this takes two of an ordinary user.
TEST(HardenProcess, OtherProgramsOfTheUserCannotLookInside) {
  const uid_t user = ::geteuid() == 0 ? ::hark::test::kOtherUid : ::geteuid();
  EXPECT_EQ(RunAsUser(user,
                      [] {
                        int ready[2];
                        int done[2];
                        if (::pipe(ready) != 0 || ::pipe(done) != 0) return 2;
                        // Changing the user has closed this process, and so its child, already.
                        if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return 3;
                        char byte = 0;
                        const pid_t open = ::fork();
                        if (open == 0) {
                          (void)::read(done[0], &byte, 1);
                          ::_exit(0);
                        }
                        const pid_t closed = ::fork();
                        if (closed == 0) {
                          if (!HardenProcess() || ::write(ready[1], "r", 1) != 1) ::_exit(1);
                          (void)::read(done[0], &byte, 1);
                          ::_exit(0);
                        }
                        if (::read(ready[0], &byte, 1) != 1) return 4;
                        const auto can_look = [](pid_t process) {
                          const std::string folder = "/proc/" + std::to_string(process);
                          for (const char* const file : {"/environ", "/mem", "/maps"}) {
                            const int fd = ::open((folder + file).c_str(), O_RDONLY);
                            if (fd >= 0) return true;
                          }
                          return ::ptrace(PTRACE_SEIZE, process, nullptr, nullptr) == 0;
                        };
                        const bool right = can_look(open) && !can_look(closed);
                        (void)::write(done[1], "ee", 2);
                        return right ? 0 : 1;
                      }),
            0);
}

TEST(HardenProcess, ABrokenPipeAndAFileSizeLimitDoNotKillIt) {
  EXPECT_TRUE(
      HoldsInHardenedProcess([] { return ::raise(SIGPIPE) == 0 && ::raise(SIGXFSZ) == 0; }));
}

TEST(HardenProcess, MayOpenAFileForEachConnectionIfItsUserMay) {
  EXPECT_TRUE(RunAsUser(::geteuid(), [] {
                struct rlimit files{};
                if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 2;
                files.rlim_cur = 256;
                if (::setrlimit(RLIMIT_NOFILE, &files) != 0 || !HardenProcess()) return 3;
                struct rlimit after{};
                (void)::getrlimit(RLIMIT_NOFILE, &after);
                const rlim_t wanted = 2 * limits::kLocalConnections;
                return after.rlim_cur == std::min(wanted, files.rlim_max) ? 0 : 1;
              }) == 0);
}

TEST(HardenProcess, NewFilesAreForThisUserAlone) {
  const ScratchFolder folder;
  EXPECT_TRUE(HoldsInHardenedProcess([&] { return ::mkdir((folder / "d").c_str(), 0777) == 0; }));
  EXPECT_EQ(hark::test::ModeOf(folder / "d"), 0700U);
}

TEST(HardenProcess, VariablesThatMakeLibrariesTellAreGone) {
  EXPECT_TRUE(RunAsUser(::geteuid(), [] {
                ::setenv("GRPC_TRACE", "tcp", 1);
                ::setenv("GRPC_VERBOSITY", "DEBUG", 1);
                ::setenv("SSLKEYLOGFILE", "/tmp/keys", 1);
                const bool hardened = HardenProcess().has_value();
                const bool gone = ::getenv("GRPC_TRACE") == nullptr &&
                                  ::getenv("GRPC_VERBOSITY") == nullptr &&
                                  ::getenv("SSLKEYLOGFILE") == nullptr;
                return hardened && gone ? 0 : 1;
              }) == 0);
}

TEST(HardenProcess, PasswordsOfProxiesAreGoneWhereTheyWereGiven) {
  EXPECT_TRUE(RunAsUser(::geteuid(), [] {
                ::setenv("https_proxy", "http://user:canary@proxy:3128", 1);
                const char* const given = ::getenv("https_proxy");
                const bool hardened = HardenProcess().has_value();
                const bool gone = ::getenv("https_proxy") == nullptr && *given == '\0' &&
                                  given[sizeof("http://user:") - 1] == '\0';
                return hardened && gone ? 0 : 1;
              }) == 0);
}

}  // namespace
}  // namespace hark::app
