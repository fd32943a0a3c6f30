#ifndef HARK_TESTS_UNIT_BACKEND_SUPPORT_H_
#define HARK_TESTS_UNIT_BACKEND_SUPPORT_H_

// What the backend's tests share: a clock that is turned by hand, a data folder that goes away, the
// real store in it, and a client that talks to a session without a socket.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/scratch_folder.h"
#include "tools/backend/archive.h"
#include "tools/backend/archive_import.h"
#include "tools/backend/clock.h"
#include "tools/backend/hub.h"
#include "tools/backend/limits.h"
#include "tools/backend/session.h"
#include "tools/backend/tiered_store.h"
#include "tools/backend/users.h"
#include "tools/backend/working_memory.h"

namespace hark::backend {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] TimePoint Now() const override { return now_; }
  [[nodiscard]] SteadyPoint Steady() const override { return steady_; }
  void Advance(std::chrono::milliseconds by) {
    now_ += by;
    steady_ += by;
  }

 private:
  TimePoint now_{std::chrono::hours(24) * 20'000};  // 2024-10-04
  SteadyPoint steady_{std::chrono::hours(1)};
};

inline Message MakeMessage(const std::string& id, const std::string& content,
                           const std::string& conversation = "c") {
  Message message;
  message.set_id(id);
  message.set_conversation_id(conversation);
  message.set_role(wire::ROLE_USER);
  message.set_content(content);
  return message;
}

// A backend without sockets: user "ana" with an empty conversation "c".
class BackendFixture {
 public:
  explicit BackendFixture(std::uint64_t change_log_limit = kDefaultChangeLogLimit)
      : change_log_limit_(change_log_limit) {
    users = std::move(*Users::Open(dir / "users.db", clock));
    user = users->Add("ana")->id;
    token = users->CreateToken("ana", std::nullopt)->token;
    (void)OpenArchive()->CreateConversation(user, "c", "Title");
    Reopen();
  }

  std::unique_ptr<Archive> OpenArchive() {
    return std::move(*Archive::Open(dir / "archive.db", clock, change_log_limit_));
  }

  // As after a restart: the working memory is made anew from the archive.
  void Reopen() {
    store.reset();
    auto memory = std::move(*WorkingMemory::Open(dir / "memory", std::size_t{64} << 20));
    store = std::move(*TieredStore::Open(OpenArchive(), std::move(memory), clock));
  }

  void AppendMany(int count, const std::string& conversation = "c") {
    for (int i = 0; i < count; ++i) {
      const std::string id = "m" + std::to_string(++appended_);
      ASSERT_TRUE(store->Append(user, MakeMessage(id, "text of " + id, conversation)));
    }
  }

  std::uint64_t Head() { return store->GetLog(user)->head; }

  test::ScratchFolder dir;
  FakeClock clock;
  Hub hub;
  std::unique_ptr<Users> users;
  std::unique_ptr<TieredStore> store;
  UserId user;
  std::string token;

 private:
  std::uint64_t change_log_limit_;
  int appended_ = 0;
};

// The other end of a session.
class FakeClient final : public SessionOutput {
 public:
  explicit FakeClient(BackendFixture& backend, Encoding encoding = Encoding::kProto,
                      Responder* responder = nullptr)
      : services_{*backend.store, *backend.users, backend.hub, backend.clock, responder, 30'000},
        encoding_(encoding),
        session_(std::make_unique<Session>(services_, encoding, *this)) {}

  void Send(std::string frame) override { frames_.push_back(std::move(frame)); }
  void Close(CloseKind kind) override { closed = kind; }
  void Abort() override { aborted = true; }
  [[nodiscard]] std::size_t QueuedBytes() const override { return queued_bytes; }
  [[nodiscard]] std::optional<SteadyPoint> WritingSince() const override { return writing_since; }

  void Say(const wire::ClientFrame& frame) {
    session_->OnMessage(frame.SerializeAsString(), encoding_ == Encoding::kJson);
  }

  // The next frame; an empty one if there is none.
  wire::ServerFrame Hear() {
    wire::ServerFrame frame;
    if (frames_.empty()) return frame;
    EXPECT_TRUE(frame.ParseFromString(frames_.front()));
    frames_.pop_front();
    return frame;
  }

  wire::ServerFrame Ask(const wire::ClientFrame& frame) {
    frames_.clear();
    Say(frame);
    return Hear();
  }

  wire::Welcome Greet(const std::string& token, std::optional<wire::Cursor> cursor = {}) {
    wire::ClientFrame frame;
    frame.mutable_hello()->set_token(token);
    if (cursor) *frame.mutable_hello()->mutable_cursor() = *cursor;
    return Ask(frame).welcome();
  }

  void Subscribe(const std::string& conversation) {
    wire::ClientFrame frame;
    frame.mutable_subscribe()->add_add(conversation);
    Say(frame);
  }

  wire::ServerFrame Append(const Message& message) {
    wire::ClientFrame frame;
    frame.mutable_append()->set_request_id(++request_id_);
    *frame.mutable_append()->mutable_message() = message;
    return Ask(frame);
  }

  Session& session() { return *session_; }
  [[nodiscard]] const std::deque<std::string>& frames() const { return frames_; }

  std::optional<CloseKind> closed;
  bool aborted = false;
  std::size_t queued_bytes = 0;
  std::optional<SteadyPoint> writing_since;

 private:
  SessionServices services_;
  Encoding encoding_;
  std::deque<std::string> frames_;
  std::uint64_t request_id_ = 0;
  std::unique_ptr<Session> session_;
};

}  // namespace hark::backend

#endif  // HARK_TESTS_UNIT_BACKEND_SUPPORT_H_
