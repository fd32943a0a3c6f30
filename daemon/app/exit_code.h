// harkd's exit codes: documented in `harkd --help`, and what service files and scripts may rely on.

#ifndef HARK_DAEMON_APP_EXIT_CODE_H_
#define HARK_DAEMON_APP_EXIT_CODE_H_

namespace hark::app {

enum class ExitCode : int {
  kStopped = 0,         // stopped on request, or printed what was asked for
  kInternal = 1,        // a fault of harkd
  kWrongFlags = 2,      // the command line
  kConfiguration = 3,   // the configuration file or the environment
  kAlreadyRunning = 4,  // another harkd uses the folder or the socket
  kFolderOrSocket = 5,  // a folder or the socket cannot be used
  kBackend = 6,         // --check-backend found something wrong
};

}  // namespace hark::app

#endif  // HARK_DAEMON_APP_EXIT_CODE_H_
