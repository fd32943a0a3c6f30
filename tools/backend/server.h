#ifndef HARK_TOOLS_BACKEND_SERVER_H_
#define HARK_TOOLS_BACKEND_SERVER_H_

// The running server: opens the data folder, listens, and serves until SIGTERM or SIGINT. One
// io_context on one thread does everything, the writes to disk included: a commit blocks it for the
// time of one fsync, which a handful of devices do not notice, and no two things ever happen at
// once.

#include "tools/backend/options.h"
#include "tools/backend/result.h"

namespace hark::backend {

struct ServeError {
  Error error;
  int exit_code = kExitInternal;
};

// Returns when it was asked to stop and has stopped.
tl::expected<void, ServeError> Serve(const ServeOptions& options);

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_SERVER_H_
