// hark::Client::ListOutbox().

#include <string>

#include "client-sdk/src/call.h"
#include "client-sdk/src/client_impl.h"
#include "client-sdk/src/convert.h"
#include "client-sdk/src/validate.h"
#include "hark/client.h"

namespace hark::client {
namespace {

Result<void> Validate(const ListOutboxRequest& request) {
  if (Result<void> id = ValidateText("the conversation's id", request.conversation_id); !id)
    return id;
  if (Result<void> token = ValidateText("the page token", request.page_token); !token) return token;
  return ValidatePageSize(request.page_size);
}

}  // namespace

Result<OutboxPage> Client::ListOutbox(const ListOutboxRequest& request) {
  if (Result<void> valid = Validate(request); !valid) return valid.error();
  v1::ListOutboxRequest proto;
  proto.set_conversation_id(request.conversation_id);
  proto.set_failed_only(request.failed_only);
  proto.set_page_size(request.page_size);
  proto.set_page_token(request.page_token);
  return Map(Call(*impl_->link, impl_->stubs->messages, &v1::Messages::Stub::ListOutbox, proto,
                  Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response); });
}

}  // namespace hark::client
