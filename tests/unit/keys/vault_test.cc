// The states of the keys, and the keys of files.

#include "daemon/keys/vault.h"

#include <string>

#include "daemon/base/limits.h"
#include "daemon/keys/sealing.h"
#include "tests/unit/keys/vault_fixture.h"

namespace hark::keys {
namespace {

using ::testing::HasSubstr;

TEST_F(VaultTest, InAnEmptyFolderThereAreNoKeysAndNothingIsWritten) {
  const auto vault = NewVault();
  EXPECT_EQ(vault->Look().error().code, ErrorCode::kNotFound);
  EXPECT_EQ(vault->Status(), KeyStatus());
  EXPECT_EQ(store().calls, 0);
  EXPECT_TRUE(Files().empty());
}

TEST_F(VaultTest, TheFirstKeyRecordsItsKind) {
  ASSERT_TRUE(NewVault()->Create());
  const auto vault = NewVault();
  ASSERT_TRUE(vault->Look());
  EXPECT_EQ(vault->Status(), (KeyStatus{KeyState::kReady, "secret-service", 1, false, ""}));
  ASSERT_TRUE(vault->Create());  // No second one.
  EXPECT_EQ(store().keys.size(), 1U);
}

TEST_F(VaultTest, AnotherKindThanTheRecordedOneIsRefused) {
  SetUpAccount();
  const auto before = Files();
  const auto vault = NewVault(KeyKind::kFile);
  EXPECT_EQ(vault->Look().error().code, ErrorCode::kLocked);
  EXPECT_EQ(vault->Status().state, KeyState::kKeyStoreChanged);
  EXPECT_THAT(vault->Status().sentence, HasSubstr("'secret-service'"));
  EXPECT_THAT(vault->Status().sentence, HasSubstr("--key-source secret-service"));
  EXPECT_EQ(vault->Create().error().code, ErrorCode::kLocked);
  EXPECT_TRUE(stores_[KeyKind::kFile].keys.empty());
  EXPECT_EQ(Files(), before);
  EXPECT_TRUE(NewVault(KeyKind::kSecretService)->Look());
}

TEST_F(VaultTest, ALockedKeyStoreIsLockedAndNoKeyIsMade) {
  store().trouble = ErrorCode::kLocked;
  EXPECT_EQ(NewVault()->Create().error().code, ErrorCode::kLocked);
  EXPECT_TRUE(Files().empty());
  store().trouble.reset();
  SetUpAccount();
  const auto before = Files();
  store().trouble = ErrorCode::kLocked;
  const auto vault = NewVault();
  EXPECT_FALSE(vault->Look());
  EXPECT_EQ(vault->Status().state, KeyState::kLocked);
  EXPECT_FALSE(vault->Create());
  EXPECT_FALSE(vault->KeysOf(account_));
  EXPECT_EQ(Files(), before);
  store().trouble.reset();
  EXPECT_TRUE(vault->Look());
  EXPECT_EQ(vault->Status().state, KeyState::kReady);
  EXPECT_EQ(vault->Status().sentence, "");
}

// Regression: the key ring of a key that could not be made was left, and with it the kind chosen.
TEST_F(VaultTest, AKeyStoreThatTakesNoKeyLeavesNoByteAndAnotherCanBeChosen) {
  store().takes_keys = false;
  const auto vault = NewVault();
  const auto refused = vault->Create();
  EXPECT_EQ(refused.error().code, ErrorCode::kLocked);
  EXPECT_THAT(refused.error().message, HasSubstr("it is locked"));
  EXPECT_THAT(refused.error().message, HasSubstr("--key-source file"));
  EXPECT_TRUE(Files().empty());
  EXPECT_TRUE(stores_[KeyKind::kFile].keys.empty()) << "a weaker kind was chosen in silence";
  ASSERT_TRUE(NewVault(KeyKind::kFile)->Create());
  EXPECT_EQ(stores_[KeyKind::kFile].keys.size(), 1U);
}

TEST_F(VaultTest, AMissingKeyIsMissing) {
  SetUpAccount();
  const auto keys = std::exchange(store().keys, {});
  const auto vault = NewVault();
  EXPECT_EQ(vault->Look().error().code, ErrorCode::kLocked);
  EXPECT_EQ(vault->Status().state, KeyState::kMissing);
  EXPECT_FALSE(vault->Create());
  EXPECT_TRUE(store().keys.empty());
  store().keys = keys;
  EXPECT_TRUE(vault->Look());
}

TEST_F(VaultTest, AnotherKeyIsWrong) {
  SetUpAccount();
  store().keys.front().second = std::string(32, 'x');
  const auto vault = NewVault();
  EXPECT_FALSE(vault->Look());
  EXPECT_EQ(vault->Status().state, KeyState::kWrongKey);
  store().keys.front().first = {"another-store", 1};
  EXPECT_FALSE(vault->Look());
  EXPECT_EQ(vault->Status().state, KeyState::kWrongKey);
}

TEST_F(VaultTest, AnotherGenerationThanNeededIsAChangedKeyStore) {
  SetUpAccount();
  const auto old_keys = store().keys;
  ASSERT_TRUE(NewVault()->Rotate(std::nullopt));
  store().keys = old_keys;
  const auto vault = NewVault();
  EXPECT_FALSE(vault->Look());
  EXPECT_EQ(vault->Status().state, KeyState::kKeyStoreChanged);
  EXPECT_THAT(vault->Status().sentence, HasSubstr("generation 1"));
  EXPECT_THAT(vault->Status().sentence, HasSubstr("generation 2"));
}

TEST_F(VaultTest, ADamagedOrMissingKeyRingIsCorruptAndNoKeysAreMade) {
  SetUpAccount();
  const auto good = Files();
  for (const char* bytes : {"", "hark-keyring 1\n", "something else"}) {
    for (const char* name : {"keyring", "keyring.copy"}) test::WriteBytes(folder_ / name, bytes);
    ExpectCorruptAndUntouched(*NewVault());
  }
  for (const char* name : {"keyring", "keyring.copy"}) std::filesystem::remove(folder_ / name);
  const auto vault = NewVault();
  ExpectCorruptAndUntouched(*vault);
  for (const auto& [path, bytes] : good) test::WriteBytes(path, bytes);
  EXPECT_TRUE(vault->Look());
}

// Regression: a sign-in made new keys, under the label of the ones that the data needed.
TEST_F(VaultTest, AKeyRingOfBeforeTheFirstKeyIsCorruptWhereThereIsData) {
  at_ = [points = 0]() mutable {
    if (points++ == 2) throw Crash();
  };
  EXPECT_THROW((void)NewVault()->Create(), Crash);
  at_ = nullptr;
  const std::string begun = test::ReadBytes(folder_ / "keyring");
  ASSERT_FALSE(begun.empty());
  SetUpAccount();
  const auto good = Files();
  for (const char* name : {"keyring", "keyring.copy"}) test::WriteBytes(folder_ / name, begun);
  const auto vault = NewVault();
  ExpectCorruptAndUntouched(*vault);
  for (const auto& [path, bytes] : good) test::WriteBytes(path, bytes);
  EXPECT_TRUE(vault->Look());
}

TEST_F(VaultTest, ADamagedKeyIsCorrupt) {
  SetUpAccount();
  store().trouble = ErrorCode::kCorrupt;
  const auto vault = NewVault();
  EXPECT_EQ(vault->Look().error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(vault->Status().state, KeyState::kCorrupt);
}

TEST_F(VaultTest, OneDamagedCopyOfTheKeyRingIsMended) {
  SetUpAccount();
  const auto before = Files();
  test::WriteBytes(folder_ / "keyring", "");
  ASSERT_TRUE(NewVault()->KeysOf(account_));
  EXPECT_EQ(Files(), before);
}

TEST_F(VaultTest, TheKeyStoreIsAskedOnceInABatch) {
  SetUpAccount();
  const auto vault = NewVault();
  store().calls = 0;
  const Vault::Batch batch(*vault);
  ASSERT_TRUE(vault->FolderOf("ws://backend", "ada"));
  ASSERT_TRUE(vault->KeysOf(account_));
  ASSERT_TRUE(vault->LoadSecret("session"));
  EXPECT_EQ(store().calls, 1);
}

TEST_F(VaultTest, TheTokenIsInTheKeyStoreWhereThatKeepsTokens) {
  SetUpAccount();
  EXPECT_EQ(store().token, "token");
  ASSERT_TRUE(NewVault()->StoreToken(Secret()));
  EXPECT_FALSE(store().token);
  EXPECT_FALSE(*NewVault()->LoadToken());
}

TEST_F(VaultTest, EachAccountHasItsFolderAndItsKeys) {
  SetUpAccount();
  const auto vault = NewVault();
  const std::string other = *vault->FolderOf("ws://backend", "bob");
  EXPECT_NE(other, account_);
  const auto keys = vault->KeysOf(other);
  ASSERT_TRUE(keys);
  EXPECT_FALSE(keys->made);
  EXPECT_FALSE(keys->files.at("cache.db").current.key.Equals(CacheKey()));
  EXPECT_FALSE(keys->files.at("cache.db")
                   .current.key.Equals(keys->files.at("authored.db").current.key.bytes()));
  EXPECT_THAT(*vault->Accounts(), testing::UnorderedElementsAre(account_, other));
}

TEST_F(VaultTest, TooManyAccountsAreRefused) {
  SetUpAccount();
  const auto vault = NewVault();
  for (std::size_t i = 1; i < limits::kKeyAccounts; ++i)
    ASSERT_TRUE(vault->KeysOf("account-" + std::to_string(i)));
  EXPECT_EQ(vault->KeysOf("one-more").error().code, ErrorCode::kResourceExhausted);
  EXPECT_TRUE(vault->KeysOf(account_));
}

// In one step: there is no moment at which an opening has to ask which of two keys counts.
TEST_F(VaultTest, ARenewedKeyTakesThePlaceOfTheOldOneAndOfOneThatWasBegun) {
  SetUpAccount();
  const std::string old_key = CacheKey();
  ASSERT_TRUE(NewVault()->BeginNewKey(account_, "cache.db"));
  for (int limit = 1;; ++limit) {
    int left = limit;
    at_ = [&left] {
      if (--left == 0) throw Crash();
    };
    Result<Secret> renewed = Secret();
    bool killed = false;
    try {
      renewed = NewVault()->RenewKey(account_, "cache.db");
    } catch (const Crash&) {
      killed = true;
    }
    at_ = nullptr;
    const auto keys = NewVault()->KeysOf(account_);
    ASSERT_TRUE(keys) << keys.error().message;
    const FileKeys& cache = keys->files.at("cache.db");
    EXPECT_EQ(cache.next.has_value(), cache.current.key.Equals(old_key)) << "all or nothing";
    if (killed) continue;
    ASSERT_TRUE(renewed);
    EXPECT_TRUE(cache.current.key.Equals(renewed->bytes()));
    EXPECT_FALSE(cache.next);
    EXPECT_GT(limit, 1);
    break;
  }
  EXPECT_EQ(NewVault()->RenewKey(account_, "other.db").error().code, ErrorCode::kNotFound);
}

TEST_F(VaultTest, ANewKeyOfAFileStandsBesideTheOldOneUntilItIsFinished) {
  SetUpAccount();
  const std::string old_key = CacheKey();
  const auto begun = NewVault()->BeginNewKey(account_, "cache.db");
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->generation, 2U);
  EXPECT_EQ(NewVault()->BeginNewKey(account_, "cache.db").error().code, ErrorCode::kConflict);
  auto keys = NewVault()->KeysOf(account_);
  EXPECT_TRUE(keys->files.at("cache.db").current.key.Equals(old_key));
  EXPECT_TRUE(keys->files.at("cache.db").next->key.Equals(begun->key.bytes()));
  ASSERT_TRUE(NewVault()->FinishNewKey(account_, "cache.db"));
  keys = NewVault()->KeysOf(account_);
  EXPECT_TRUE(keys->files.at("cache.db").current.key.Equals(begun->key.bytes()));
  EXPECT_EQ(keys->files.at("cache.db").current.generation, 2U);
  EXPECT_FALSE(keys->files.at("cache.db").next);
  ASSERT_TRUE(NewVault()->FinishNewKey(account_, "cache.db"));
  EXPECT_EQ(NewVault()->BeginNewKey(account_, "other.db").error().code, ErrorCode::kNotFound);
}

TEST_F(VaultTest, ANewKeyThatIsDroppedIsGone) {
  SetUpAccount();
  const std::string old_key = CacheKey();
  ASSERT_TRUE(NewVault()->BeginNewKey(account_, "cache.db"));
  ASSERT_TRUE(NewVault()->DropNewKey(account_, "cache.db"));
  EXPECT_EQ(CacheKey(), old_key);
  EXPECT_FALSE(NewVault()->KeysOf(account_)->files.at("cache.db").next);
}

TEST_F(VaultTest, AForgottenAccountHasNoKeysAnyMore) {
  SetUpAccount();
  const std::string old_key = CacheKey();
  ASSERT_TRUE(NewVault()->ForgetAccount(account_));
  EXPECT_TRUE(NewVault()->Accounts()->empty());
  std::filesystem::remove_all(folder_ / "accounts");
  EXPECT_NE(CacheKey(), old_key);
}

TEST_F(VaultTest, AnInstallationFromBeforeThereWereKeyRingsIsTakenOver) {
  const Secret old_master = Secret::Random(kMasterKeyBytes);
  const std::string session = Seal(DeriveKey(old_master, "hark/secret/session"),
                                   "hark/secret/session", Secret(std::string("ada")));
  stores_[KeyKind::kFile].keys = {{KeyLabel{}, std::string(old_master.bytes())}};
  test::WriteBytes(folder_ / "session.sealed", session);
  const auto vault = NewVault();
  account_ = "0123456789abcdef0123456789abcdef";
  std::filesystem::create_directories(folder_.path() / "accounts" / account_);
  const auto before = Files();
  ASSERT_TRUE(vault->Look());
  EXPECT_EQ(Files(), before);  // Only looked at.
  EXPECT_TRUE((*vault->LoadSecret("session"))->Equals("ada"));
  const auto keys = vault->KeysOf(account_);
  ASSERT_TRUE(keys);
  EXPECT_TRUE(keys->made);
  EXPECT_TRUE(
      keys->files.at("cache.db")
          .current.key.Equals(DeriveKey(old_master, "hark/" + account_ + "/cache.db").bytes()));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "session.sealed"));
  const auto later = NewVault();
  ASSERT_TRUE(later->Look());
  EXPECT_EQ(later->Status().kind, "file");
  EXPECT_TRUE((*later->LoadSecret("session"))->Equals("ada"));
}

TEST_F(VaultTest, AnOldInstallationWithAnotherKeyIsNotTakenOver) {
  const Secret old_master = Secret::Random(kMasterKeyBytes);
  test::WriteBytes(folder_ / "session.sealed",
                   Seal(DeriveKey(old_master, "hark/secret/session"), "hark/secret/session",
                        Secret(std::string("ada"))));
  std::filesystem::create_directories(folder_ / "accounts/0123");
  const auto before = Files();
  const auto vault = NewVault();
  EXPECT_FALSE(vault->Look());
  EXPECT_EQ(vault->Status().state, KeyState::kMissing);
  stores_[KeyKind::kFile].keys = {{KeyLabel{}, std::string(32, 'x')}};
  EXPECT_FALSE(vault->Create());
  EXPECT_EQ(vault->Status().state, KeyState::kWrongKey);
  EXPECT_EQ(Files(), before);
}

}  // namespace
}  // namespace hark::keys
