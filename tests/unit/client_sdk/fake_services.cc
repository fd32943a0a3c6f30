// The services of hark.v1 on a FakeState.

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hark/v1/account.grpc.pb.h"
#include "hark/v1/admin.grpc.pb.h"
#include "hark/v1/conversations.grpc.pb.h"
#include "hark/v1/messages.grpc.pb.h"
#include "hark/v1/search.grpc.pb.h"
#include "hark/v1/sync.grpc.pb.h"

#include "tests/unit/client_sdk/fake_state.h"

namespace hark::test {
namespace {

using grpc::ServerContext;
using grpc::ServerWriter;
using grpc::Status;
using grpc::StatusCode;

class AccountService final : public v1::Account::Service {
 public:
  explicit AccountService(FakeState& state) : state_(state) {}
  Status SignIn(ServerContext* context, const v1::SignInRequest* request,
                v1::SignInResponse* response) override {
    if (Status status = state_.Enter("SignIn"); !status.ok()) return status;
    {
      const std::lock_guard lock(state_.mutex);
      if (request->token() == "wrong")
        return {StatusCode::UNAUTHENTICATED, "The backend refused the token."};
      state_.account_info.set_state(v1::AccountInfo::STATE_SIGNED_IN);
      *response->mutable_account() = state_.account_info;
    }
    return state_.Leave("SignIn", context);
  }
  Status SignOut(ServerContext*, const v1::SignOutRequest*,
                 v1::SignOutResponse* response) override {
    if (Status status = state_.Enter("SignOut"); !status.ok()) return status;
    const std::lock_guard lock(state_.mutex);
    state_.account_info.set_state(v1::AccountInfo::STATE_SIGNED_OUT);
    *response->mutable_account() = state_.account_info;
    return Status::OK;
  }
  Status GetAccount(ServerContext*, const v1::GetAccountRequest*,
                    v1::GetAccountResponse* response) override {
    if (Status status = state_.Enter("GetAccount"); !status.ok()) return status;
    const std::lock_guard lock(state_.mutex);
    *response->mutable_account() = state_.account_info;
    return Status::OK;
  }

 private:
  FakeState& state_;
};

class AdminService final : public v1::Admin::Service {
 public:
  explicit AdminService(FakeState& state) : state_(state) {}
  Status GetVersion(ServerContext* context, const v1::GetVersionRequest*,
                    v1::GetVersionResponse* response) override {
    if (Status status = state_.Enter("GetVersion"); !status.ok()) return status;
    NoteVersion(*context);
    response->set_version("9.8.7");
    response->set_api_major(1);
    response->set_api_minor(2);
    response->add_capabilities("typing");
    if (state_.has_page_anchors) response->add_capabilities("page-anchors");
    response->set_cipher_version("4.6.1 community");
    response->set_process_id(4242);
    return Status::OK;
  }
  Status GetStatistics(ServerContext*, const v1::GetStatisticsRequest*,
                       v1::GetStatisticsResponse* response) override {
    if (Status status = state_.Enter("GetStatistics"); !status.ok()) return status;
    response->set_conversations(3);
    response->set_messages(1234567);
    response->set_cache_bytes(5 * 1024 * 1024);
    response->set_page_hits(9);
    response->set_page_misses(1);
    response->mutable_page_read()->set_count(10);
    response->mutable_page_read()->set_p50_us(80);
    response->mutable_page_read()->set_max_us(1500);
    return Status::OK;
  }

 private:
  void NoteVersion(const ServerContext& context) {
    const std::lock_guard lock(state_.mutex);
    const auto said = context.client_metadata().find("hark-api");
    state_.api_version = said == context.client_metadata().end()
                             ? "none"
                             : std::string(said->second.data(), said->second.size());
  }

