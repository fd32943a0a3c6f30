// The outbox, model to proto. No decisions.

#ifndef HARK_DAEMON_IPC_CONVERT_OUTBOX_H_
#define HARK_DAEMON_IPC_CONVERT_OUTBOX_H_

#include "hark/v1/messages.pb.h"

#include "daemon/store/reader.h"

namespace hark::ipc {

// `out` must be empty; all but the freshness.
void ToProto(const store::OutboxPage& page, v1::ListOutboxResponse* out);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_CONVERT_OUTBOX_H_
