// Signing in and out: what is stored when something comes between, or fails.

#include "daemon/account/account_manager.h"

#include <string>

#include "tests/unit/account/account_manager_fixture.h"

namespace hark::account {
namespace {

using ::testing::ElementsAre;

TEST_F(AccountManagerTest, ASignInIsThereAfterARestart) {
  const auto ada = SignIn("ada");
  ASSERT_TRUE(ada) << ada.error().message;
  EXPECT_EQ(ada->user, UserId("ada"));
  EXPECT_EQ(ada->state, AccountState::kSignedIn);
  Restart();
  backend_.hellos.clear();
  ASSERT_TRUE(Look());
  EXPECT_EQ(manager_->Info().user, UserId("ada"));
  EXPECT_EQ(manager_->Info().state, AccountState::kSignedIn);
  EXPECT_EQ(StoredToken(), "ada");
  TurnUntil([this] { return !backend_.hellos.empty(); });
}

// Regression: a token that was renewed in the moment of a sign-out was stored after it.
TEST_F(AccountManagerTest, ATokenRenewedDuringASignOutIsNotKept) {
  backend_.renews = true;
  ASSERT_TRUE(SignIn("ada"));
  TurnUntil([this] { return backend_.renewal.has_value(); });
  std::optional<Result<AccountInfo>> answer;
  manager_->SignOut([&answer](const Result<AccountInfo>& got) { answer = got; });
  TurnIo();  // It is with the vault's thread.
  ASSERT_FALSE(answer);
  backend_.line->Tell(transport::TokenRenewed{*backend_.renewal, Secret(std::string("ada-2")), {}});
  TurnUntil([&answer] { return answer.has_value(); });
  ASSERT_TRUE(*answer);
  EXPECT_EQ(StoredToken(), "");
  EXPECT_EQ(store().token, std::nullopt);
}

TEST_F(AccountManagerTest, ATokenRenewedDuringAnotherSignInOfTheSameUserDoesNotReplaceTheNewOne) {
  backend_.renews = true;
  ASSERT_TRUE(SignIn("ada"));
  TurnUntil([this] { return backend_.renewal.has_value(); });
  const auto line = backend_.line;
  const transport::RequestId renewal = *backend_.renewal;
  std::optional<Result<AccountInfo>> answer;
  manager_->SignIn(Secret(std::string("ada-2")),
                   [&answer](const Result<AccountInfo>& got) { answer = got; });
  TurnIo();  // The backend has said whose it is, and the vault's thread is to store it.
  ASSERT_FALSE(answer);
  ASSERT_THAT(backend_.hellos, ElementsAre("ada", "ada", "ada-2"));
  line->Tell(transport::TokenRenewed{renewal, Secret(std::string("ada-1")), {}});
  TurnUntil([&answer] { return answer.has_value(); });
  ASSERT_TRUE(*answer);
  EXPECT_EQ(StoredToken(), "ada-2");
}

TEST_F(AccountManagerTest, ASignOutThatFailsGoesOnSyncing) {
  ASSERT_TRUE(SignIn("ada"));
  TurnUntil([this] { return backend_.hellos.size() == 2; });  // Whose token it is; and the sync.
  store().trouble = ErrorCode::kLocked;
  EXPECT_EQ(SignOut().error().code, ErrorCode::kLocked);
  EXPECT_EQ(manager_->Info().state, AccountState::kSignedIn);
  TurnUntil([this] { return backend_.hellos.size() == 3; });
  store().trouble.reset();
  EXPECT_EQ(StoredToken(), "ada");
  EXPECT_TRUE(SignOut());
}

// Regression: it was synced with a token of another backend.
TEST_F(AccountManagerTest, ASignOutThatFailsTellsNoTokenToAnotherBackend) {
  ASSERT_TRUE(SignIn("ada"));
  backend_url_ = "ws://another";
  Restart();
  backend_.hellos.clear();
  ASSERT_TRUE(Look());
  store().trouble = ErrorCode::kLocked;
  EXPECT_FALSE(SignOut());
  EXPECT_FALSE(
      Ask<RollBackOutcome>([&](auto done) { manager_->RollBack(false, done); }).has_value());
  store().trouble.reset();
  EXPECT_FALSE(
      Ask<RollBackOutcome>([&](auto done) { manager_->RollBack(false, done); }).has_value());
  while (Turn()) {
  }
  EXPECT_THAT(backend_.hellos, ElementsAre());
}

TEST_F(AccountManagerTest, ASwitchThatCannotBeStoredOpensTheAccountOfBeforeAgain) {
  ASSERT_TRUE(SignIn("ada"));
  std::optional<Result<AccountInfo>> answer;
  manager_->SignIn(Secret(std::string("bob")),
                   [&answer](const Result<AccountInfo>& got) { answer = got; });
  TurnIo();
  ASSERT_TRUE(TurnVault());  // Where bob's files are.
  TurnIo();                  // They are open.
  ASSERT_EQ(manager_->Info().user, UserId("bob"));
  store().trouble = ErrorCode::kLocked;
  TurnUntil([&answer] { return answer.has_value(); });
  ASSERT_FALSE(*answer);
  EXPECT_EQ(manager_->Current(), nullptr) << "another account than the stored one is open";
  store().trouble.reset();
  EXPECT_EQ(StoredUser(), "ada");
  EXPECT_EQ(StoredToken(), "ada");
  ASSERT_TRUE(retry_->at());
  TurnUntil([this] {
    time_.Advance(limits::kKeyRetryCap);
    retry_->RingIfDue();
    return manager_->Current() != nullptr;
  });
  EXPECT_EQ(manager_->Info().user, UserId("ada"));
}

// Two writes: the token, and whose it is. Killed at every one of them.
TEST_F(AccountManagerTest, AKillDuringASwitchNeverLeavesATokenOfAnother) {
  ASSERT_TRUE(SignIn("ada"));
  ASSERT_TRUE(SignIn("bob"));
  ASSERT_TRUE(SignIn("ada"));
  EndProcess();
  for (const auto kind : {keys::KeyKind::kSecretService, keys::KeyKind::kFile}) {
    ASSERT_TRUE(NewVault()->Rotate(kind));
    for (int limit = 1;; ++limit) {
      SCOPED_TRACE(limit);
      ASSERT_TRUE(SaveSession(*NewVault(),
                              {backend_url_, UserId("ada"), "device", Secret(std::string("ada"))}));
      int left = limit;
      at_ = [&left] {
        if (--left == 0) throw keys::Crash();
      };
      bool killed = false;
      try {
        ASSERT_TRUE(SaveSession(
            *NewVault(), {backend_url_, UserId("bob"), "device", Secret(std::string("bob"))}));
      } catch (const keys::Crash&) {
        killed = true;
      }
      at_ = nullptr;
      const std::string token = StoredToken();
      EXPECT_TRUE(token.empty() || token == StoredUser()) << StoredUser() << " has " << token;
      if (!killed) {
        EXPECT_EQ(token, "bob");
        break;
      }
    }
  }
}

TEST_F(AccountManagerTest, ASessionThatCannotBeStoredKeepsTheTokenOfTheOneBefore) {
  ASSERT_TRUE(SignIn("ada"));
  EndProcess();
  // The token fits, and the record does not.
  EXPECT_FALSE(SaveSession(*NewVault(), {backend_url_, UserId("bob"), std::string(100'000, 'd'),
                                         Secret(std::string("bob"))}));
  EXPECT_EQ(StoredUser(), "ada");
  EXPECT_EQ(StoredToken(), "ada");
}

// After a kill during a switch the token of the other one is there, and no account can be opened.
TEST_F(AccountManagerTest, ASignOutTakesTheTokenOfAnotherToo) {
  ASSERT_TRUE(SignIn("ada"));
  EndProcess();
  ASSERT_TRUE(
      SaveToken(*NewVault(), {backend_url_, UserId("bob"), "device", Secret(std::string("bob"))}));
  test::WriteBytes(FolderOf("ada") / "authored.db", "");
  StartProcess();
  ASSERT_TRUE(Look());
  ASSERT_EQ(manager_->Current(), nullptr);
  EXPECT_EQ(StoredToken(), "");
  ASSERT_TRUE(SignOut());
  EXPECT_FALSE(store().token);
  EXPECT_EQ(StoredUser(), "ada");
}

TEST_F(AccountManagerTest, ATokenOfBeforeTokensSaidWhoseTheyAreIsStillTaken) {
  ASSERT_TRUE(SignIn("ada"));
  EndProcess();
  ASSERT_TRUE(NewVault()->StoreToken(Secret(std::string("ada"))));
  EXPECT_EQ(StoredToken(), "ada");
}

// Regression: while somebody signed in nobody looked any more, also when that failed.
TEST_F(AccountManagerTest, ALookThatFallsIntoASignInIsMadeUpFor) {
  ASSERT_TRUE(SignIn("ada"));
  Restart();
  store().trouble = ErrorCode::kLocked;
  ASSERT_TRUE(Look());
  ASSERT_TRUE(retry_->at());
  backend_.answers = false;
  std::optional<Result<AccountInfo>> answer;
  manager_->SignIn(Secret(std::string("bob")),
                   [&answer](const Result<AccountInfo>& got) { answer = got; });
  TurnIo();
  ASSERT_FALSE(answer);
  time_.Advance(limits::kKeyRetryCap);
  ASSERT_TRUE(retry_->RingIfDue());
  EXPECT_TRUE(retry_->at()) << "nobody looks any more";
  backend_.line->Tell(transport::Refused{0, transport::RefusedCode::kUnauthenticated, "no", {}});
  TurnUntil([&answer] { return answer.has_value(); });
  EXPECT_FALSE(*answer);
  store().trouble.reset();
  TurnUntil([this] {
    time_.Advance(limits::kKeyRetryCap);
    retry_->RingIfDue();
    return manager_->Current() != nullptr;
  });
  EXPECT_EQ(manager_->Info().user, UserId("ada"));
}

}  // namespace
}  // namespace hark::account
