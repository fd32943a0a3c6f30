// What the fields that many requests share must look like.

#ifndef HARK_DAEMON_IPC_REQUESTS_H_
#define HARK_DAEMON_IPC_REQUESTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/model/ids.h"

namespace hark::ipc {

// kInvalidArgument: empty, or longer than an id can be.
[[nodiscard]] Result<ConversationId> CheckedConversation(std::string id);
[[nodiscard]] Result<MessageId> CheckedMessage(std::string id);
// Absent: it is empty, and all conversations are meant.
[[nodiscard]] Result<std::optional<ConversationId>> CheckedConversationOrAll(std::string id);

// 0 means limits::kDefaultPageSize. kInvalidArgument: over limits::kPageSize. `field` is named in
// the error.
[[nodiscard]] Result<std::uint32_t> CheckedPageSize(std::uint32_t size, const char* field);

// A number of days of retention. kInvalidArgument: over 36,500.
[[nodiscard]] Result<void> CheckedDays(std::optional<std::uint32_t> days);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_REQUESTS_H_
