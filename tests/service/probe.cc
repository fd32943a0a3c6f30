// What a unit's directives do, tried from inside the unit: one line each, "NAME yes" where the
// restriction holds, "NAME no" where it does not. Of a directive that an unprivileged process
// cannot feel, what is tried is chosen so that the refusal comes from the directive and not from
// elsewhere; the test runs the probe without any directive too, and expects the opposite.
//
//   service_probe HOME DATA RUNTIME MARK
//
// MARK: a file in /tmp that exists outside. DATA and RUNTIME: what must stay writable.

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

void Say(const char* name, bool holds) {
  std::printf("%s %s\n", name, holds ? "yes" : "no");
}

std::string StatusField(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":"))
      return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  }
  return {};
}

// In a process of its own: what it does may end it, or cannot be undone.
template <typename Try>
bool InChild(Try attempt) {
  const pid_t child = fork();
  if (child == 0) _exit(attempt() ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  // Ended by a signal (SIGSYS): refused too.
  return !WIFEXITED(status) || WEXITSTATUS(status) == 0;
}

bool RefusesFamily(int family, int type, int protocol) {
  const int fd = socket(family, type, protocol);
  const int error = errno;
  if (fd >= 0) close(fd);
  return fd < 0 && error == EAFNOSUPPORT;
}

bool OpensFamily(int family, int type, int protocol) {
  const int fd = socket(family, type, protocol);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

bool Writes(const std::string& folder) {
  const std::string path = folder + "/probe-was-here";
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  if (fd < 0) return false;
  close(fd);
  unlink(path.c_str());
  return true;
}

bool ReadOnly(const char* path) {
  struct statvfs info{};
  return statvfs(path, &info) == 0 && (info.f_flag & ST_RDONLY) != 0;
}

bool Exists(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0;
}

// The 32-bit way into the kernel: getpid is 20 there. True: refused, one way or the other.
bool RefusesOtherArchitecture() {
#if defined(__x86_64__)
  return InChild([] {
    long result = 20;
    asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    return result != getpid();
  });
#else
  return true;
#endif
}

void ProbeUnit(const std::string& home) {
  const mode_t mask = umask(0);
  umask(mask);
  Say("UMask", mask == 0077);
  struct rlimit core{};
  getrlimit(RLIMIT_CORE, &core);
  Say("LimitCORE", core.rlim_max == 0);
  Say("NoNewPrivileges", StatusField("NoNewPrivs") == "1");
  Say("LockPersonality", InChild([] { return personality(PER_LINUX32) == -1; }));
  void* const page =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Say("MemoryDenyWriteExecute", page == MAP_FAILED);
  // Without the filter an ordinary user is refused with EPERM.
  Say("RestrictAddressFamilies", RefusesFamily(AF_PACKET, SOCK_RAW, 0));
  Say("its families", OpensFamily(AF_UNIX, SOCK_STREAM, 0) &&
                          OpensFamily(AF_INET, SOCK_STREAM, 0) &&
                          OpensFamily(AF_NETLINK, SOCK_RAW, 0));
  Say("RestrictNamespaces", InChild([] { return unshare(CLONE_NEWUSER) == -1 && errno == EPERM; }));
  // Of a process that is not there: without the filter the kernel says so first.
  struct sched_param priority{};
  priority.sched_priority = 1;
  const bool refused = sched_setscheduler(0x3FFFFFFF, SCHED_FIFO, &priority) == -1;
  Say("RestrictRealtime", refused && errno == EPERM);
  // In /dev/shm, which is writable with and without the drop-in where it is there at all.
  const std::string file = (Writes(home) ? home : std::string("/tmp")) + "/probe-suid";
  close(open(file.c_str(), O_WRONLY | O_CREAT, 0600));
  Say("RestrictSUIDSGID", chmod(file.c_str(), 04700) == -1);
  unlink(file.c_str());
  Say("SystemCallArchitectures", RefusesOtherArchitecture());
  Say("SystemCallFilter",
      InChild([] { return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1; }));
  // An error, not the end.
  Say("SystemCallErrorNumber",
      ptrace(PTRACE_PEEKDATA, getppid(), nullptr, nullptr) == -1 && errno == EPERM);
}

void ProbeDropIn(const std::string& home, const std::string& data, const std::string& runtime,
                 const std::string& mark) {
  std::ifstream map("/proc/self/uid_map");
  std::string inside;
  std::string outside;
  std::string count;
  map >> inside >> outside >> count;
  Say("PrivateUsers", count != "4294967295");
  Say("ProtectSystem", ReadOnly("/") && ReadOnly("/usr") && ReadOnly("/etc"));
  Say("ProtectHome", !Writes(home));
  Say("ReadWritePaths", Writes(data) && Writes(runtime));
  Say("InaccessiblePaths", !Exists(home + "/.ssh/id"));
  Say("PrivateTmp", !Exists(mark));
  Say("PrivateDevices", !Exists("/dev/kmsg") && Exists("/dev/null"));
  Say("ProtectControlGroups", ReadOnly("/sys/fs/cgroup"));
  Say("ProtectKernelTunables", ReadOnly("/proc/sys"));
  Say("CapabilityBoundingSet", StatusField("CapBnd") == "0000000000000000");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  ProbeUnit(arguments[1]);
  ProbeDropIn(arguments[1], arguments[2], arguments[3], arguments[4]);
  return 0;
}
