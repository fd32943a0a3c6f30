// What a FakeDaemon knows, and how its calls work on that; the services in fake_services.cc only
// translate.

#ifndef HARK_TESTS_UNIT_CLIENT_SDK_FAKE_STATE_H_
#define HARK_TESTS_UNIT_CLIENT_SDK_FAKE_STATE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <grpcpp/impl/codegen/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/sync_stream.h>

#include "hark/v1/account.pb.h"
#include "hark/v1/conversations.pb.h"
#include "hark/v1/drafts.pb.h"
#include "hark/v1/keys.pb.h"
#include "hark/v1/messages.pb.h"
#include "hark/v1/search.pb.h"
#include "hark/v1/sync.pb.h"
#include "hark/v1/view_states.pb.h"

namespace hark::test {

// gRPC's synchronous server has no call-back for a client that goes away; handlers look this often.
inline constexpr std::chrono::milliseconds kLook{10};

struct FakeState {
  struct GapRange {
    std::uint64_t from;
    std::uint64_t to;
  };

  FakeState();

  // Counts the call and gives the failure that the test asked for.
  grpc::Status Enter(const std::string& call);
  // Blocks, if the test asked for it, until the connection is gone.
  grpc::Status Leave(const std::string& call, grpc::ServerContext* context);

  grpc::Status Find(const std::string& id, v1::Conversation* found);
  grpc::Status Page(const v1::ListMessagesRequest& request, v1::ListMessagesResponse* response);
  void Store(const v1::SendMessageRequest& request, v1::Message* stored);

  // Changes one message by `change`, which says whether the action fits, and answers it.
  template <typename Request, typename Change>
  grpc::Status Act(const std::string& call, const Request& request, v1::Message* answer,
                   const Change& change) {
    if (grpc::Status refused = Enter(call); !refused.ok()) return refused;
    const std::lock_guard lock(mutex);
    for (v1::Message& message : contents[request.conversation_id()]) {
      if (message.id() != request.message_id()) continue;
      if (!change(message)) return WrongState();
      *answer = message;
      return grpc::Status::OK;
    }
    return {grpc::StatusCode::NOT_FOUND, "There is no such message."};
  }
  // FAILED_PRECONDITION with the detail PRECONDITION, as the daemon gives it.
  static grpc::Status WrongState();
  [[nodiscard]] std::string TokenAt(std::size_t position) const;

  template <typename Response>
  static void SetPosition(Response& event, std::uint64_t position) {
    event.set_revision(position);
  }
  static void SetPosition(v1::WatchDraftsResponse& event, std::uint64_t position) {
    event.set_version(position);
  }

  // A stream from a log of events: a snapshot or a resumption, then what follows.
  template <typename Response, typename Snapshot>
  grpc::Status Serve(grpc::ServerContext* context, grpc::ServerWriter<Response>* writer,
                     const std::string& token, const std::vector<Response>& log,
                     const Snapshot& snapshot) {
    std::unique_lock lock(mutex);
    tokens.push_back(token);
    std::size_t position = log.size();
    const int generation = stream_generation;
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
        return {grpc::StatusCode::INVALID_ARGUMENT,
                "The resume token is not one of this daemon's."};
      first.mutable_resumed();
    }
    SetPosition(first, position);
    first.set_resume_token(TokenAt(position));
    lock.unlock();
    writer->Write(first);
    lock.lock();
    for (;;) {
      while (position < log.size()) {
        Response event = log[position++];
        SetPosition(event, position);
        event.set_resume_token(TokenAt(position));
        lock.unlock();
        writer->Write(event);
        lock.lock();
      }
      if (stopping) return {grpc::StatusCode::UNAVAILABLE, "The daemon is stopping."};
      if (generation != stream_generation) return stream_end;
      if (context->IsCancelled()) return grpc::Status::CANCELLED;
      changed.wait_for(lock, kLook);
    }
  }

  // All of it is guarded by mutex; changed is told of each change.
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  bool has_page_anchors = true;
  std::string api_version;
  int epoch = 1;
  int status_generation = 0;
  int stream_generation = 0;
  grpc::Status stream_end;
  v1::AccountInfo account_info;
  v1::KeyStatus keys;
  v1::SyncStatus status;
  std::vector<v1::Conversation> list;
  std::map<std::string, std::vector<v1::Message>> contents;
  std::map<std::string, GapRange> gaps;
  std::vector<v1::WatchConversationsResponse> conversation_log;
  std::map<std::string, std::vector<v1::WatchMessagesResponse>> message_logs;
  std::map<std::string, int> calls;
  std::map<std::string, grpc::Status> failures;
  std::set<std::string> held;
  std::vector<v1::SendMessageRequest> sends;
  std::vector<v1::SearchMessagesRequest> searches;
  v1::SearchIndexState search_index;
  std::vector<v1::OutboxEntry> outbox;  // In submit order.
  std::vector<v1::ListOutboxRequest> outbox_requests;
  std::vector<std::string> tokens;
  std::map<std::string, v1::Draft> drafts;
  std::vector<v1::WatchDraftsResponse> draft_log;
  std::map<std::string, v1::ViewState> view_states;  // By conversation, "/" and UI.
};

// One object for each service of hark.v1; they use `state`, which must outlive them.
[[nodiscard]] std::vector<std::unique_ptr<grpc::Service>> MakeFakeServices(FakeState& state);
// Those of drafts and view states (fake_user_state.cc).
void AddFakeKeys(FakeState& state, std::vector<std::unique_ptr<grpc::Service>>& services);
void AddFakeUserState(FakeState& state, std::vector<std::unique_ptr<grpc::Service>>& services);

}  // namespace hark::test

#endif  // HARK_TESTS_UNIT_CLIENT_SDK_FAKE_STATE_H_
