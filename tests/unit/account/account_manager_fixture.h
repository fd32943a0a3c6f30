// An AccountManager over real files and key stores in memory, beside a backend that does what the
// test says. The test turns the I/O thread and the vault's by hand, piece by piece if it likes.

#ifndef HARK_TESTS_UNIT_ACCOUNT_ACCOUNT_MANAGER_FIXTURE_H_
#define HARK_TESTS_UNIT_ACCOUNT_ACCOUNT_MANAGER_FIXTURE_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "daemon/account/account_manager.h"
#include "daemon/base/notification.h"
#include "tests/unit/keys/vault_fixture.h"

namespace hark::account {

// What the backend says on one connection.
struct Line {
  explicit Line(const Executor& io) : arrived(io) {}
  void Tell(transport::ServerFrame frame) {
    to_client.push_back(std::move(frame));
    arrived.Notify();
  }

  std::deque<transport::ServerFrame> to_client;
  Notification arrived;
};

// The backend, as far as these tests need one. It has one conversation, "A", for everybody. A token
// is the name of its user, and what comes after a dash tells one token from the next.
struct Backend {
  bool is_reachable = true;
  bool answers = true;              // Who says Hello is welcome.
  bool renews = false;              // Tokens are near their end, and clients ask for others.
  std::vector<std::string> hellos;  // The tokens that came.
  std::optional<transport::RequestId> renewal;  // That was asked for on the newest connection.
  std::shared_ptr<Line> line;                   // The newest.
};

class BackendSession final : public transport::Session {
 public:
  BackendSession(Backend& backend, const Executor& io, WallTime now)
      : backend_(backend), now_(now), line_(std::make_shared<Line>(io)) {
    backend_.line = line_;
  }

  Task<void> Send(transport::ClientFrame frame) override {
    if (const auto* hello = std::get_if<transport::Hello>(&frame)) {
      const std::string token(hello->token.bytes());
      backend_.hellos.push_back(token);
      transport::Welcome welcome;
      welcome.user = UserId(token.substr(0, token.find('-')));
      welcome.resume = hello->cursor ? transport::Resume::kOk : transport::Resume::kNoCursor;
      welcome.cursor = {"epoch", 1};
      welcome.can_renew = backend_.renews;
      if (backend_.renews) welcome.token_expires_at = now_ + std::chrono::hours(1);
      if (backend_.answers) line_->Tell(std::move(welcome));
    }
    if (const auto* list = std::get_if<transport::ListConversations>(&frame)) {
      transport::ConversationPage page;
      page.request = list->request;
      page.conversations.emplace_back().id = ConversationId("A");
      page.total_count = 1;
      line_->Tell(std::move(page));
    }
    if (const auto* renew = std::get_if<transport::RenewToken>(&frame))
      backend_.renewal = renew->request;
    co_return Result<void>{};
  }
  Task<transport::ServerFrame> Receive() override {
    while (line_->to_client.empty()) {
      Result<void> woken = co_await line_->arrived.Wait();
      if (!woken) co_return tl::unexpected(woken.error());
    }
    transport::ServerFrame frame = std::move(line_->to_client.front());
    line_->to_client.pop_front();
    co_return std::move(frame);
  }
  asio::awaitable<void> Close() override { co_return; }

 private:
  Backend& backend_;
  const WallTime now_;
  const std::shared_ptr<Line> line_;
};

class ScriptedBackend final : public transport::Backend {
 public:
  ScriptedBackend(account::Backend& backend, Executor io, const Clock& clock)
      : backend_(backend), io_(std::move(io)), clock_(clock) {}
  Task<std::unique_ptr<transport::Session>> Connect() override {
    if (!backend_.is_reachable) co_return Fail(ErrorCode::kOffline, "so says the test");
    co_return std::make_unique<BackendSession>(backend_, io_, clock_.WallNow());
  }

 private:
  account::Backend& backend_;
  const Executor io_;
  const Clock& clock_;
};

class AccountManagerTest : public keys::VaultTest {
 protected:
  void SetUp() override {
    KeepUp();
    StartProcess();
  }
  void TearDown() override { EndProcess(); }

