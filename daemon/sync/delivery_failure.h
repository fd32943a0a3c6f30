// What a permanent refusal means to the person whose message it was. Pure.

#ifndef HARK_DAEMON_SYNC_DELIVERY_FAILURE_H_
#define HARK_DAEMON_SYNC_DELIVERY_FAILURE_H_

#include <chrono>

#include "daemon/model/message.h"
#include "daemon/model/outbox.h"
#include "daemon/transport/frames.h"

namespace hark::sync {

// `code` is a permanent one. `retry_after`: what the backend said of it; 0: nothing.
[[nodiscard]] DeliveryFailure FailureOf(OutboxKind kind, transport::RefusedCode code,
                                        std::chrono::milliseconds retry_after);

}  // namespace hark::sync

#endif  // HARK_DAEMON_SYNC_DELIVERY_FAILURE_H_
