#include "tests/unit/client_sdk/fake_daemon.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "hark/v1/account.grpc.pb.h"
#include "hark/v1/admin.grpc.pb.h"
#include "hark/v1/conversations.grpc.pb.h"
#include "hark/v1/messages.grpc.pb.h"
#include "hark/v1/sync.grpc.pb.h"

namespace hark::test {
namespace {

using grpc::ServerContext;
using grpc::ServerWriter;
using grpc::Status;
using grpc::StatusCode;

// gRPC's synchronous server has no call-back for a client that goes away; handlers look this often.
constexpr std::chrono::milliseconds kLook{10};

struct GapRange {
  std::uint64_t from;
  std::uint64_t to;
};

}  // namespace

// All services in one place; the generated base classes clash, so each has a thin class of its own
// below.
class FakeDaemon::Impl {
 public:
  explicit Impl(std::string socket_path)
      : path_(std::move(socket_path)),
        account_(*this),
        admin_(*this),
        conversations_(*this),
        messages_(*this),
        sync_(*this) {
    account_info_.set_state(v1::AccountInfo::STATE_SIGNED_IN);
    account_info_.set_user_id("alice");
    account_info_.set_backend_url("wss://backend.example");
    status_.set_state(v1::SyncStatus::STATE_LIVE);
  }

