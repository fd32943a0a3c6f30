// Runs a part of a test as an ordinary user. Root is not stopped by modes and owners, so what they
// protect can only be seen from another user; without root there is only one user, and such a test
// is skipped.

#ifndef HARK_TESTS_UNIT_KEYS_OTHER_USER_H_
#define HARK_TESTS_UNIT_KEYS_OTHER_USER_H_

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hark::test {

// "nobody" nearly everywhere; any number does, as long as it is not ours.
inline constexpr uid_t kOtherUid = 65534;

inline bool IsRoot() {
  return ::geteuid() == 0;
}

// In a child process. The exit code of `body`, or -1 when it could not be run or crashed.
template <typename Body>
int RunAsUser(uid_t uid, Body body) {
  const pid_t child = ::fork();
  if (child < 0) return -1;
  if (child == 0) {
    if (uid != ::geteuid() && (::setgid(uid) != 0 || ::setuid(uid) != 0)) ::_exit(125);
    ::_exit(body());
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace hark::test

#endif  // HARK_TESTS_UNIT_KEYS_OTHER_USER_H_
