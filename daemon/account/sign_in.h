// Asks the backend whose token it is: the only way to know which account's store to open.

#ifndef HARK_DAEMON_ACCOUNT_SIGN_IN_H_
#define HARK_DAEMON_ACCOUNT_SIGN_IN_H_

#include <functional>
#include <memory>
#include <string>

#include "daemon/base/secret.h"
#include "daemon/base/task.h"
#include "daemon/model/ids.h"
#include "daemon/transport/backend.h"

namespace hark::account {

struct SignInRequest {
  Secret token;
  std::string device_id;
  std::string client;
};

// Connects, says Hello without a cursor, and hangs up after the answer. `done` is called once, on
// the executor: the user; kUnauthenticated: the token is refused; kOffline: no answer within 30 s,
// or no connection.
void AskWhoseToken(Executor executor, std::shared_ptr<transport::Backend> backend,
                   SignInRequest request, std::function<void(Result<UserId>)> done);

}  // namespace hark::account

#endif  // HARK_DAEMON_ACCOUNT_SIGN_IN_H_