  FakeState& state_;
};

class ConversationsService final : public v1::Conversations::Service {
 public:
  explicit ConversationsService(FakeState& state) : state_(state) {}
  Status ListConversations(ServerContext*, const v1::ListConversationsRequest* request,
                           v1::ListConversationsResponse* response) override {
    if (Status status = state_.Enter("ListConversations"); !status.ok()) return status;
    const std::lock_guard lock(state_.mutex);
    const std::size_t size = request->page_size() == 0 ? 50 : request->page_size();
    std::size_t at = request->page_token().empty() ? 0 : std::stoul(request->page_token());
    for (std::size_t i = 0; i < size && at < state_.list.size(); ++i, ++at) {
      *response->add_conversations() = state_.list[at];
    }
    if (at < state_.list.size()) response->set_next_page_token(std::to_string(at));
    response->set_total_count(state_.list.size());
    response->mutable_freshness()->set_revision(7);
    response->mutable_freshness()->set_live(true);
    return Status::OK;
  }
  Status GetConversation(ServerContext*, const v1::GetConversationRequest* request,
                         v1::GetConversationResponse* response) override {
    if (Status status = state_.Enter("GetConversation"); !status.ok()) return status;
    return state_.Find(request->conversation_id(), response->mutable_conversation());
  }
  Status WatchConversations(ServerContext* context, const v1::WatchConversationsRequest* request,
                            ServerWriter<v1::WatchConversationsResponse>* writer) override {
    if (Status status = state_.Enter("WatchConversations"); !status.ok()) return status;
    return state_.Serve(context, writer, request->resume_token(), state_.conversation_log,
                        [&](v1::WatchConversationsResponse& first) {
                          for (const auto& conversation : state_.list) {
                            *first.mutable_snapshot()->add_conversations() = conversation;
                          }
                          first.mutable_snapshot()->set_total_count(state_.list.size());
                        });
  }
  Status OpenConversation(ServerContext*, const v1::OpenConversationRequest* request,
                          v1::OpenConversationResponse*) override {
    if (Status status = state_.Enter("OpenConversation"); !status.ok()) return status;
    v1::Conversation ignored;
    return state_.Find(request->conversation_id(), &ignored);
  }
  Status CloseConversation(ServerContext*, const v1::CloseConversationRequest*,
                           v1::CloseConversationResponse*) override {
    return state_.Enter("CloseConversation");
  }
  Status MarkRead(ServerContext*, const v1::MarkReadRequest* request,
                  v1::MarkReadResponse* response) override {
    if (Status status = state_.Enter("MarkRead"); !status.ok()) return status;
    return state_.Find(request->conversation_id(), response->mutable_conversation());
  }

