#include "tests/unit/client_sdk/fake_daemon.h"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "tests/unit/client_sdk/fake_state.h"

namespace hark::test {

class FakeDaemon::Impl {
 public:
  explicit Impl(std::string socket_path) : path_(std::move(socket_path)) {}

  void Start() {
    {
      const std::lock_guard lock(state.mutex);
      state.stopping = false;
    }
    // gRPC removes the path that it was given some time after its server is gone, which could be
    // the next server's socket: so each has a path of its own, renamed to the one that clients
    // know.
    const std::string own_path = path_ + "." + std::to_string(++starts_);
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + own_path, grpc::InsecureServerCredentials());
    for (const auto& service : services_) builder.RegisterService(service.get());
    server_ = builder.BuildAndStart();
    if (!server_) std::abort();
    std::filesystem::rename(own_path, path_);
  }

  void Stop() {
    if (!server_) return;
    std::filesystem::remove(path_);
    {
      const std::lock_guard lock(state.mutex);
      state.stopping = true;
      state.changed.notify_all();
    }
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }

  FakeState state;

 private:
  const std::string path_;
  const std::vector<std::unique_ptr<grpc::Service>> services_ = MakeFakeServices(state);
  std::unique_ptr<grpc::Server> server_;
  int starts_ = 0;
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
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.list.push_back(conversation);
}

void FakeDaemon::Put(const v1::Message& message) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.contents[message.conversation_id()].push_back(message);
}

void FakeDaemon::Put(const v1::OutboxEntry& entry) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.outbox.push_back(entry);
  impl_->state.outbox.back().set_position(impl_->state.outbox.size());
}

void FakeDaemon::PutGap(const std::string& conversation_id, std::uint64_t from, std::uint64_t to) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.gaps[conversation_id] = {from, to};
}

void FakeDaemon::SetAccount(const v1::AccountInfo& account) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.account_info = account;
}

void FakeDaemon::SetKeys(const v1::KeyStatus& keys) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.keys = keys;
}

void FakeDaemon::SetStatus(const v1::SyncStatus& status) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.status = status;
  ++impl_->state.status_generation;
  impl_->state.changed.notify_all();
}

void FakeDaemon::Push(v1::WatchConversationsResponse event) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.conversation_log.push_back(std::move(event));
  impl_->state.changed.notify_all();
}

void FakeDaemon::Push(const std::string& conversation_id, v1::WatchMessagesResponse event) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.message_logs[conversation_id].push_back(std::move(event));
  impl_->state.changed.notify_all();
}

void FakeDaemon::ForgetTokens() {
  const std::lock_guard lock(impl_->state.mutex);
  ++impl_->state.epoch;
}

void FakeDaemon::ForgetPageAnchors() {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.has_page_anchors = false;
}

void FakeDaemon::EndStreams(int grpc_code, const std::string& message) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.stream_end = grpc::Status(static_cast<grpc::StatusCode>(grpc_code), message);
  ++impl_->state.stream_generation;
  impl_->state.changed.notify_all();
}

void FakeDaemon::FailNext(const std::string& call, int grpc_code, const std::string& message) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.failures[call] = grpc::Status(static_cast<grpc::StatusCode>(grpc_code), message);
}

void FakeDaemon::HoldNext(const std::string& call) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.held.insert(call);
}

int FakeDaemon::Calls(const std::string& call) const {
  const std::lock_guard lock(impl_->state.mutex);
  const auto found = impl_->state.calls.find(call);
  return found == impl_->state.calls.end() ? 0 : found->second;
}

void FakeDaemon::AwaitCalls(const std::string& call, int count) const {
  std::unique_lock lock(impl_->state.mutex);
  impl_->state.changed.wait(lock, [&] { return impl_->state.calls[call] >= count; });
}

std::vector<v1::SearchMessagesRequest> FakeDaemon::searches() const {
  const std::lock_guard lock(impl_->state.mutex);
  return impl_->state.searches;
}

std::vector<v1::ListOutboxRequest> FakeDaemon::outbox_requests() const {
  const std::lock_guard lock(impl_->state.mutex);
  return impl_->state.outbox_requests;
}

void FakeDaemon::SetSearchIndex(const v1::SearchIndexState& index) {
  const std::lock_guard lock(impl_->state.mutex);
  impl_->state.search_index = index;
}

std::vector<v1::SendMessageRequest> FakeDaemon::sends() const {
  const std::lock_guard lock(impl_->state.mutex);
  return impl_->state.sends;
}

std::string FakeDaemon::api_version() const {
  const std::lock_guard lock(impl_->state.mutex);
  return impl_->state.api_version;
}

std::vector<std::string> FakeDaemon::resume_tokens() const {
  const std::lock_guard lock(impl_->state.mutex);
  return impl_->state.tokens;
}

v1::Conversation MakeConversation(const std::string& id, const std::string& title) {
  v1::Conversation conversation;
  conversation.set_id(id);
  conversation.set_title(title);
  conversation.mutable_last_activity_at()->set_seconds(1'700'000'000);
  conversation.set_sync_state(v1::Conversation::SYNC_STATE_COMPLETE);
  return conversation;
}

v1::OutboxEntry MakeOutboxEntry(const std::string& conversation_id, const std::string& message_id,
                                v1::DeliveryState delivery, const std::string& preview) {
  v1::OutboxEntry entry;
  entry.set_kind(v1::OutboxEntry::KIND_SEND);
  entry.set_conversation_id(conversation_id);
  entry.set_message_id(message_id);
  entry.set_delivery(delivery);
  entry.mutable_submitted_at()->set_seconds(1'700'000'000);
  entry.set_content_type("text/plain");
  entry.set_preview(preview);
  entry.set_message_is_here(true);
  return entry;
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
