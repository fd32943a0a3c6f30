// Preloaded into harkd by daemon_test.py: the wall clock, moved by as many seconds as stand in the
// file that HARK_TEST_CLOCK names, at any moment. The other clocks go on as they are, as on a
// machine whose clock somebody sets.

#include <cstdint>
#include <cstdlib>
#include <ctime>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using ClockGetTime = int (*)(clockid_t, struct timespec*);

// Read at each call; null when there is no such file.
const volatile std::int64_t* Offset() {
  static const volatile std::int64_t* const offset = []() -> const volatile std::int64_t* {
    const char* const path = std::getenv("HARK_TEST_CLOCK");
    const int fd = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return nullptr;
    void* const page = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
    ::close(fd);
    return page == MAP_FAILED ? nullptr : static_cast<const volatile std::int64_t*>(page);
  }
  ();
  return offset;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, struct timespec* time) noexcept {
  static const auto real = reinterpret_cast<ClockGetTime>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = real(clock, time);
  if (clock == CLOCK_REALTIME && result == 0 && Offset() != nullptr) time->tv_sec += *Offset();
  return result;
}
