#include "daemon/store/logged_changes.h"

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "daemon/store/byte_codec.h"

namespace hark::store {
namespace {

constexpr std::uint64_t kListed = 1;
constexpr std::uint64_t kGaps = 2;

}  // namespace

// For each conversation: its id, flags, the number of messages, their ids.
std::string EncodeChanges(const Commit& commit) {
  std::map<ConversationId, LoggedChange> changes;
  for (const Message& message : commit.messages)
    changes[message.conversation].messages.push_back(message.id);
  for (const RemovedMessage& removed : commit.removed)
    changes[removed.conversation].messages.push_back(removed.message);
  for (const Conversation& conversation : commit.conversations)
    changes[conversation.id].listed = true;
  for (const ConversationId& id : commit.gaps_changed) changes[id].gaps = true;

  std::string bytes;
  for (const auto& [id, change] : changes) {
    AppendString(bytes, id.value());
    AppendNumber(bytes, (change.listed ? kListed : 0) | (change.gaps ? kGaps : 0));
    AppendNumber(bytes, change.messages.size());
    for (const MessageId& message : change.messages) AppendString(bytes, message.value());
  }
  return bytes;
}

std::vector<LoggedChange> DecodeChanges(std::string_view bytes) {
  std::vector<LoggedChange> changes;
  while (!bytes.empty()) {
    const auto id = TakeString(bytes);
    const auto flags = id ? TakeNumber(bytes) : std::nullopt;
    auto count = flags ? TakeNumber(bytes) : std::nullopt;
    if (!count) break;
    LoggedChange& change = changes.emplace_back();
    change.conversation = ConversationId(std::string(*id));
    change.listed = (*flags & kListed) != 0;
    change.gaps = (*flags & kGaps) != 0;
    for (; *count > 0; --*count) {
      const auto message = TakeString(bytes);
      if (!message) return changes;
      change.messages.emplace_back(std::string(*message));
    }
  }
  return changes;
}

}  // namespace hark::store