 private:
  FakeState& state_;
};

class MessagesService final : public v1::Messages::Service {
 public:
  explicit MessagesService(FakeState& state) : state_(state) {}
  Status ListMessages(ServerContext*, const v1::ListMessagesRequest* request,
                      v1::ListMessagesResponse* response) override {
    if (Status status = state_.Enter("ListMessages"); !status.ok()) return status;
    v1::Conversation ignored;
    if (Status status = state_.Find(request->conversation_id(), &ignored); !status.ok())
      return status;
    return state_.Page(*request, response);
  }
  Status WatchMessages(ServerContext* context, const v1::WatchMessagesRequest* request,
                       ServerWriter<v1::WatchMessagesResponse>* writer) override {
    if (Status status = state_.Enter("WatchMessages"); !status.ok()) return status;
    v1::Conversation ignored;
    if (Status status = state_.Find(request->conversation_id(), &ignored); !status.ok())
      return status;
    const std::vector<v1::WatchMessagesResponse>* log = nullptr;
    {
      const std::lock_guard lock(state_.mutex);
      log = &state_.message_logs[request->conversation_id()];
    }
    return state_.Serve(
        context, writer, request->resume_token(), *log, [&](v1::WatchMessagesResponse& first) {
          const std::vector<v1::Message>& all = state_.contents[request->conversation_id()];
          const std::size_t size = request->snapshot_size() == 0 ? 50 : request->snapshot_size();
          for (std::size_t i = all.size() > size ? all.size() - size : 0; i < all.size(); ++i) {
            *first.mutable_snapshot()->add_messages() = all[i];
          }
          first.mutable_snapshot()->set_has_more(all.size() > size);
          first.mutable_snapshot()->set_total_count(all.size());
        });
  }
  Status SendMessage(ServerContext* context, const v1::SendMessageRequest* request,
                     v1::SendMessageResponse* response) override {
    if (Status status = state_.Enter("SendMessage"); !status.ok()) return status;
    v1::Conversation ignored;
    if (Status status = state_.Find(request->conversation_id(), &ignored); !status.ok())
      return status;
    state_.Store(*request, response->mutable_message());
    return state_.Leave("SendMessage", context);
  }
  Status EditMessage(ServerContext*, const v1::EditMessageRequest* request,
                     v1::EditMessageResponse* response) override {
    return state_.Act("EditMessage", *request, response->mutable_message(), [&](auto& message) {
      if (message.deleted()) return false;
      message.set_content(request->content());
      if (message.delivery() == v1::DELIVERY_STATE_SENT) {
        message.mutable_pending_change()->set_kind(v1::PendingChange::KIND_EDIT);
        message.mutable_pending_change()->set_delivery(v1::DELIVERY_STATE_QUEUED);
      }
      return true;
    });
  }
  Status DeleteMessage(ServerContext*, const v1::DeleteMessageRequest* request,
                       v1::DeleteMessageResponse* response) override {
    return state_.Act("DeleteMessage", *request, response->mutable_message(), [](auto& message) {
      message.set_deleted(true);
      message.clear_content();
      message.mutable_pending_change()->set_kind(v1::PendingChange::KIND_DELETE);
      message.mutable_pending_change()->set_delivery(v1::DELIVERY_STATE_QUEUED);
      return true;
    });
  }
  Status RetryMessage(ServerContext*, const v1::RetryMessageRequest* request,
                      v1::RetryMessageResponse* response) override {
    return state_.Act("RetryMessage", *request, response->mutable_message(), [](auto& message) {
      if (message.delivery() == v1::DELIVERY_STATE_SENT) return true;
      message.set_delivery(v1::DELIVERY_STATE_QUEUED);
      message.clear_failure();
      return true;
    });
  }
  Status RetryMessages(ServerContext*, const v1::RetryMessagesRequest* request,
                       v1::RetryMessagesResponse* response) override {
    if (Status status = state_.Enter("RetryMessages"); !status.ok()) return status;
    v1::Conversation ignored;
    if (!request->conversation_id().empty()) {
      if (Status status = state_.Find(request->conversation_id(), &ignored); !status.ok())
        return status;
    }
    response->set_count(request->conversation_id().empty() ? 7 : 3);
    return Status::OK;
  }
  // The page token is a number.
  Status ListOutbox(ServerContext*, const v1::ListOutboxRequest* request,
                    v1::ListOutboxResponse* response) override {
    if (Status status = state_.Enter("ListOutbox"); !status.ok()) return status;
    v1::Conversation ignored;
    if (!request->conversation_id().empty()) {
      if (Status status = state_.Find(request->conversation_id(), &ignored); !status.ok())
        return status;
    }
    const std::lock_guard lock(state_.mutex);
    state_.outbox_requests.push_back(*request);
    const std::size_t size = request->page_size() == 0 ? 50 : request->page_size();
    const std::size_t skipped =
        request->page_token().empty() ? 0 : std::stoul(request->page_token());
    std::size_t found = 0;
    for (const v1::OutboxEntry& entry : state_.outbox) {
      const bool stopped = entry.delivery() == v1::DELIVERY_STATE_FAILED ||
                           entry.delivery() == v1::DELIVERY_STATE_EXPIRED;
      if (request->failed_only() && !stopped) continue;
      if (!request->conversation_id().empty() &&
          request->conversation_id() != entry.conversation_id())
        continue;
      if (++found > skipped && found <= skipped + size) *response->add_entries() = entry;
    }
    response->set_total_count(found);
    if (found > skipped + size) response->set_next_page_token(std::to_string(skipped + size));
    return Status::OK;
  }
  Status SkipMessage(ServerContext*, const v1::SkipMessageRequest* request,
                     v1::SkipMessageResponse* response) override {
    return state_.Act("SkipMessage", *request, response->mutable_message(),
                      [](auto&) { return true; });
  }
  Status CancelMessage(ServerContext*, const v1::CancelMessageRequest* request,
                       v1::CancelMessageResponse* response) override {
    return state_.Act("CancelMessage", *request, response->mutable_message(), [](auto& message) {
      if (message.delivery() == v1::DELIVERY_STATE_SENT) return false;
      message.set_delivery(v1::DELIVERY_STATE_CANCELLED);
      return true;
    });
  }

