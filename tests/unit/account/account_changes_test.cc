// Clearing, forgetting, restoring and rotating: what is left when something comes between.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "daemon/store/clear_files.h"
#include "daemon/store/connection.h"
#include "daemon/store/raw_file.h"
#include "tests/unit/account/account_manager_fixture.h"

namespace hark::account {
namespace {

namespace fs = std::filesystem;

class AccountChangesTest : public AccountManagerTest {
 protected:
  // Signs in, and has a message that waits to be sent.
  void SetUpUser(const std::string& user) {
    ASSERT_TRUE(SignIn(user));
    TurnUntil([this] {
      return manager_->Current()->reader().GetConversation(ConversationId("A")).has_value();
    });
    const auto sent = Ask<Message>([this](auto done) {
      manager_->Current()->intents().Send({ConversationId("A"), {}, "waits", "", {}}, done);
    });
    ASSERT_TRUE(sent) << sent.error().message;
  }
  std::size_t Waiting() { return manager_->Current()->reader().ReadOutbox()->entries.size(); }

  // `before_waiting`: between the begin of the call and its wait for the other threads.
  void ExpectRestoreCancelled(const std::function<void()>& before_waiting) {
    auto upload = manager_->BeginRestore();
    ASSERT_TRUE(upload);
    before_waiting();
    std::optional<Result<RestoreOutcome>> answer;
    manager_->Restore(*std::move(upload), {},
                      [&answer](const Result<RestoreOutcome>& got) { answer = got; });
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error().code, ErrorCode::kCancelled);
  }

