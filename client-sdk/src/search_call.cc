// hark::Client::SearchMessages().

#include <string>

#include "client-sdk/src/call.h"
#include "client-sdk/src/client_impl.h"
#include "client-sdk/src/convert.h"
#include "client-sdk/src/validate.h"
#include "hark/client.h"

namespace hark::client {

Result<SearchPage> Client::SearchMessages(const SearchRequest& request) {
  if (Result<void> valid = ValidateSearch(request); !valid) return valid.error();
  v1::SearchMessagesRequest proto;
  proto.set_query(request.query);
  proto.set_conversation_id(request.conversation_id);
  proto.set_order(request.order == SearchOrder::kNewest ? v1::SearchMessagesRequest::ORDER_NEWEST
                                                        : v1::SearchMessagesRequest::ORDER_BEST);
  proto.set_page_size(request.page_size);
  proto.set_page_token(request.page_token);
  return Map(Call(*impl_->link, impl_->stubs->search, &v1::Search::Stub::SearchMessages, proto,
                  Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response); });
}

}  // namespace hark::client
