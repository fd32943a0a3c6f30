#include "daemon/sync/draft.h"

#include <string>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/base/uuid.h"

namespace hark::sync {
namespace {

constexpr std::size_t kContentTypeBytes = 255;

std::string ToLower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Result<void> CheckMetadata(const std::map<std::string, std::string>& metadata) {
  if (metadata.size() > limits::kMetadataEntries) {
    return Fail(
        ErrorCode::kInvalidArgument,
        "The metadata has more than " + std::to_string(limits::kMetadataEntries) + " entries.");
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : metadata) {
    bytes += name.size() + value.size();
    if (!IsValidUtf8(name) || !IsValidUtf8(value)) {
      return Fail(ErrorCode::kInvalidArgument, "The metadata is not valid UTF-8.");
    }
  }
  if (bytes > limits::kMetadataBytes) {
    return Fail(
        ErrorCode::kInvalidArgument,
        "The metadata is larger than " + std::to_string(limits::kMetadataBytes) + " bytes.");
  }
  return {};
}

}  // namespace

Result<void> CheckContent(const std::string& content) {
  if (content.empty()) return Fail(ErrorCode::kInvalidArgument, "The message is empty.");
  if (content.size() > limits::kContentBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "The message has " + std::to_string(content.size()) + " bytes; at most " +
                    std::to_string(limits::kContentBytes) + " are allowed.");
  }
  if (!IsValidUtf8(content))
    return Fail(ErrorCode::kInvalidArgument, "The message is not valid UTF-8.");
  return {};
}

Result<Message> ToMessage(Draft draft, WallTime now) {
  if (draft.conversation.empty())
    return Fail(ErrorCode::kInvalidArgument, "No conversation is named.");
  if (Result<void> content = CheckContent(draft.content); !content)
    return tl::unexpected(std::move(content.error()));
  if (draft.content_type.size() > kContentTypeBytes || !IsValidUtf8(draft.content_type)) {
    return Fail(ErrorCode::kInvalidArgument, "The content type is no media type.");
  }
  if (draft.id && !IsUuid(draft.id->value())) {
    return Fail(ErrorCode::kInvalidArgument, "The message id is no UUID.");
  }
  if (Result<void> metadata = CheckMetadata(draft.metadata); !metadata)
    return tl::unexpected(metadata.error());

  Message message;
  message.id = MessageId(draft.id ? ToLower(draft.id->value()) : NewUuidV7(now));
  message.conversation = std::move(draft.conversation);
  message.role = Role::kUser;
  message.content = std::move(draft.content);
  if (draft.content_type != "text/plain") message.content_type = std::move(draft.content_type);
  message.metadata = std::move(draft.metadata);
  message.created_at = now;
  message.delivery = Delivery::kQueued;
  return message;
}

}  // namespace hark::sync
