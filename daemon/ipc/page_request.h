// What ListMessages asks the store, and what follows from its answer besides the page itself.

#ifndef HARK_DAEMON_IPC_PAGE_REQUEST_H_
#define HARK_DAEMON_IPC_PAGE_REQUEST_H_

#include <cstddef>
#include <vector>

#include "hark/v1/messages.pb.h"

#include "daemon/base/result.h"
#include "daemon/model/conversation.h"
#include "daemon/store/reader.h"

namespace hark::ipc {

// Takes the ids out of the request. kInvalidArgument: an id that cannot be, more than one anchor, a
// page that is too large, or a policy that this daemon does not know.
[[nodiscard]] Result<store::PageQuery> CheckedPage(v1::ListMessagesRequest& in);

// Index of the message that the page begins at, for ToProto() of message_page.h.
[[nodiscard]] std::size_t GrowsFrom(const store::MessagePage& page, const store::PageQuery& query);

// Something that was asked for is not here.
[[nodiscard]] bool IsMiss(const store::MessagePage& page, const store::PageQuery& query);

// What of the gaps at the page is to be fetched, in the order of Intents::Fetch(): the last goes
// before the others.
[[nodiscard]] std::vector<Gap> WantedGaps(const store::MessagePage& page,
                                          const store::PageQuery& query);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_PAGE_REQUEST_H_
