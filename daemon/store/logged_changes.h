// What one row of the change log says, and its bytes.

#ifndef HARK_DAEMON_STORE_LOGGED_CHANGES_H_
#define HARK_DAEMON_STORE_LOGGED_CHANGES_H_

#include <string>
#include <string_view>
#include <vector>

#include "daemon/model/commit.h"

namespace hark::store {

struct LoggedChange {
  ConversationId conversation;
  // Messages that are different, new or gone.
  std::vector<MessageId> messages;
  bool listed = false;  // The conversation as the list shows it is different.
  bool gaps = false;    // Its gaps are.
};

[[nodiscard]] std::string EncodeChanges(const Commit& commit);
// Bytes that are no such thing end it early.
[[nodiscard]] std::vector<LoggedChange> DecodeChanges(std::string_view bytes);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_LOGGED_CHANGES_H_