  void Start() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = false;
    }
    // gRPC removes the path that it was given some time after its server is gone, which could be
    // the next server's socket: so each has a path of its own, renamed to the one that clients
    // know.
    const std::string own_path = path_ + "." + std::to_string(++starts_);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + own_path, grpc::InsecureServerCredentials());
    builder.RegisterService(&account_);
    builder.RegisterService(&admin_);
    builder.RegisterService(&conversations_);
    builder.RegisterService(&messages_);
    builder.RegisterService(&sync_);
    server_ = builder.BuildAndStart();
    if (!server_) std::abort();
    std::filesystem::rename(own_path, path_);
  }

  void Stop() {
    if (!server_) return;
    std::filesystem::remove(path_);
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }

  // Counts the call and gives the failure that the test asked for.
  Status Enter(const std::string& call) {
    const std::lock_guard lock(mutex_);
    ++calls_[call];
    changed_.notify_all();
    auto failure = failures_.find(call);
    if (failure == failures_.end()) return Status::OK;
    Status status = failure->second;
    failures_.erase(failure);
    return status;
  }

  // Blocks, if the test asked for it, until the connection is gone.
  Status Leave(const std::string& call, ServerContext* context) {
    std::unique_lock lock(mutex_);
    if (held_.erase(call) == 0) return Status::OK;
    while (!context->IsCancelled()) changed_.wait_for(lock, kLook);
    return {StatusCode::CANCELLED, "held"};
  }

  Status Find(const std::string& id, v1::Conversation* found) {
    const std::lock_guard lock(mutex_);
    for (const v1::Conversation& conversation : list_) {
      if (conversation.id() == id) {
        *found = conversation;
        return Status::OK;
      }
    }
    return {StatusCode::NOT_FOUND, "There is no such conversation."};
  }

  std::string TokenAt(std::size_t position) const {
    return std::to_string(epoch_) + ":" + std::to_string(position);
  }

  // A stream from a log of events: a snapshot or a resumption, then what follows.
  template <typename Response, typename Snapshot>
  Status Serve(ServerContext* context, ServerWriter<Response>* writer, const std::string& token,
               const std::vector<Response>& log, const Snapshot& snapshot) {
    std::unique_lock lock(mutex_);
    tokens_.push_back(token);
    std::size_t position = log.size();
    const int generation = stream_generation_;
    Response first;
    if (token.empty()) {
      snapshot(first);
    } else {
      bool known = false;
      for (std::size_t i = 0; i <= log.size(); ++i) {
        if (TokenAt(i) == token) {
          position = i;
          known = true;
        }
      }
      if (!known)
        return {StatusCode::INVALID_ARGUMENT, "The resume token is not one of this daemon's."};
      first.mutable_resumed();
    }
    first.set_revision(position);
    first.set_resume_token(TokenAt(position));
    lock.unlock();
    writer->Write(first);
    lock.lock();
    for (;;) {
      while (position < log.size()) {
        Response event = log[position++];
        event.set_revision(position);
        event.set_resume_token(TokenAt(position));
        lock.unlock();
        writer->Write(event);
        lock.lock();
      }
      if (stopping_) return {StatusCode::UNAVAILABLE, "The daemon is stopping."};
      if (generation != stream_generation_) return stream_end_;
      if (context->IsCancelled()) return Status::CANCELLED;
      changed_.wait_for(lock, kLook);
    }
  }

  class AccountService final : public v1::Account::Service {
   public:
    explicit AccountService(Impl& impl) : impl_(impl) {}
    Status SignIn(ServerContext* context, const v1::SignInRequest* request,
                  v1::SignInResponse* response) override {
      if (Status status = impl_.Enter("SignIn"); !status.ok()) return status;
      {
        const std::lock_guard lock(impl_.mutex_);
        if (request->token() == "wrong")
          return {StatusCode::UNAUTHENTICATED, "The backend refused the token."};
        impl_.account_info_.set_state(v1::AccountInfo::STATE_SIGNED_IN);
        *response->mutable_account() = impl_.account_info_;
      }
      return impl_.Leave("SignIn", context);
    }
    Status SignOut(ServerContext*, const v1::SignOutRequest*,
                   v1::SignOutResponse* response) override {
      if (Status status = impl_.Enter("SignOut"); !status.ok()) return status;
      const std::lock_guard lock(impl_.mutex_);
      impl_.account_info_.set_state(v1::AccountInfo::STATE_SIGNED_OUT);
      *response->mutable_account() = impl_.account_info_;
      return Status::OK;
    }
    Status GetAccount(ServerContext*, const v1::GetAccountRequest*,
                      v1::GetAccountResponse* response) override {
      if (Status status = impl_.Enter("GetAccount"); !status.ok()) return status;
      const std::lock_guard lock(impl_.mutex_);
      *response->mutable_account() = impl_.account_info_;
      return Status::OK;
    }

   private:
    Impl& impl_;
  };

  class AdminService final : public v1::Admin::Service {
   public:
    explicit AdminService(Impl& impl) : impl_(impl) {}
    Status GetVersion(ServerContext*, const v1::GetVersionRequest*,
                      v1::GetVersionResponse* response) override {
      if (Status status = impl_.Enter("GetVersion"); !status.ok()) return status;
      response->set_version("9.8.7");
      response->set_api_major(1);
      response->set_api_minor(2);
      response->add_capabilities("typing");
      response->set_cipher_version("4.6.1 community");
      response->set_process_id(4242);
      return Status::OK;
    }
    Status GetStatistics(ServerContext*, const v1::GetStatisticsRequest*,
                         v1::GetStatisticsResponse* response) override {
      if (Status status = impl_.Enter("GetStatistics"); !status.ok()) return status;
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
    Impl& impl_;
  };

  class ConversationsService final : public v1::Conversations::Service {
   public:
    explicit ConversationsService(Impl& impl) : impl_(impl) {}
    Status ListConversations(ServerContext*, const v1::ListConversationsRequest* request,
                             v1::ListConversationsResponse* response) override {
      if (Status status = impl_.Enter("ListConversations"); !status.ok()) return status;
      const std::lock_guard lock(impl_.mutex_);
      const std::size_t size = request->page_size() == 0 ? 50 : request->page_size();
      std::size_t at = request->page_token().empty() ? 0 : std::stoul(request->page_token());
      for (std::size_t i = 0; i < size && at < impl_.list_.size(); ++i, ++at) {
        *response->add_conversations() = impl_.list_[at];
      }
      if (at < impl_.list_.size()) response->set_next_page_token(std::to_string(at));
      response->set_total_count(impl_.list_.size());
      response->mutable_freshness()->set_revision(7);
      response->mutable_freshness()->set_live(true);
      return Status::OK;
    }
    Status GetConversation(ServerContext*, const v1::GetConversationRequest* request,
                           v1::GetConversationResponse* response) override {
      if (Status status = impl_.Enter("GetConversation"); !status.ok()) return status;
      return impl_.Find(request->conversation_id(), response->mutable_conversation());
    }
    Status WatchConversations(ServerContext* context, const v1::WatchConversationsRequest* request,
                              ServerWriter<v1::WatchConversationsResponse>* writer) override {
      if (Status status = impl_.Enter("WatchConversations"); !status.ok()) return status;
      return impl_.Serve(context, writer, request->resume_token(), impl_.conversation_log_,
                         [&](v1::WatchConversationsResponse& first) {
                           for (const auto& conversation : impl_.list_) {
                             *first.mutable_snapshot()->add_conversations() = conversation;
                           }
                           first.mutable_snapshot()->set_total_count(impl_.list_.size());
                         });
    }
    Status OpenConversation(ServerContext*, const v1::OpenConversationRequest* request,
                            v1::OpenConversationResponse*) override {
      if (Status status = impl_.Enter("OpenConversation"); !status.ok()) return status;
      v1::Conversation ignored;
      return impl_.Find(request->conversation_id(), &ignored);
    }
    Status CloseConversation(ServerContext*, const v1::CloseConversationRequest*,
                             v1::CloseConversationResponse*) override {
      return impl_.Enter("CloseConversation");
    }
    Status MarkRead(ServerContext*, const v1::MarkReadRequest* request,
                    v1::MarkReadResponse* response) override {
      if (Status status = impl_.Enter("MarkRead"); !status.ok()) return status;
      return impl_.Find(request->conversation_id(), response->mutable_conversation());
    }

   private:
    Impl& impl_;
  };

  class MessagesService final : public v1::Messages::Service {
   public:
    explicit MessagesService(Impl& impl) : impl_(impl) {}
    Status ListMessages(ServerContext*, const v1::ListMessagesRequest* request,
                        v1::ListMessagesResponse* response) override {
      if (Status status = impl_.Enter("ListMessages"); !status.ok()) return status;
      v1::Conversation ignored;
      if (Status status = impl_.Find(request->conversation_id(), &ignored); !status.ok())
        return status;
      return impl_.Page(*request, response);
    }
    Status WatchMessages(ServerContext* context, const v1::WatchMessagesRequest* request,
                         ServerWriter<v1::WatchMessagesResponse>* writer) override {
      if (Status status = impl_.Enter("WatchMessages"); !status.ok()) return status;
      v1::Conversation ignored;
      if (Status status = impl_.Find(request->conversation_id(), &ignored); !status.ok())
        return status;
      const std::vector<v1::WatchMessagesResponse>* log = nullptr;
      {
        const std::lock_guard lock(impl_.mutex_);
        log = &impl_.message_logs_[request->conversation_id()];
      }
      return impl_.Serve(
          context, writer, request->resume_token(), *log, [&](v1::WatchMessagesResponse& first) {
            const std::vector<v1::Message>& all = impl_.contents_[request->conversation_id()];
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
      if (Status status = impl_.Enter("SendMessage"); !status.ok()) return status;
      v1::Conversation ignored;
      if (Status status = impl_.Find(request->conversation_id(), &ignored); !status.ok())
        return status;
      impl_.Store(*request, response->mutable_message());
      return impl_.Leave("SendMessage", context);
    }

   private:
    Impl& impl_;
  };

  class SyncService final : public v1::Sync::Service {
   public:
    explicit SyncService(Impl& impl) : impl_(impl) {}
    Status WatchStatus(ServerContext* context, const v1::WatchStatusRequest*,
                       ServerWriter<v1::WatchStatusResponse>* writer) override {
      if (Status status = impl_.Enter("WatchStatus"); !status.ok()) return status;
      std::unique_lock lock(impl_.mutex_);
      for (int shown = -1;;) {
        if (shown != impl_.status_generation_) {
          shown = impl_.status_generation_;
          v1::WatchStatusResponse response;
          *response.mutable_status() = impl_.status_;
          lock.unlock();
          writer->Write(response);
          lock.lock();
          continue;
        }
        if (impl_.stopping_) return {StatusCode::UNAVAILABLE, "The daemon is stopping."};
        if (context->IsCancelled()) return Status::CANCELLED;
        impl_.changed_.wait_for(lock, kLook);
      }
    }
    Status SyncNow(ServerContext*, const v1::SyncNowRequest*, v1::SyncNowResponse*) override {
      return impl_.Enter("SyncNow");
    }

   private:
    Impl& impl_;
  };

  Status Page(const v1::ListMessagesRequest& request, v1::ListMessagesResponse* response) {
    const std::lock_guard lock(mutex_);
    const std::vector<v1::Message>& all = contents_[request.conversation_id()];
    std::size_t end = all.size();
    if (!request.before_message_id().empty()) {
      const auto before = std::find_if(all.begin(), all.end(), [&](const auto& message) {
        return message.id() == request.before_message_id();
      });
      if (before == all.end()) return {StatusCode::NOT_FOUND, "There is no such message."};
      end = static_cast<std::size_t>(before - all.begin());
    }
    const std::size_t size = request.page_size() == 0 ? 50 : request.page_size();
    std::size_t begin = end > size ? end - size : 0;
    const auto gap = gaps_.find(request.conversation_id());
    if (gap != gaps_.end()) {
      for (std::size_t i = end; i > begin; --i) {
        if (all[i - 1].sequence() > gap->second.to) continue;
        begin = i;
        break;
      }
      const bool just_before = begin == end || all[begin].sequence() == gap->second.to + 1;
      if (just_before && begin > 0) {
        response->mutable_gap_before()->set_from_sequence(gap->second.from);
        response->mutable_gap_before()->set_to_sequence(gap->second.to);
        response->mutable_gap_before()->set_reason(v1::Gap::REASON_NOT_FETCHED);
      }
    }
    for (std::size_t i = begin; i < end; ++i) *response->add_messages() = all[i];
    response->set_has_more(begin > 0);
    response->set_total_count(all.size());
    const bool fetch = request.policy() != v1::ListMessagesRequest::POLICY_CACHE_ONLY;
    if (fetch && response->has_gap_before()) gaps_.erase(gap);
    return Status::OK;
  }

  void Store(const v1::SendMessageRequest& request, v1::Message* stored) {
    const std::lock_guard lock(mutex_);
    sends_.push_back(request);
    std::vector<v1::Message>& all = contents_[request.conversation_id()];
    for (const v1::Message& message : all) {
      if (message.id() != request.id()) continue;
      *stored = message;
      return;
    }
    stored->set_id(request.id());
    stored->set_conversation_id(request.conversation_id());
    stored->set_role(v1::ROLE_USER);
    stored->set_content(request.content());
    stored->set_content_type(request.content_type().empty() ? "text/plain"
                                                            : request.content_type());
    *stored->mutable_metadata() = request.metadata();
    stored->set_delivery(v1::DELIVERY_STATE_QUEUED);
    all.push_back(*stored);
    v1::WatchMessagesResponse event;
    *event.mutable_delta()->add_upserted() = *stored;
    message_logs_[request.conversation_id()].push_back(event);
    changed_.notify_all();
  }

  const std::string path_;
  AccountService account_;
  AdminService admin_;
  ConversationsService conversations_;
  MessagesService messages_;
  SyncService sync_;
  std::unique_ptr<grpc::Server> server_;
  int starts_ = 0;

  // The rest is guarded by mutex_; changed_ is told of each change.
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool stopping_ = false;
  int epoch_ = 1;
  int status_generation_ = 0;
  int stream_generation_ = 0;
  Status stream_end_;
  v1::AccountInfo account_info_;
  v1::SyncStatus status_;
  std::vector<v1::Conversation> list_;
  std::map<std::string, std::vector<v1::Message>> contents_;
  std::map<std::string, GapRange> gaps_;
  std::vector<v1::WatchConversationsResponse> conversation_log_;
  std::map<std::string, std::vector<v1::WatchMessagesResponse>> message_logs_;
  std::map<std::string, int> calls_;
  std::map<std::string, Status> failures_;
  std::set<std::string> held_;
  std::vector<v1::SendMessageRequest> sends_;
  std::vector<std::string> tokens_;
};

FakeDaemon::FakeDaemon(std::string socket_path)
    : impl_(std::make_unique<Impl>(std::move(socket_path))) {}
FakeDaemon::~FakeDaemon() {
  Stop();
}

void FakeDaemon::Start() {
  impl_->Start();
}
void FakeDaemon::Stop() {
  impl_->Stop();
}

void FakeDaemon::Put(const v1::Conversation& conversation) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->list_.push_back(conversation);
}

void FakeDaemon::Put(const v1::Message& message) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->contents_[message.conversation_id()].push_back(message);
}

