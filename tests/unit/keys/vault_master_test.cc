// Another master key, crashes on the way to it, and the way back when it is lost.

#include <random>
#include <string>

#include "daemon/keys/vault.h"
#include "tests/unit/keys/vault_fixture.h"

namespace hark::keys {
namespace {

using ::testing::HasSubstr;

TEST_F(VaultTest, ARotationChangesTheMasterKeyAndNoKeyOfAFile) {
  SetUpAccount();
  const std::string cache_key = CacheKey();
  const auto old_keys = store().keys;
  const auto dropped = NewVault()->Rotate(std::nullopt);
  ASSERT_TRUE(dropped);
  EXPECT_FALSE(*dropped);
  ASSERT_EQ(store().keys.size(), 1U);
  EXPECT_NE(store().keys, old_keys);
  const auto vault = NewVault();
  ExpectWhole(*vault, cache_key);
  EXPECT_EQ(vault->Status().generation, 2U);
}

TEST_F(VaultTest, TheOldMasterKeyOpensNothingAfterARotation) {
  SetUpAccount();
  const auto old_keys = store().keys;
  ASSERT_TRUE(NewVault()->Rotate(std::nullopt));
  store().keys = {{KeyLabel{old_keys.front().first.store, 2}, old_keys.front().second}};
  const auto vault = NewVault();
  EXPECT_FALSE(vault->KeysOf(account_));
  EXPECT_EQ(vault->Status().state, KeyState::kWrongKey);
}

TEST_F(VaultTest, AKeyCanMoveToAnotherKeyStoreWithItsToken) {
  SetUpAccount();
  const std::string cache_key = CacheKey();
  ASSERT_TRUE(NewVault()->Rotate(KeyKind::kFile));
  EXPECT_TRUE(store().keys.empty());
  EXPECT_FALSE(store().token);
  const auto vault = NewVault();
  ExpectWhole(*vault, cache_key);
  EXPECT_EQ(vault->Status().kind, "file");
  ASSERT_TRUE(NewVault()->Rotate(KeyKind::kSecretService));
  EXPECT_TRUE(stores_[KeyKind::kFile].keys.empty());
  EXPECT_EQ(store().token, "token");
  ExpectWhole(*NewVault(), cache_key);
}

// Regression: after a move every call said that the key store had changed, until a restart.
TEST_F(VaultTest, AMoveStandsForTheKindThatWasAskedForUntilTheProcessEnds) {
  SetUpAccount();
  const std::string cache_key = CacheKey();
  const auto vault = NewVault(KeyKind::kSecretService);
  ASSERT_TRUE(vault->Rotate(KeyKind::kFile));
  ExpectWhole(*vault, cache_key);
  ASSERT_TRUE(vault->BeginNewKey(account_, "cache.db")) << vault->Status().sentence;
  ASSERT_TRUE(vault->DropNewKey(account_, "cache.db"));
  const auto before = Files();
  const auto next = NewVault(KeyKind::kSecretService);
  EXPECT_EQ(next->KeysOf(account_).error().code, ErrorCode::kLocked);
  EXPECT_EQ(next->Status().state, KeyState::kKeyStoreChanged);
  EXPECT_THAT(next->Status().sentence, HasSubstr("--key-source file, or without"));
  EXPECT_EQ(Files(), before);
  // And back again.
  ASSERT_TRUE(vault->Rotate(KeyKind::kSecretService));
  ExpectWhole(*vault, cache_key);
  ExpectWhole(*NewVault(KeyKind::kSecretService), cache_key);
}

TEST_F(VaultTest, AMoveThatFailsLeavesTheKindThatWasAskedForInForce) {
  SetUpAccount();
  const std::string cache_key = CacheKey();
  const auto vault = NewVault(KeyKind::kSecretService);
  stores_[KeyKind::kFile].trouble = ErrorCode::kLocked;
  EXPECT_EQ(vault->Rotate(KeyKind::kFile).error().code, ErrorCode::kLocked);
  ExpectWhole(*vault, cache_key);
  ExpectWhole(*NewVault(KeyKind::kSecretService), cache_key);
}

// Fails at each point of `act` in turn, as a crash would; a new process then finds one key or the
// other in force, and everything there.
template <typename Act>
int CrashEverywhere(std::function<void()>& at, const Act& act, const std::function<void()>& check) {
  for (int point = 0;; ++point) {
    int left = point;
    at = [&left] {
      if (left-- == 0) throw Crash();
    };
    bool crashed = false;
    try {
      act();
    } catch (const Crash&) {
      crashed = true;
    }
    at = nullptr;
    check();
    if (!crashed) return point;
  }
}

TEST_F(VaultTest, ACrashAtAnyPointOfARotationLosesNothing) {
  SetUpAccount();
  const std::string cache_key = CacheKey();
  const int points = CrashEverywhere(
      at_, [&] { ASSERT_TRUE(NewVault()->Rotate(std::nullopt)); },
      [&] {
        ExpectWhole(*NewVault(), cache_key);
        EXPECT_EQ(store().keys.size(), 1U);  // No key is left behind.
      });
  EXPECT_GE(points, 4);
}

TEST_F(VaultTest, WhatACrashLeftBehindIsRemovedInABatchToo) {
  SetUpAccount();
  store().keys.emplace_back(KeyLabel{store().keys.front().first.store, 2}, std::string(32, 'l'));
  const auto vault = NewVault();
  const Vault::Batch batch(*vault);
  ASSERT_TRUE(vault->LoadSecret("session"));
  ASSERT_TRUE(vault->KeysOf(account_));
  EXPECT_EQ(store().keys.size(), 1U);
}

TEST_F(VaultTest, ACrashAtAnyPointOfAMoveLosesNothing) {
  SetUpAccount();
  const std::string cache_key = CacheKey();
  KeyKind to = KeyKind::kFile;
  const int points = CrashEverywhere(
      at_, [&] { ASSERT_TRUE(NewVault()->Rotate(to)); },
      [&] {
        const auto vault = NewVault();
        ExpectWhole(*vault, cache_key);
        const bool is_in_file = vault->Status().kind == "file";
        EXPECT_EQ(store().keys.empty(), is_in_file);
        EXPECT_EQ(store().token.has_value(), !is_in_file) << "a token was left behind";
        to = vault->Status().kind == "file" ? KeyKind::kSecretService : KeyKind::kFile;
      });
  EXPECT_GE(points, 5);
}

TEST_F(VaultTest, ACrashWhileTheFirstKeyIsMadeIsGoneOnFrom) {
  CrashEverywhere(
      at_, [&] { ASSERT_TRUE(NewVault()->Create()); },
      [&] {
        const auto vault = NewVault();
        (void)vault->Look();
        EXPECT_THAT(vault->Status().state, testing::AnyOf(KeyState::kNone, KeyState::kReady));
      });
  EXPECT_EQ(store().keys.size(), 1U);
  EXPECT_TRUE(NewVault()->Look());
}

TEST_F(VaultTest, ARecoveryCodeBringsALostKeyBack) {
  SetUpAccount();
  const std::string cache_key = CacheKey();
  const auto code = NewVault()->MakeRecoveryCode();
  ASSERT_TRUE(code);
  for (const auto& [path, bytes] : Files())
    EXPECT_THAT(bytes, testing::Not(HasSubstr(std::string(code->bytes()))));
  EXPECT_EQ(NewVault()->Recover(*code).error().code, ErrorCode::kPrecondition);
  store().keys.clear();
  const auto before = Files();
  const auto vault = NewVault();
  EXPECT_EQ(vault->Recover(Secret(std::string("nonsense"))).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(Files(), before);
  ASSERT_TRUE(vault->Recover(*code));
  ExpectWhole(*vault, cache_key);
  EXPECT_TRUE(vault->Status().has_recovery_code);
}

TEST_F(VaultTest, OnlyTheLatestRecoveryCodeFits) {
  SetUpAccount();
  const auto first = NewVault()->MakeRecoveryCode();
  const auto second = NewVault()->MakeRecoveryCode();
  store().keys.clear();
  const auto wrong = NewVault()->Recover(*first);
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(wrong.error().message, HasSubstr("not the recovery code"));
  EXPECT_TRUE(NewVault()->Recover(*second));
}

TEST_F(VaultTest, ALostKeyStoreIsReplacedByOneOfAnotherKind) {
  SetUpAccount();
  const std::string cache_key = CacheKey();
  const auto code = NewVault()->MakeRecoveryCode();
  store().trouble = ErrorCode::kNotFound;
  const auto vault = NewVault(KeyKind::kFile);
  EXPECT_FALSE(vault->Look());
  ASSERT_TRUE(vault->Recover(*code));
  EXPECT_EQ(vault->Status().kind, "file");
  EXPECT_TRUE(vault->KeysOf(account_)->files.at("cache.db").current.key.Equals(cache_key));
  // The token was in the key store that is lost.
  EXPECT_FALSE(*vault->LoadToken());
}

// Regression: what is left in a key store that the key was moved away from kept everything shut
// until that store was back.
TEST_F(VaultTest, KeysAreGivenOutWhileTheOldStoreCannotBeCleanedUp) {
  SetUpAccount();
  const std::string cache_key = CacheKey();
  at_ = [this] { store().trouble = ErrorCode::kNotFound; };
  ASSERT_TRUE(NewVault()->Rotate(KeyKind::kFile));
  at_ = nullptr;
  const auto keys = NewVault()->KeysOf(account_);
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_TRUE(keys->files.at("cache.db").current.key.Equals(cache_key));
  EXPECT_FALSE(store().keys.empty());
  store().trouble.reset();
  ASSERT_TRUE(NewVault()->KeysOf(account_));
  EXPECT_TRUE(store().keys.empty()) << "it is tried again";
}

TEST_F(VaultTest, ARotationDropsTheRecoveryCodeAndSaysSo) {
  SetUpAccount();
  const auto code = NewVault()->MakeRecoveryCode();
  const auto dropped = NewVault()->Rotate(std::nullopt);
  ASSERT_TRUE(dropped);
  EXPECT_TRUE(*dropped);
  store().keys.clear();
  EXPECT_EQ(NewVault()->Recover(*code).error().code, ErrorCode::kPrecondition);
}

// Every order of what can happen to a key store: each state is told, changes no byte, and ends when
// its cause does.
TEST_F(VaultTest, InEveryOrderOfTroublesNoByteChangesAndAllEnd) {
  SetUpAccount();
  const std::string cache_key = CacheKey();
  const auto old_keys = store().keys;
  ASSERT_TRUE(NewVault()->Rotate(std::nullopt));
  const auto good_keys = store().keys;
  const auto good_files = Files();
  std::random_device device;
  const unsigned seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::unique_ptr<Vault> vault = NewVault();
  for (int order = 0; order < 200; ++order) {
    for (int step = 0; step < 6; ++step) {
      store().keys = good_keys;
      store().trouble.reset();
      KeyState expected = KeyState::kReady;
      switch (random() % 6) {
        case 0: store().trouble = ErrorCode::kLocked, expected = KeyState::kLocked; break;
        case 1: store().keys.clear(), expected = KeyState::kMissing; break;
        case 2:
          store().keys.front().second = std::string(32, 'w'), expected = KeyState::kWrongKey;
          break;
        case 3: store().keys = old_keys, expected = KeyState::kKeyStoreChanged; break;
        case 4: store().trouble = ErrorCode::kCorrupt, expected = KeyState::kCorrupt; break;
        default: break;
      }
      const auto looked = vault->KeysOf(account_);
      ASSERT_EQ(vault->Status().state, expected);
      ASSERT_EQ(looked.has_value(), expected == KeyState::kReady);
      ASSERT_EQ(vault->Status().sentence.empty(), expected == KeyState::kReady);
      ASSERT_EQ(Files(), good_files);
    }
  }
  store().keys = good_keys;
  store().trouble.reset();
  ExpectWhole(*vault, cache_key);
}

}  // namespace
}  // namespace hark::keys
