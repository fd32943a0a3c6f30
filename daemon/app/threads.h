// Names for threads, as `top -H` and debuggers show them; ARCHITECTURE.md lists them.

#ifndef HARK_DAEMON_APP_THREADS_H_
#define HARK_DAEMON_APP_THREADS_H_

#include <pthread.h>

namespace hark::app {

// At most 15 characters.
inline void NameThisThread(const char* name) {
#ifdef __APPLE__
  pthread_setname_np(name);
#else
  pthread_setname_np(pthread_self(), name);
#endif
}

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_THREADS_H_
