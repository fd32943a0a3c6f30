#include "tools/backend/validation.h"

#include <algorithm>

#include "tools/backend/limits.h"
#include "tools/backend/utf8.h"

namespace hark::backend {
namespace {

Result<void> CheckContentType(const std::string& type) {
  const bool printable =
      std::all_of(type.begin(), type.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (type.size() > kMaxContentTypeBytes || !printable) {
    return Fail(ErrorCode::kInvalid, "the content type is not a media type");
  }
  return {};
}

Result<void> CheckMetadata(const Message& message) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : message.metadata()) {
    bytes += key.size() + value.size();
    if (!IsValidUtf8(key) || !IsValidUtf8(value)) {
      return Fail(ErrorCode::kInvalid, "the metadata is not valid UTF-8");
    }
  }
  if (message.metadata().size() > kMaxMetadataEntries || bytes > kMaxMetadataBytes) {
    return Fail(ErrorCode::kInvalid, "the metadata has more than 32 entries or 4096 bytes");
  }
  return {};
}

// All but the content.
Result<void> CheckEnvelope(const Message& message) {
  if (auto good = CheckId(message.id(), "the message id"); !good) return good;
  if (auto good = CheckId(message.conversation_id(), "the conversation id"); !good) return good;
  if (auto good = CheckContentType(message.content_type()); !good) return good;
  if (auto good = CheckMetadata(message); !good) return good;
  if (message.has_created_at() && !IsValidTimestamp(message.created_at())) {
    return Fail(ErrorCode::kInvalid, "created_at is outside the years 1 to 9999");
  }
  return {};
}

}  // namespace

Result<void> CheckId(const std::string& id, const std::string& what) {
  if (id.empty()) return Fail(ErrorCode::kInvalid, what + " is empty");
  if (id.size() > kMaxIdBytes) {
    return Fail(ErrorCode::kInvalid, what + " is longer than 128 bytes");
  }
  if (!IsValidUtf8(id)) return Fail(ErrorCode::kInvalid, what + " is not valid UTF-8");
  return {};
}

Result<void> CheckTitle(const std::string& title) {
  if (title.size() > kMaxTitleBytes) {
    return Fail(ErrorCode::kInvalid, "the title is longer than 1024 bytes");
  }
  if (!IsValidUtf8(title)) return Fail(ErrorCode::kInvalid, "the title is not valid UTF-8");
  return {};
}

Result<void> CheckContent(const std::string& content) {
  if (content.empty()) return Fail(ErrorCode::kInvalid, "the content is empty");
  if (content.size() > kMaxContentBytes) {
    return Fail(ErrorCode::kTooLarge, "the content is longer than 65536 bytes");
  }
  if (!IsValidUtf8(content)) return Fail(ErrorCode::kInvalid, "the content is not valid UTF-8");
  return {};
}

Result<void> CheckMessage(const Message& message) {
  if (auto good = CheckEnvelope(message); !good) return good;
  return CheckContent(message.content());
}

Result<void> CheckImportedMessage(const Message& message) {
  if (message.deleted() && !message.content().empty())
    return Fail(ErrorCode::kInvalid, "a deleted message has a content");
  const bool said_nothing =
      message.content().empty() && (message.role() == wire::ROLE_ASSISTANT || message.deleted());
  return said_nothing ? CheckEnvelope(message) : CheckMessage(message);
}

}  // namespace hark::backend