  std::uint32_t CacheGeneration(const std::string& user) {
    const auto keys = NewVault()->KeysOf(FolderOf(user).filename());
    return keys->files.at("cache.db").current.generation;
  }
};

// Regression: a send was shown as under way for as long as nobody signed in again.
TEST_F(AccountChangesTest, NothingIsUnderWayOnceTheUserHasSignedOut) {
  SetUpUser("ada");
  const auto delivery = [this] {
    return manager_->Current()->reader().ReadOutbox()->entries.at(0).delivery;
  };
  TurnUntil([&] { return delivery() == Delivery::kSending; });
  ASSERT_TRUE(SignOut());
  ASSERT_TRUE(manager_->Current());
  // Behind what was stored before.
  ASSERT_TRUE(Ask<LocalRevision>(
      [this](auto done) { manager_->Current()->intents().Open(ConversationId("A"), done); }));
  EXPECT_EQ(delivery(), Delivery::kUnknown);
}

// ---- Clearing and restoring ----

TEST_F(AccountChangesTest, ACacheKeyThatNobodyWaitsForAnyMoreIsNotRenewed) {
  patience_ = std::chrono::milliseconds(0);
  Restart();
  SetUpUser("ada");
  const std::uint32_t generation = CacheGeneration("ada");
  std::optional<Result<Removed>> answer;
  manager_->ClearCache({}, [&answer](const Result<Removed>& got) { answer = got; });
  TurnIo();
  ASSERT_TRUE(TurnVault());  // Which account it is.
  while (!answer) TurnIo();
  EXPECT_EQ(answer->error().code, ErrorCode::kLocked);
  EXPECT_TRUE(TurnVault());  // It comes to it too late.
  EXPECT_EQ(CacheGeneration("ada"), generation);
  EXPECT_FALSE(store::IsClearing(store::StoreFiles(FolderOf("ada"))));
  Restart();
  ASSERT_TRUE(Look());
  EXPECT_EQ(Waiting(), 1U);
}

TEST_F(AccountChangesTest, ARestoreThatNobodyWaitsForAnyMoreIsNotBegun) {
  patience_ = std::chrono::milliseconds(0);
  Restart();
  SetUpUser("ada");
  ExpectRestoreCancelled([] {});
  while (Turn()) {
  }
  EXPECT_TRUE(SignOut()) << "the account is being changed for ever";
}

TEST_F(AccountChangesTest, ARestoreGivesUpWhenTheDaemonStops) {
  patience_ = std::chrono::hours(1);
  Restart();
  SetUpUser("ada");
  ExpectRestoreCancelled([this] { manager_->StopWaiting(); });
}

TEST_F(AccountChangesTest, TheCacheOfAnAccountThatCannotBeOpenedIsCleared) {
  SetUpUser("ada");
  const fs::path folder = FolderOf("ada");
  EndProcess();
  const std::string authored = test::ReadBytes(folder / "authored.db");
  test::WriteBytes(folder / "authored.db", "");
  StartProcess();
  ASSERT_TRUE(Look());
  ASSERT_EQ(manager_->Problem().code, ErrorCode::kCorrupt);
  ASSERT_TRUE(Clear());
  EXPECT_FALSE(fs::exists(folder / "cache.db"));
  test::WriteBytes(folder / "authored.db", authored);
  ASSERT_TRUE(Look());
  ASSERT_TRUE(manager_->Current());
  EXPECT_EQ(Waiting(), 1U);
  EXPECT_FALSE(store::IsClearing(store::StoreFiles(folder)));
}

// ---- Forgetting ----

// Regression: killed at one point, the account could not begin anew for good.
TEST_F(AccountChangesTest,
       AnAccountWhoseFolderWasRemovedByHandIsForgottenWholeWhateverComesBetween) {
  for (int limit = 1;; ++limit) {
    SCOPED_TRACE(limit);
    ASSERT_TRUE(SignIn("ada"));
    EndProcess();
    fs::remove_all(FolderOf("ada"));
    StartProcess();
    ASSERT_TRUE(Look());
    ASSERT_EQ(manager_->Status().state, keys::KeyState::kCorrupt);
    int left = limit;
    at_ = [&left] {
      if (--left == 0) throw keys::Crash();
    };
    bool killed = false;
    try {
      ASSERT_TRUE(Forget());
    } catch (const keys::Crash&) {
      killed = true;
    }
    at_ = nullptr;
    Restart();
    ASSERT_TRUE(Look());
    EXPECT_EQ(StoredUser(), "") << "it was not finished";
    const auto again = SignIn("ada");
    ASSERT_TRUE(again) << again.error().message;
    if (!killed) break;
  }
}

TEST_F(AccountChangesTest, AnAccountWhoseFolderWasRemovedByHandBeginsAnewWhenAllOfItIsCleared) {
  ASSERT_TRUE(SignIn("ada"));
  EndProcess();
  fs::remove_all(FolderOf("ada"));
  StartProcess();
  ASSERT_TRUE(Look());
  ASSERT_EQ(manager_->Current(), nullptr);
  ASSERT_TRUE(Ask<Removed>([this](auto done) {
    manager_->ClearCache({.everything = true, .discard_unsent = false}, done);
  }));
  EXPECT_NE(manager_->Current(), nullptr);
  EXPECT_EQ(StoredToken(), "ada");
}

// Forgetting that the keys were missing for half way is finished before somebody signs in.
TEST_F(AccountChangesTest, ASignInFinishesWhatWasBeingForgotten) {
  SetUpUser("ada");
  std::optional<Result<Removed>> answer;
  manager_->SignOutAndForget(true, [&answer](const Result<Removed>& got) { answer = got; });
  while (fs::exists(FolderOf("ada"))) {
    TurnVault();
    TurnIo();
  }
  store().trouble = ErrorCode::kLocked;
  TurnUntil([&answer] { return answer.has_value(); });
  ASSERT_FALSE(*answer);
  store().trouble.reset();
  const auto again = SignIn("ada");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(Waiting(), 0U);
}

// ---- Rotating ----

TEST_F(AccountChangesTest, AFullRotationMovesTheKeyAwayFromTheKindThatWasAskedFor) {
  Restart(keys::KeyKind::kSecretService);
  SetUpUser("ada");
  const auto rotated = Rotate(true, "file");
  ASSERT_TRUE(rotated) << rotated.error().message;
  EXPECT_EQ(rotated->files, 2U);
  EXPECT_EQ(CacheGeneration("ada"), 2U);
  Restart(keys::KeyKind::kSecretService);
  ASSERT_TRUE(Look());
  EXPECT_EQ(manager_->Status().state, keys::KeyState::kKeyStoreChanged);
  Restart();
  ASSERT_TRUE(Look());
  EXPECT_EQ(Waiting(), 1U);
}

// Regression: files that counted already and were not in place yet, stayed under the old keys.
TEST_F(AccountChangesTest, AFullRotationFinishesTheRestoreOfAClosedAccountFirst) {
  SetUpUser("ada");
  ASSERT_TRUE(SignIn("bob"));
  const fs::path ada = FolderOf("ada");
  const fs::path stage = ada / "restoring";
  ASSERT_TRUE(store::MakePrivateFolder(stage));
  for (const char* name : {"cache.db", "authored.db"}) fs::copy_file(ada / name, stage / name);
  test::WriteBytes(stage / "ready", "20260101T000000Z");
  const auto rotated = Rotate(true);
  ASSERT_TRUE(rotated) << rotated.error().message;
  EXPECT_FALSE(fs::exists(stage));
  const auto again = SignIn("ada");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(Waiting(), 1U);
}

TEST_F(AccountChangesTest, AFullRotationPassesOverFilesThatWereNotMade) {
  ASSERT_TRUE(SignIn("ada"));
  ASSERT_TRUE(NewVault()->KeysOf(std::string(32, '0')));
  ASSERT_TRUE(Rotate(true));
  EXPECT_EQ(CacheGeneration("ada"), 2U);
}

TEST_F(AccountChangesTest, AFullRotationKeepsTheKeyOfAFileThatIsAway) {
  SetUpUser("ada");
  ASSERT_TRUE(SignIn("bob"));
  const fs::path file = FolderOf("ada") / "cache.db";
  const fs::path away = folder_ / "away";
  fs::rename(file, away);
  EXPECT_EQ(Rotate(true).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(CacheGeneration("ada"), 1U);
  fs::rename(away, file);
  ASSERT_TRUE(Rotate(true));
  ASSERT_TRUE(SignIn("ada"));
  EXPECT_EQ(Waiting(), 1U);
}

// ---- Rolling back ----

// Regression: a UI that signed in again undid it.
TEST_F(AccountChangesTest, AfterARollBackNobodySignsInUntilAnOlderProgramIsStarted) {
  SetUpUser("ada");
  EndProcess();
  const fs::path folder = FolderOf("ada");
  const fs::path backup = folder / "backups" / "schema-1-1";
  ASSERT_TRUE(store::MakePrivateFolder(backup));
  const auto keys = NewVault()->KeysOf(folder.filename());
  for (const auto& [name, both] : keys->files) {
    fs::copy_file(folder / name, backup / name);
    // As a file of an older program, as far as anybody looks here.
    store::Connection older(backup / name, both.current.key, store::Access::kWrite,
                            store::Durability::kAuthored);
    older.Execute("PRAGMA user_version = 1");
    ASSERT_TRUE(older.CheckpointAndTruncate());
  }
  StartProcess();
  ASSERT_TRUE(Look());
  const auto back = Ask<RollBackOutcome>([this](auto done) { manager_->RollBack(true, done); });
  ASSERT_TRUE(back) << back.error().message;
  const auto before = Files();
  const auto refused = SignIn("ada");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kLocked);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("Install that version"));
  EXPECT_EQ(Files(), before);
}

