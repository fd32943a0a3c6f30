// Account, sync status and freshness, model to proto. No decisions.

#ifndef HARK_DAEMON_IPC_CONVERT_STATUS_H_
#define HARK_DAEMON_IPC_CONVERT_STATUS_H_

#include "hark/v1/account.pb.h"
#include "hark/v1/admin.pb.h"
#include "hark/v1/sync.pb.h"
#include "hark/v1/types.pb.h"

#include "daemon/account/accounts.h"
#include "daemon/base/histogram.h"
#include "daemon/model/ids.h"
#include "daemon/sync/status.h"

namespace hark::ipc {

// Each `out` must be empty.
void ToProto(const sync::Status& status, v1::SyncStatus* out);
void ToProto(const account::AccountInfo& info, v1::AccountInfo* out);
void ToProto(const Histogram::Summary& summary, v1::LatencySummary* out);

// How fresh an answer is that shows everything up to `revision`.
void ToProto(LocalRevision revision, const sync::Status& status, v1::Freshness* out);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_CONVERT_STATUS_H_
