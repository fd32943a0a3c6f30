// Checks of what a caller passes, before anything is sent: a bad argument gets a clear sentence at
// once, and protobuf never sees text that is not UTF-8.

#ifndef HARK_CLIENT_SDK_SRC_VALIDATE_H_
#define HARK_CLIENT_SDK_SRC_VALIDATE_H_

#include <cstdint>
#include <string>

#include "hark/client.h"
#include "hark/result.h"

namespace hark::client {

// `what` names the value in the message: "the conversation's id".
Result<void> ValidateText(const char* what, const std::string& value);
// Not empty either.
Result<void> ValidateId(const char* what, const std::string& value);
Result<void> ValidatePageSize(std::uint32_t page_size);
// At most one of the ids.
Result<void> ValidateAnchor(const ListMessagesRequest& request);
Result<void> ValidateToken(const std::string& token);
Result<void> ValidateContent(const std::string& content);
Result<void> ValidateSend(const SendRequest& request);
Result<void> ValidateSearch(const SearchRequest& request);
Result<void> ValidateMessage(const MessageRef& message);
Result<void> ValidateDraft(const SetDraftRequest& request);
Result<void> ValidateView(const std::string& conversation_id, const std::string& ui);

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_VALIDATE_H_