void FakeDaemon::PutGap(const std::string& conversation_id, std::uint64_t from, std::uint64_t to) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->gaps_[conversation_id] = {from, to};
}

void FakeDaemon::SetAccount(const v1::AccountInfo& account) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->account_info_ = account;
}

void FakeDaemon::SetStatus(const v1::SyncStatus& status) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->status_ = status;
  ++impl_->status_generation_;
  impl_->changed_.notify_all();
}

void FakeDaemon::Push(v1::WatchConversationsResponse event) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->conversation_log_.push_back(std::move(event));
  impl_->changed_.notify_all();
}

void FakeDaemon::Push(const std::string& conversation_id, v1::WatchMessagesResponse event) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->message_logs_[conversation_id].push_back(std::move(event));
  impl_->changed_.notify_all();
}

void FakeDaemon::ForgetTokens() {
  const std::lock_guard lock(impl_->mutex_);
  ++impl_->epoch_;
}

void FakeDaemon::EndStreams(int grpc_code, const std::string& message) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->stream_end_ = Status(static_cast<StatusCode>(grpc_code), message);
  ++impl_->stream_generation_;
  impl_->changed_.notify_all();
}

void FakeDaemon::FailNext(const std::string& call, int grpc_code, const std::string& message) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->failures_[call] = Status(static_cast<StatusCode>(grpc_code), message);
}