  // `kind`: what the flag says. Nothing is opened before something is asked.
  void StartProcess(std::optional<keys::KeyKind> kind = std::nullopt) {
    vault_ = NewVault(kind);
    auto retry = std::make_unique<test::FakeAlarm>(time_);
    retry_ = retry.get();
    manager_ = std::make_unique<AccountManager>(
        AccountOptions{
            .data_dir = folder_.path(),
            .backend_url = backend_url_,
            .backend = std::make_shared<ScriptedBackend>(backend_, io_.get_executor(), time_),
            .client = "harkd/test",
            .outbox_age = limits::kOutboxAge,
            .retention = {},
            .clock = time_,
            .metrics = metrics_,
            .vault = *vault_,
            .vault_thread = vault_thread_.get_executor(),
            .io = io_.get_executor(),
            .readers = io_.get_executor(),
            .patience = patience_,
        },
        std::move(retry));
  }
  // As the daemon ends: what the vault's thread was given is done, then the rest.
  void EndProcess() {
    if (!manager_) return;
    manager_->Stop();
    while (Turn()) {
    }
    manager_.reset();
    vault_.reset();
  }
  void Restart(std::optional<keys::KeyKind> kind = std::nullopt) {
    EndProcess();
    StartProcess(kind);
  }

  // Everything that either thread can do now. False: there was nothing.
  bool Turn() {
    KeepUp();
    const bool io = TurnIo();
    return TurnVault() || io;
  }
  bool TurnIo() {
    io_.restart();
    return io_.poll() > 0;
  }
  bool TurnVault() {
    vault_thread_.restart();
    return vault_thread_.poll() > 0;
  }
  // The engine's alarms are real ones, and it looks at this clock when they ring.
  void KeepUp() {
    const auto behind = SystemClock().Now() - time_.Now();
    if (behind > Clock::Duration(0)) time_.Advance(behind);
  }
  // The store's own threads work meanwhile.
  template <typename Until>
  void TurnUntil(const Until& until) {
    while (!until()) Turn();
  }

  // The answer to `call(done)`.
  template <typename T, typename Call>
  Result<T> Ask(const Call& call) {
    std::optional<Result<T>> answer;
    call([&answer](const Result<T>& got) { answer = got; });
    TurnUntil([&answer] { return answer.has_value(); });
    return *answer;
  }
  Result<AccountInfo> SignIn(const std::string& token) {
    return Ask<AccountInfo>([&](auto done) { manager_->SignIn(Secret(std::string(token)), done); });
  }
  Result<AccountInfo> SignOut() {
    return Ask<AccountInfo>([&](auto done) { manager_->SignOut(done); });
  }
  Result<Removed> Forget(bool discard = false) {
    return Ask<Removed>([&](auto done) { manager_->SignOutAndForget(discard, done); });
  }
  Result<Removed> Clear() {
    return Ask<Removed>([&](auto done) { manager_->ClearCache({}, done); });
  }
  Result<RotateOutcome> Rotate(bool full, const std::string& to = "") {
    return Ask<RotateOutcome>([&](auto done) { manager_->Rotate({full, to}, done); });
  }
  // Opens what there is to open.
  Result<keys::KeyStatus> Look() {
    return Ask<keys::KeyStatus>([&](auto done) { manager_->Look(done); });
  }

  // As the next process finds it; empty: nobody.
  std::string StoredUser() {
    const auto session = LoadSession(*NewVault());
    EXPECT_TRUE(session) << session.error().message;
    return session && *session ? (*session)->user.value() : "";
  }
  std::string StoredToken() {
    const auto session = LoadSession(*NewVault());
    return session && *session ? std::string((*session)->token.bytes()) : "";
  }
  std::filesystem::path FolderOf(const std::string& user) {
    return AccountFolder(folder_.path(), *NewVault()->FolderOf(backend_url_, user));
  }

  boost::asio::io_context io_;
  boost::asio::io_context vault_thread_;
  Metrics metrics_;
  Backend backend_;
  std::string backend_url_ = "ws://backend";
  std::chrono::milliseconds patience_ = 2 * limits::kKeyStoreCall;
  std::unique_ptr<keys::Vault> vault_;
  std::unique_ptr<AccountManager> manager_;
  test::FakeAlarm* retry_ = nullptr;
};

}  // namespace hark::account

#endif  // HARK_TESTS_UNIT_ACCOUNT_ACCOUNT_MANAGER_FIXTURE_H_
