// The calls of hark::Client about drafts and view states.

#include <optional>
#include <string>
#include <vector>

#include "client-sdk/src/call.h"
#include "client-sdk/src/client_impl.h"
#include "client-sdk/src/convert_user_state.h"
#include "client-sdk/src/validate.h"
#include "hark/client.h"

namespace hark::client {

Result<Draft> Client::GetDraft(const std::string& conversation_id) {
  if (Result<void> id = ValidateId("the conversation's id", conversation_id); !id)
    return id.error();
  v1::GetDraftRequest proto;
  proto.set_conversation_id(conversation_id);
  return Map(Call(*impl_->link, impl_->stubs->drafts, &v1::Drafts::Stub::GetDraft, proto,
                  Usual(*impl_->link)),
             [](const auto& response) { return FromProto(response.draft()); });
}

Result<SetDraftResult> Client::SetDraft(const SetDraftRequest& request) {
  if (Result<void> valid = ValidateDraft(request); !valid) return valid.error();
  v1::SetDraftRequest proto;
  proto.set_conversation_id(request.conversation_id);
  proto.set_text(request.text);
  proto.set_base_version(request.base_version);
  proto.set_flush(request.flush);
  return Map(Call(*impl_->link, impl_->stubs->drafts, &v1::Drafts::Stub::SetDraft, proto,
                  Usual(*impl_->link)),
             [](const auto& response) {
               return SetDraftResult{response.outcome() == v1::SetDraftResponse::OUTCOME_CONFLICT,
                                     FromProto(response.draft())};
             });
}

Result<std::vector<Draft>> Client::ListDrafts() {
  return Map(Call(*impl_->link, impl_->stubs->drafts, &v1::Drafts::Stub::ListDrafts,
                  v1::ListDraftsRequest(), Usual(*impl_->link)),
             [](const auto& response) {
               std::vector<Draft> drafts;
               for (const v1::Draft& draft : response.drafts()) drafts.push_back(FromProto(draft));
               return drafts;
             });
}

Result<void> Client::SetViewState(const SetViewStateRequest& request) {
  if (Result<void> valid = ValidateView(request.conversation_id, request.ui); !valid) return valid;
  if (Result<void> id = ValidateText("the message's id", request.message_id); !id) return id;
  v1::SetViewStateRequest proto;
  proto.set_conversation_id(request.conversation_id);
  proto.set_ui(request.ui);
  proto.set_message_id(request.message_id);
  proto.set_offset(request.offset);
  proto.set_at_bottom(request.at_bottom);
  return Drop(Call(*impl_->link, impl_->stubs->view_states, &v1::ViewStates::Stub::SetViewState,
                   proto, Usual(*impl_->link)));
}

Result<std::optional<ViewState>> Client::GetViewState(const std::string& conversation_id,
                                                      const std::string& ui) {
  if (Result<void> valid = ValidateView(conversation_id, ui); !valid) return valid.error();
  v1::GetViewStateRequest proto;
  proto.set_conversation_id(conversation_id);
  proto.set_ui(ui);
  return Map(Call(*impl_->link, impl_->stubs->view_states, &v1::ViewStates::Stub::GetViewState,
                  proto, Usual(*impl_->link)),
             [](const auto& response) -> std::optional<ViewState> {
               if (!response.has_view_state()) return std::nullopt;
               return FromProto(response.view_state());
             });
}

}  // namespace hark::client
