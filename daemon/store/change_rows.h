// The edits and deletions of the outbox: what was done here to messages that the backend has, or is
// about to have.

#ifndef HARK_DAEMON_STORE_CHANGE_ROWS_H_
#define HARK_DAEMON_STORE_CHANGE_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/model/ids.h"
#include "daemon/model/message.h"
#include "daemon/store/connection.h"
#include "daemon/store/outbox_rows.h"

namespace hark::store {

struct ChangeRow {
  OutboxRow row;
  std::optional<DeliveryFailure> failure;
  std::string content;  // An edit's.
};

// `base_revision` 0: to be known when the message, or the edit before this one, is acknowledged.
std::uint64_t InsertEdit(Connection& authored, const ConversationId& conversation,
                         const MessageId& message, const std::string& content,
                         std::uint64_t base_revision, WallTime at);
std::uint64_t InsertDelete(Connection& authored, const ConversationId& conversation,
                           const MessageId& message, WallTime at);
// Of an edit that has not left.
void RewriteEdit(Connection& authored, std::uint64_t position, const std::string& content);
// What the edit changes from now on.
void RebaseEdit(Connection& authored, std::uint64_t position, std::uint64_t base_revision);

// Whether there is any; of any message, or in one conversation.
[[nodiscard]] bool HasChanges(Connection& authored);
[[nodiscard]] bool HasChangesIn(Connection& authored, const ConversationId& conversation);
// Of one message, in submit order.
[[nodiscard]] std::vector<ChangeRow> ListChanges(Connection& authored, const MessageId& message);
[[nodiscard]] std::optional<ChangeRow> FindChange(Connection& authored, std::uint64_t position);
// Every message with a change.
[[nodiscard]] std::vector<MessageId> ChangedMessages(Connection& authored);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_CHANGE_ROWS_H_
