// What each Operation of writer.h does to the rows.

#ifndef HARK_DAEMON_STORE_APPLY_OPERATION_H_
#define HARK_DAEMON_STORE_APPLY_OPERATION_H_

#include "daemon/base/result.h"
#include "daemon/store/job_context.h"
#include "daemon/store/writer.h"

namespace hark::store {

// kInvalidArgument for what no backend may say: a message without id, conversation or sequence, a
// sequence above kMaxSequence. May throw what SQLite throws. What it stores may be moved away once
// it is committed (Changes::Note); applying it again before that does the same again.
[[nodiscard]] Result<void> ApplyOperation(JobContext& context, Operation& operation);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_APPLY_OPERATION_H_
