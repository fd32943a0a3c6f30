// What every service of the local API is made of.

#ifndef HARK_DAEMON_IPC_SERVICE_CONTEXT_H_
#define HARK_DAEMON_IPC_SERVICE_CONTEXT_H_

#include <memory>
#include <utility>

#include "daemon/account/accounts.h"
#include "daemon/base/metrics.h"
#include "daemon/base/result.h"
#include "daemon/ipc/stream_registry.h"

namespace hark::ipc {

// References to things that outlive the server.
struct ServiceContext {
  account::Accounts& accounts;
  Metrics& metrics;
  StreamRegistry& streams;

  // The account that a call works on from its beginning to its end. Held only on the caller's stack
  // or by a stream, never by a callback of the account's own parts: its last owner destroys it, and
  // must not be one of its threads.
  [[nodiscard]] Result<std::shared_ptr<account::OpenAccount>> Account() const {
    auto account = accounts.Current();
    if (!account) return tl::unexpected(accounts.Problem());
    return account;
  }
};

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_SERVICE_CONTEXT_H_