 private:
  FakeState& state_;
};

// Finds what contains the query as it is; the page token is a number.
class SearchService final : public v1::Search::Service {
 public:
  explicit SearchService(FakeState& state) : state_(state) {}
  Status SearchMessages(ServerContext*, const v1::SearchMessagesRequest* request,
                        v1::SearchMessagesResponse* response) override {
    if (Status status = state_.Enter("SearchMessages"); !status.ok()) return status;
    const std::lock_guard lock(state_.mutex);
    state_.searches.push_back(*request);
    const std::size_t size = request->page_size() == 0 ? 20 : request->page_size();
    const std::size_t skipped =
        request->page_token().empty() ? 0 : std::stoul(request->page_token());
    std::size_t found = 0;
    for (const auto& [conversation, messages] : state_.contents) {
      if (!request->conversation_id().empty() && request->conversation_id() != conversation)
        continue;
      for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
        const std::size_t at = message->content().find(request->query());
        if (at == std::string::npos || found++ < skipped || found > skipped + size) continue;
        v1::SearchResult* result = response->add_results();
        result->set_message_id(message->id());
        result->set_conversation_id(conversation);
        result->set_role(message->role());
        *result->mutable_created_at() = message->created_at();
        result->set_sequence(message->sequence());
        result->set_delivery(message->delivery());
        result->set_snippet(message->content());
        result->add_highlights()->set_start(static_cast<std::uint32_t>(at));
        result->mutable_highlights(0)->set_length(
            static_cast<std::uint32_t>(request->query().size()));
      }
    }
    if (found > skipped + size) response->set_next_page_token(std::to_string(skipped + size));
    response->set_total_count(found);
    *response->mutable_index() = state_.search_index;
    return Status::OK;
  }

 private:
  FakeState& state_;
};

class SyncService final : public v1::Sync::Service {
 public:
  explicit SyncService(FakeState& state) : state_(state) {}
  Status WatchStatus(ServerContext* context, const v1::WatchStatusRequest*,
                     ServerWriter<v1::WatchStatusResponse>* writer) override {
    if (Status status = state_.Enter("WatchStatus"); !status.ok()) return status;
    std::unique_lock lock(state_.mutex);
    for (int shown = -1;;) {
      if (shown != state_.status_generation) {
        shown = state_.status_generation;
        v1::WatchStatusResponse response;
        *response.mutable_status() = state_.status;
        lock.unlock();
        writer->Write(response);
        lock.lock();
        continue;
      }
      if (state_.stopping) return {StatusCode::UNAVAILABLE, "The daemon is stopping."};
      if (context->IsCancelled()) return Status::CANCELLED;
      state_.changed.wait_for(lock, kLook);
    }
  }
  Status SyncNow(ServerContext*, const v1::SyncNowRequest*, v1::SyncNowResponse*) override {
    return state_.Enter("SyncNow");
  }

 private:
  FakeState& state_;
};

}  // namespace

std::vector<std::unique_ptr<grpc::Service>> MakeFakeServices(FakeState& state) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<AccountService>(state));
  services.push_back(std::make_unique<AdminService>(state));
  services.push_back(std::make_unique<ConversationsService>(state));
  services.push_back(std::make_unique<MessagesService>(state));
  services.push_back(std::make_unique<SearchService>(state));
  services.push_back(std::make_unique<SyncService>(state));
  AddFakeUserState(state, services);
  AddFakeKeys(state, services);
  return services;
}

}  // namespace hark::test
