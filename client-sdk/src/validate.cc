#include "client-sdk/src/validate.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "client-sdk/src/utf8.h"

namespace hark::client {
namespace {

Error Invalid(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message), Retry::kNo};
}

bool IsUuid(const std::string& id) {
  if (id.size() != 36) return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const char c = id[i];
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

Result<void> ValidateMetadata(const std::map<std::string, std::string>& metadata) {
  if (metadata.size() > kMaxMetadataEntries) {
    return Invalid("a message has at most " + std::to_string(kMaxMetadataEntries) +
                   " metadata entries");
  }
  std::size_t bytes = 0;
  for (const auto& [key, value] : metadata) {
    if (!IsUtf8(key) || !IsUtf8(value)) return Invalid("the message's metadata is not valid UTF-8");
    bytes += key.size() + value.size();
  }
  if (bytes > kMaxMetadataBytes) {
    return Invalid("the message's metadata is larger than " + std::to_string(kMaxMetadataBytes) +
                   " bytes");
  }
  return {};
}

}  // namespace

Result<void> ValidateText(const char* what, const std::string& value) {
  if (!IsUtf8(value)) return Invalid(std::string(what) + " is not valid UTF-8");
  return {};
}

Result<void> ValidateId(const char* what, const std::string& value) {
  if (value.empty()) return Invalid(std::string(what) + " is empty");
  return ValidateText(what, value);
}

Result<void> ValidatePageSize(std::uint32_t page_size) {
  if (page_size > kMaxPageSize) {
    return Invalid("a page has at most " + std::to_string(kMaxPageSize) + " items, not " +
                   std::to_string(page_size));
  }
  return {};
}

Result<void> ValidateAnchor(const ListMessagesRequest& request) {
  int given = 0;
  for (const std::string* id :
       {&request.before_message_id, &request.after_message_id, &request.around_message_id}) {
    if (Result<void> text = ValidateText("the message's id", *id); !text) return text;
    given += id->empty() ? 0 : 1;
  }
  if (given <= 1) return {};
  return Error{ErrorCode::kInvalidArgument,
               "a page lies before, after or around one message, not several", Retry::kNo};
}

Result<void> ValidateToken(const std::string& token) {
  if (token.empty()) return Invalid("the token is empty");
  if (token.size() > kMaxTokenBytes) {
    return Invalid("the token is longer than " + std::to_string(kMaxTokenBytes) + " bytes");
  }
  const bool visible =
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!visible) return Invalid("the token holds other characters than visible ASCII");
  return {};
}

Result<void> ValidateContent(const std::string& content) {
  if (content.empty()) return Invalid("the message is empty");
  if (content.size() > kMaxContentBytes) {
    return Invalid("the message is longer than " + std::to_string(kMaxContentBytes) + " bytes");
  }
  return ValidateText("the message", content);
}

Result<void> ValidateMessage(const MessageRef& message) {
  if (Result<void> id = ValidateId("the conversation's id", message.conversation_id); !id)
    return id;
  return ValidateId("the message's id", message.message_id);
}

Result<void> ValidateSend(const SendRequest& request) {
  if (Result<void> id = ValidateId("the conversation's id", request.conversation_id); !id)
    return id;
  if (Result<void> content = ValidateContent(request.content); !content) return content;
  if (Result<void> type = ValidateText("the content type", request.content_type); !type)
    return type;
  if (!request.id.empty() && !IsUuid(request.id)) return Invalid("the message's id is not a UUID");
  return ValidateMetadata(request.metadata);
}

Result<void> ValidateSearch(const SearchRequest& request) {
  if (request.query.size() > kMaxSearchBytes) {
    return Invalid("the search is longer than " + std::to_string(kMaxSearchBytes) + " bytes");
  }
  if (Result<void> query = ValidateText("the search", request.query); !query) return query;
  if (Result<void> id = ValidateText("the conversation's id", request.conversation_id); !id)
    return id;
  if (Result<void> token = ValidateText("the page token", request.page_token); !token) return token;
  if (request.page_size > kMaxSearchPageSize) {
    return Invalid("a page of a search has at most " + std::to_string(kMaxSearchPageSize) +
                   " items, not " + std::to_string(request.page_size));
  }
  return {};
}

Result<void> ValidateDraft(const SetDraftRequest& request) {
  if (Result<void> id = ValidateId("the conversation's id", request.conversation_id); !id)
    return id;
  if (request.text.size() > kMaxDraftBytes) {
    return Invalid("the draft is longer than " + std::to_string(kMaxDraftBytes) + " bytes");
  }
  return ValidateText("the draft", request.text);
}

Result<void> ValidateView(const std::string& conversation_id, const std::string& ui) {
  if (Result<void> id = ValidateId("the conversation's id", conversation_id); !id) return id;
  if (ui.size() > kMaxUiNameBytes) {
    return Invalid("the UI's name is longer than " + std::to_string(kMaxUiNameBytes) + " bytes");
  }
  return ValidateId("the UI's name", ui);
}

}  // namespace hark::client