// Regression: it was the conflict that a stream takes for another account, and a send for another
// message.
TEST_F(AccountChangesTest, FilesOfANewerProgramAreAPreconditionOfEveryCall) {
  SetUpUser("ada");
  EndProcess();
  const fs::path file = FolderOf("ada") / "authored.db";
  {
    const auto keys = NewVault()->KeysOf(FolderOf("ada").filename());
    store::Connection newer(file, keys->files.at("authored.db").current.key, store::Access::kWrite,
                            store::Durability::kAuthored);
    newer.Execute("PRAGMA user_version = 1000");
    ASSERT_TRUE(newer.CheckpointAndTruncate());
  }
  StartProcess();
  ASSERT_TRUE(Look());
  EXPECT_EQ(manager_->Current(), nullptr);
  EXPECT_EQ(manager_->Problem().code, ErrorCode::kPrecondition);
  EXPECT_THAT(manager_->Problem().message, ::testing::HasSubstr("newer version"));
  EXPECT_EQ(SignIn("ada").error().code, ErrorCode::kPrecondition);
}

// ---- The end of the daemon ----

TEST_F(AccountChangesTest, AChangeThatTheEndOvertakesIsNotBegun) {
  const std::vector<std::function<void(std::function<void(const Error&)>)>> changes = {
      [this](auto failed) {
        manager_->SignOutAndForget(true, [=](const Result<Removed>& r) { failed(r.error()); });
      },
      [this](auto failed) {
        manager_->ClearCache({}, [=](const Result<Removed>& r) { failed(r.error()); });
      },
      [this](auto failed) {
        manager_->RollBack(false, [=](const Result<RollBackOutcome>& r) { failed(r.error()); });
      },
  };
  SetUpUser("ada");
  const fs::path folder = FolderOf("ada");
  for (const auto& change : changes) {
    std::optional<Error> failed;
    change([&failed](const Error& error) { failed = error; });
    TurnIo();
    manager_->Stop();
    while (Turn()) {
    }
    ASSERT_TRUE(failed) << "nobody is told";
    EXPECT_EQ(failed->code, ErrorCode::kCancelled);
    EXPECT_TRUE(fs::exists(folder / "cache.db"));
    EXPECT_FALSE(store::IsClearing(store::StoreFiles(folder)));
    Restart();
    ASSERT_TRUE(Look());
    EXPECT_EQ(Waiting(), 1U);
  }
}

}  // namespace
}  // namespace hark::account
