#include "daemon/ipc/requests.h"

#include <utility>

#include "daemon/base/limits.h"

namespace hark::ipc {
namespace {

template <typename AnyId>
Result<AnyId> Checked(std::string id, const char* field) {
  if (id.empty()) return Fail(ErrorCode::kInvalidArgument, std::string(field) + " is empty");
  if (id.size() > limits::kIdBytes) {
    return Fail(ErrorCode::kInvalidArgument, std::string(field) + " is longer than " +
                                                 std::to_string(limits::kIdBytes) + " bytes");
  }
  return AnyId(std::move(id));
}

}  // namespace

Result<ConversationId> CheckedConversation(std::string id) {
  return Checked<ConversationId>(std::move(id), "conversation_id");
}

Result<MessageId> CheckedMessage(std::string id) {
  return Checked<MessageId>(std::move(id), "message_id");
}

Result<std::optional<ConversationId>> CheckedConversationOrAll(std::string id) {
  if (id.empty()) return std::nullopt;
  return CheckedConversation(std::move(id));
}

Result<std::uint32_t> CheckedPageSize(std::uint32_t size, const char* field) {
  if (size == 0) return limits::kDefaultPageSize;
  if (size > limits::kPageSize) {
    return Fail(ErrorCode::kInvalidArgument,
                std::string(field) + " is over " + std::to_string(limits::kPageSize));
  }
  return size;
}

Result<void> CheckedDays(std::optional<std::uint32_t> days) {
  constexpr std::uint32_t kDaysMax = 36'500;
  if (!days || *days <= kDaysMax) return {};
  return Fail(ErrorCode::kInvalidArgument, "days is over " + std::to_string(kDaysMax));
}

}  // namespace hark::ipc