void FakeDaemon::HoldNext(const std::string& call) {
  const std::lock_guard lock(impl_->mutex_);
  impl_->held_.insert(call);
}

int FakeDaemon::Calls(const std::string& call) const {
  const std::lock_guard lock(impl_->mutex_);
  const auto found = impl_->calls_.find(call);
  return found == impl_->calls_.end() ? 0 : found->second;
}

void FakeDaemon::AwaitCalls(const std::string& call, int count) const {
  std::unique_lock lock(impl_->mutex_);
  impl_->changed_.wait(lock, [&] { return impl_->calls_[call] >= count; });
}

std::vector<v1::SendMessageRequest> FakeDaemon::sends() const {
  const std::lock_guard lock(impl_->mutex_);
  return impl_->sends_;
}

std::vector<std::string> FakeDaemon::resume_tokens() const {
  const std::lock_guard lock(impl_->mutex_);
  return impl_->tokens_;
}

TempFolder::TempFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "hark-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

v1::Conversation MakeConversation(const std::string& id, const std::string& title) {
  v1::Conversation conversation;
  conversation.set_id(id);
  conversation.set_title(title);
  conversation.mutable_last_activity_at()->set_seconds(1'700'000'000);
  conversation.set_sync_state(v1::Conversation::SYNC_STATE_COMPLETE);
  return conversation;
}

v1::Message MakeMessage(const std::string& conversation_id, const std::string& id,
                        std::uint64_t sequence, const std::string& content) {
  v1::Message message;
  message.set_id(id);
  message.set_conversation_id(conversation_id);
  message.set_role(sequence % 2 == 1 ? v1::ROLE_USER : v1::ROLE_ASSISTANT);
  message.set_content(content);
  message.set_content_type("text/plain");
  message.mutable_created_at()->set_seconds(static_cast<std::int64_t>(1'700'000'000 + sequence));
  message.set_sequence(sequence);
  message.set_revision(1);
  message.set_delivery(v1::DELIVERY_STATE_SENT);
  return message;
}

}  // namespace hark::test
