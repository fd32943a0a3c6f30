// A small harkd for tests of clients: serves all of hark.v1 on a Unix socket from values that the
// test puts in, and can be stopped and started again on the same path, keeping them. Follows the
// contract of proto/hark/v1 as far as tests need it.

#ifndef HARK_TESTS_UNIT_CLIENT_SDK_FAKE_DAEMON_H_
#define HARK_TESTS_UNIT_CLIENT_SDK_FAKE_DAEMON_H_

#include <memory>
#include <string>
#include <vector>

#include "hark/v1/account.pb.h"
#include "hark/v1/conversations.pb.h"
#include "hark/v1/keys.pb.h"
#include "hark/v1/messages.pb.h"
#include "hark/v1/search.pb.h"
#include "hark/v1/sync.pb.h"
#include "hark/v1/types.pb.h"

namespace hark::test {

// Thread-safe. Calls are named as in the .proto: "SendMessage".
class FakeDaemon {
 public:
  explicit FakeDaemon(std::string socket_path);
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;
  ~FakeDaemon();

  void Start();
  // Every open call and stream breaks.
  void Stop();

  // What it serves.
  void Put(const v1::Conversation& conversation);
  void Put(const v1::Message& message);
  // At the end of the outbox.
  void Put(const v1::OutboxEntry& entry);
  // Between the messages with these sequences nothing is cached; CACHE_THEN_SYNC "fetches" it for
  // the next call.
  void PutGap(const std::string& conversation_id, std::uint64_t from, std::uint64_t to);
  void SetAccount(const v1::AccountInfo& account);
  // Watchers are told.
  void SetStatus(const v1::SyncStatus& status);
  void SetKeys(const v1::KeyStatus& keys);

  // Sends an event to the watchers, with the next revision and resume token.
  void Push(v1::WatchConversationsResponse event);
  void Push(const std::string& conversation_id, v1::WatchMessagesResponse event);
  // Resume tokens from before this are refused from now on.
  void ForgetTokens();
  // Becomes a daemon without the capability "page-anchors".
  void ForgetPageAnchors();
  // Ends the streams that are open with this status.
  void EndStreams(int grpc_code, const std::string& message);

  // The next call of this name fails so, without an effect.
  void FailNext(const std::string& call, int grpc_code, const std::string& message);
  // The next call of this name has its effect, and is then never answered: Stop() breaks it.
  void HoldNext(const std::string& call);

  // How often it was called, failed calls included; the second waits until it is at least so many.
  [[nodiscard]] int Calls(const std::string& call) const;
  void AwaitCalls(const std::string& call, int count) const;
  [[nodiscard]] std::vector<v1::SendMessageRequest> sends() const;
  // What the last GetVersion said in its metadata.
  [[nodiscard]] std::string api_version() const;
  [[nodiscard]] std::vector<v1::SearchMessagesRequest> searches() const;
  [[nodiscard]] std::vector<v1::ListOutboxRequest> outbox_requests() const;
  void SetSearchIndex(const v1::SearchIndexState& index);
  // The resume tokens that watchers came with, in order.
  [[nodiscard]] std::vector<std::string> resume_tokens() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Values with the usual fields set.
[[nodiscard]] v1::Conversation MakeConversation(const std::string& id, const std::string& title);
[[nodiscard]] v1::OutboxEntry MakeOutboxEntry(const std::string& conversation_id,
                                              const std::string& message_id,
                                              v1::DeliveryState delivery,
                                              const std::string& preview);
[[nodiscard]] v1::Message MakeMessage(const std::string& conversation_id, const std::string& id,
                                      std::uint64_t sequence, const std::string& content);

}  // namespace hark::test

#endif  // HARK_TESTS_UNIT_CLIENT_SDK_FAKE_DAEMON_H_
