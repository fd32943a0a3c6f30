// HARK_CHECK: for our own bugs only, and always on. Input from the network, the disk or a client is
// never checked with it.

#ifndef HARK_DAEMON_BASE_CHECK_H_
#define HARK_DAEMON_BASE_CHECK_H_

namespace hark {

// Prints where, and aborts.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace hark

#define HARK_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::hark::CheckFailed(#condition, __FILE__, __LINE__))

#endif  // HARK_DAEMON_BASE_CHECK_H_
