// The services Drafts and ViewStates on a FakeState.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hark/v1/drafts.grpc.pb.h"
#include "hark/v1/view_states.grpc.pb.h"

#include "tests/unit/client_sdk/fake_state.h"

namespace hark::test {
namespace {

using grpc::ServerContext;
using grpc::ServerWriter;
using grpc::Status;

class DraftsService final : public v1::Drafts::Service {
 public:
  explicit DraftsService(FakeState& state) : state_(state) {}
  Status GetDraft(ServerContext*, const v1::GetDraftRequest* request,
                  v1::GetDraftResponse* response) override {
    if (Status status = state_.Enter("GetDraft"); !status.ok()) return status;
    const std::lock_guard lock(state_.mutex);
    *response->mutable_draft() = Find(request->conversation_id());
    return Status::OK;
  }
  Status SetDraft(ServerContext* context, const v1::SetDraftRequest* request,
                  v1::SetDraftResponse* response) override {
    if (Status status = state_.Enter("SetDraft"); !status.ok()) return status;
    {
      const std::lock_guard lock(state_.mutex);
      Set(*request, response);
    }
    return state_.Leave("SetDraft", context);
  }
  Status ListDrafts(ServerContext*, const v1::ListDraftsRequest*,
                    v1::ListDraftsResponse* response) override {
    if (Status status = state_.Enter("ListDrafts"); !status.ok()) return status;
    const std::lock_guard lock(state_.mutex);
    for (const auto& [id, draft] : state_.drafts) {
      if (!draft.text().empty()) *response->add_drafts() = draft;
    }
    return Status::OK;
  }
  Status WatchDrafts(ServerContext* context, const v1::WatchDraftsRequest* request,
                     ServerWriter<v1::WatchDraftsResponse>* writer) override {
    if (Status status = state_.Enter("WatchDrafts"); !status.ok()) return status;
    return state_.Serve(context, writer, request->resume_token(), state_.draft_log,
                        [&](v1::WatchDraftsResponse& first) {
                          first.mutable_snapshot();
                          for (const auto& [id, draft] : state_.drafts)
                            *first.mutable_snapshot()->add_drafts() = draft;
                        });
  }

 private:
  v1::Draft Find(const std::string& conversation) {
    v1::Draft none;
    none.set_conversation_id(conversation);
    const auto found = state_.drafts.find(conversation);
    return found == state_.drafts.end() ? none : found->second;
  }

  void Set(const v1::SetDraftRequest& request, v1::SetDraftResponse* response) {
    v1::Draft draft = Find(request.conversation_id());
    response->set_outcome(v1::SetDraftResponse::OUTCOME_SET);
    if (draft.text() != request.text() && draft.version() > request.base_version()) {
      response->set_outcome(v1::SetDraftResponse::OUTCOME_CONFLICT);
    } else if (draft.text() != request.text()) {
      draft.set_text(request.text());
      draft.set_version(state_.draft_log.size() + 1);
      draft.mutable_changed_at()->set_seconds(1'700'000'000);
      state_.drafts[request.conversation_id()] = draft;
      *state_.draft_log.emplace_back().mutable_delta()->add_changed() = draft;
      state_.changed.notify_all();
    }
    *response->mutable_draft() = draft;
  }

  FakeState& state_;
};

class ViewStatesService final : public v1::ViewStates::Service {
 public:
  explicit ViewStatesService(FakeState& state) : state_(state) {}
  Status SetViewState(ServerContext*, const v1::SetViewStateRequest* request,
                      v1::SetViewStateResponse*) override {
    if (Status status = state_.Enter("SetViewState"); !status.ok()) return status;
    const std::lock_guard lock(state_.mutex);
    v1::ViewState& view = state_.view_states[request->conversation_id() + "/" + request->ui()];
    // The message "gone" is not here.
    view.set_nearest(request->message_id() == "gone");
    view.set_message_id(view.nearest() ? "m1" : request->message_id());
    view.set_set_message_id(request->message_id());
    view.set_offset(request->offset());
    view.set_at_bottom(request->at_bottom());
    view.mutable_set_at()->set_seconds(1'700'000'000);
    return Status::OK;
  }
  Status GetViewState(ServerContext*, const v1::GetViewStateRequest* request,
                      v1::GetViewStateResponse* response) override {
    if (Status status = state_.Enter("GetViewState"); !status.ok()) return status;
    const std::lock_guard lock(state_.mutex);
    const auto found = state_.view_states.find(request->conversation_id() + "/" + request->ui());
    if (found != state_.view_states.end()) *response->mutable_view_state() = found->second;
    return Status::OK;
  }

 private:
  FakeState& state_;
};

}  // namespace

void AddFakeUserState(FakeState& state, std::vector<std::unique_ptr<grpc::Service>>& services) {
  services.push_back(std::make_unique<DraftsService>(state));
  services.push_back(std::make_unique<ViewStatesService>(state));
}

}  // namespace hark::test
