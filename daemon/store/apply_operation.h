// What each Operation of writer.h does to the rows.

#ifndef HARK_DAEMON_STORE_APPLY_OPERATION_H_
#define HARK_DAEMON_STORE_APPLY_OPERATION_H_

#include <memory>

#include "daemon/base/result.h"
#include "daemon/store/job_context.h"
#include "daemon/store/writer.h"

namespace hark::store {

// kInvalidArgument for what no backend may say: a message without id, conversation or sequence, a
// sequence above kMaxSequence. May throw what SQLite throws. The commit shares the messages with
// the operation (Changes::Note). Applying it again, if nothing was committed, does the same again.
[[nodiscard]] Result<void> ApplyOperation(JobContext& context,
                                          const std::shared_ptr<Operation>& operation);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_APPLY_OPERATION_H_
