// What a search found, model to proto. No decisions.

#ifndef HARK_DAEMON_IPC_CONVERT_SEARCH_H_
#define HARK_DAEMON_IPC_CONVERT_SEARCH_H_

#include "hark/v1/search.pb.h"

#include "daemon/store/reader.h"

namespace hark::ipc {

// All but the freshness. `out` must be empty.
void ToProto(const store::SearchPage& page, v1::SearchMessagesResponse* out);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_CONVERT_SEARCH_H_
