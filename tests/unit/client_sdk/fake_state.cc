#include "tests/unit/client_sdk/fake_state.h"

#include <algorithm>

#include "hark/v1/errors.pb.h"

namespace hark::test {

using grpc::ServerContext;
using grpc::Status;
using grpc::StatusCode;

FakeState::FakeState() {
  account_info.set_state(v1::AccountInfo::STATE_SIGNED_IN);
  account_info.set_user_id("alice");
  account_info.set_backend_url("wss://backend.example");
  status.set_state(v1::SyncStatus::STATE_LIVE);
  search_index.set_complete(true);
  keys.set_state(v1::KeyStatus::STATE_READY);
  keys.set_kind("file");
  keys.set_generation(1);
}

Status FakeState::Enter(const std::string& call) {
  const std::lock_guard lock(mutex);
  ++calls[call];
  changed.notify_all();
  auto failure = failures.find(call);
  if (failure == failures.end()) return Status::OK;
  Status asked = failure->second;
  failures.erase(failure);
  return asked;
}

Status FakeState::Leave(const std::string& call, ServerContext* context) {
  std::unique_lock lock(mutex);
  if (held.erase(call) == 0) return Status::OK;
  while (!context->IsCancelled()) changed.wait_for(lock, kLook);
  return {StatusCode::CANCELLED, "held"};
}

Status FakeState::Find(const std::string& id, v1::Conversation* found) {
  const std::lock_guard lock(mutex);
  for (const v1::Conversation& conversation : list) {
    if (conversation.id() == id) {
      *found = conversation;
      return Status::OK;
    }
  }
  return {StatusCode::NOT_FOUND, "There is no such conversation."};
}

std::string FakeState::TokenAt(std::size_t position) const {
  return std::to_string(epoch) + ":" + std::to_string(position);
}

Status FakeState::Page(const v1::ListMessagesRequest& request, v1::ListMessagesResponse* response) {
  const std::lock_guard lock(mutex);
  const std::vector<v1::Message>& all = contents[request.conversation_id()];
  const std::string& anchor = !request.before_message_id().empty()  ? request.before_message_id()
                              : !request.after_message_id().empty() ? request.after_message_id()
                                                                    : request.around_message_id();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto& message) { return message.id() == anchor; });
  if (!anchor.empty() && found == all.end())
    return {StatusCode::NOT_FOUND, "There is no such message."};
  const auto place = static_cast<std::size_t>(found - all.begin());
  const std::size_t size = request.page_size() == 0 ? 50 : request.page_size();
  std::size_t end = all.size();
  if (!request.before_message_id().empty()) end = place;
  if (!request.after_message_id().empty()) end = std::min(all.size(), place + 1 + size);
  if (!request.around_message_id().empty()) end = std::min(all.size(), place + 1 + size / 2);
  std::size_t begin = end > size ? end - size : 0;
  if (!request.after_message_id().empty()) begin = place + 1;
  const auto gap = gaps.find(request.conversation_id());
  if (gap != gaps.end()) {
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
  response->set_has_more_after(end < all.size());
  response->set_total_count(all.size());
  const bool fetch = request.policy() != v1::ListMessagesRequest::POLICY_CACHE_ONLY;
  if (fetch && response->has_gap_before()) gaps.erase(gap);
  return Status::OK;
}

void FakeState::Store(const v1::SendMessageRequest& request, v1::Message* stored) {
  const std::lock_guard lock(mutex);
  sends.push_back(request);
  std::vector<v1::Message>& all = contents[request.conversation_id()];
  for (const v1::Message& message : all) {
    if (message.id() != request.id()) continue;
    *stored = message;
    return;
  }
  stored->set_id(request.id());
  stored->set_conversation_id(request.conversation_id());
  stored->set_role(v1::ROLE_USER);
  stored->set_content(request.content());
  stored->set_content_type(request.content_type().empty() ? "text/plain" : request.content_type());
  *stored->mutable_metadata() = request.metadata();
  stored->set_delivery(v1::DELIVERY_STATE_QUEUED);
  all.push_back(*stored);
  v1::WatchMessagesResponse event;
  *event.mutable_delta()->add_upserted() = *stored;
  message_logs[request.conversation_id()].push_back(event);
  changed.notify_all();
}

Status FakeState::WrongState() {
  v1::ErrorDetail detail;
  detail.set_reason("PRECONDITION");
  v1::StatusDetails details;
  details.set_code(StatusCode::FAILED_PRECONDITION);
  details.set_message("The action does not fit the message.");
  details.add_details()->PackFrom(detail);
  return {StatusCode::FAILED_PRECONDITION, details.message(), details.SerializeAsString()};
}

}  // namespace hark::test
