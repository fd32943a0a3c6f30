// What is finished in an account's folder before it is opened, and how accounts go.

#include "daemon/account/account_folders.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "daemon/account/account_files.h"
#include "daemon/store/clear_files.h"
#include "daemon/store/sqlcipher_store.h"
#include "tests/unit/keys/vault_fixture.h"

namespace hark::account {
namespace {

namespace fs = std::filesystem;

class AccountFoldersTest : public keys::VaultTest {
 protected:
  void SetUp() override {
    vault_ = NewVault(keys::KeyKind::kSecretService);
    ASSERT_TRUE(vault_->Create());
    ASSERT_TRUE(SaveSession(*vault_, Record("ada")));
  }

  static SessionRecord Record(const std::string& user) {
    return {"ws://backend", UserId(user), "device", Secret(std::string("token"))};
  }

  // As the manager opens it; `name` is then its folder.
  Result<std::unique_ptr<store::SqlcipherStore>> Open(const std::string& user, std::string* name) {
    auto files = FindFilesToOpen(*vault_, folder_.path(), Record(user));
    if (!files) return tl::unexpected(files.error());
    *name = files->name;
    fs::create_directories(folder_.path() / "accounts");
    store::StoreOptions options;
    options.folder = AccountFolder(folder_.path(), files->name);
    options.cache_key = std::move(files->cache_key);
    options.authored_key = std::move(files->authored_key);
    options.clock = &time_;
    options.must_exist = files->made;
    auto opened = store::SqlcipherStore::Open(std::move(options));
    if (opened) EXPECT_TRUE(vault_->SetMade(*name));
    return opened;
  }

  std::unique_ptr<keys::Vault> vault_;
};

// Regression: the account could not be opened any more when clearing found a new key that was begun
// and not finished.
TEST_F(AccountFoldersTest, ClearingGoesOnWhereANewKeyWasBegun) {
  std::string name;
  ASSERT_TRUE(Open("ada", &name));
  const store::StoreFiles files(AccountFolder(folder_.path(), name));
  ASSERT_TRUE(store::MarkClearing(files));
  ASSERT_TRUE(vault_->BeginNewKey(name, "cache.db"));
  const auto store = Open("ada", &name);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_FALSE((*store)->LastRepair().any());
  EXPECT_FALSE(store::IsClearing(files));
}

// Regression: what could not be removed of a forgotten account ended the session of its user, who
// had come back.
TEST_F(AccountFoldersTest, WhatIsLeftOfAForgottenAccountDoesNotEndTheOneThatBeganAnew) {
  std::string name;
  ASSERT_TRUE(Open("ada", &name));
  fs::create_directories(AccountFolder(folder_.path(), name).string() + ".forgotten");
  ASSERT_TRUE(FinishRemovals(*vault_, folder_.path()));
  const auto session = LoadSession(*vault_);
  ASSERT_TRUE(session && *session);
  EXPECT_EQ((*session)->user, UserId("ada"));
  EXPECT_TRUE(Open("ada", &name));
}

// Regression: the mark stayed, and the cache was cleared at some later opening.
TEST_F(AccountFoldersTest, ClearingThatTheKeysDoNotAllowIsNotBegun) {
  std::string name;
  ASSERT_TRUE(Open("ada", &name));
  const store::StoreFiles files(AccountFolder(folder_.path(), name));
  const auto before = Files();
  store().trouble = ErrorCode::kLocked;
  EXPECT_EQ(ClearClosedFiles(*vault_, folder_.path(), name).error().code, ErrorCode::kLocked);
  EXPECT_EQ(Files(), before);
  store().trouble.reset();
  ASSERT_TRUE(ClearClosedFiles(*vault_, folder_.path(), name));
  EXPECT_FALSE(fs::exists(files.cache()));
  ASSERT_TRUE(Open("ada", &name));
  EXPECT_FALSE(store::IsClearing(files));
}

// Regression: what was fetched after it was cleared again at the next opening.
TEST_F(AccountFoldersTest, AClearedCacheIsNotClearedAgainWhenAuthoredHadToBeMendedToo) {
  std::string name;
  ASSERT_TRUE(Open("ada", &name));
  const store::StoreFiles files(AccountFolder(folder_.path(), name));
  ASSERT_TRUE(store::MarkClearing(files));
  std::string authored = test::ReadBytes(files.authored());
  ASSERT_GT(authored.size(), 3 * 4096U);
  authored[2 * 4096 + 100] ^= 1;
  test::WriteBytes(files.authored(), authored);
  {
    const auto store = Open("ada", &name);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_TRUE((*store)->LastRepair().authored_replaced);
  }
  EXPECT_FALSE(store::IsClearing(files));
  const auto keys = vault_->KeysOf(name)->files.at("cache.db").current.generation;
  ASSERT_TRUE(Open("ada", &name));
  EXPECT_EQ(vault_->KeysOf(name)->files.at("cache.db").current.generation, keys);
}

// Regression: each look renewed the key once more.
TEST_F(AccountFoldersTest, ClearingChangesNothingMoreWhileAnotherFileIsMissing) {
  std::string name;
  ASSERT_TRUE(Open("ada", &name));
  const store::StoreFiles files(AccountFolder(folder_.path(), name));
  ASSERT_TRUE(store::MarkClearing(files));
  const fs::path away = folder_ / "away";
  fs::rename(files.authored(), away);
  EXPECT_FALSE(Open("ada", &name));
  const auto before = Files();
  EXPECT_FALSE(Open("ada", &name));
  EXPECT_EQ(Files(), before);
  fs::rename(away, files.authored());
  EXPECT_TRUE(Open("ada", &name));
}

TEST_F(AccountFoldersTest, ARenewedKeyDestroysTheOneBefore) {
  std::string name;
  ASSERT_TRUE(Open("ada", &name));
  const fs::path cache = AccountFolder(folder_.path(), name) / "cache.db";
  const fs::path stolen = folder_.path() / "stolen";
  fs::copy_file(cache, stolen);
  ASSERT_TRUE(store::MarkClearing(store::StoreFiles(cache.parent_path())));
  {
    const auto store = Open("ada", &name);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_FALSE((*store)->LastRepair().any());
  }
  // With every key that there is, the copy of before cannot be read.
  fs::copy_file(stolen, cache, fs::copy_options::overwrite_existing);
  const auto store = Open("ada", &name);
  ASSERT_TRUE(store);
  EXPECT_TRUE((*store)->LastRepair().cache_replaced);
}

TEST_F(AccountFoldersTest, AForgottenAccountTakesItsSessionAndKeysAndNothingElse) {
  std::string ada;
  std::string bob;
  ASSERT_TRUE(Open("ada", &ada));
  ASSERT_TRUE(Open("bob", &bob));
  ASSERT_TRUE(BeginRemoval(folder_.path(), ada, Removal::kForgotten));
  const auto bytes = FinishRemovals(*vault_, folder_.path());
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_GT(*bytes, 0U);
  EXPECT_FALSE(*LoadSession(*vault_));
  EXPECT_FALSE(*vault_->LoadToken());
  EXPECT_EQ(*vault_->Accounts(), std::vector<std::string>{bob});
  EXPECT_TRUE(Open("bob", &bob));
  EXPECT_TRUE(Open("ada", &ada)) << "it cannot begin anew";
}

TEST_F(AccountFoldersTest, ASessionThatCannotBeReadStopsNoForgetting) {
  std::string ada;
  ASSERT_TRUE(Open("ada", &ada));
  ASSERT_TRUE(vault_->StoreSecret("session", Secret(std::string("damaged"))));
  ASSERT_TRUE(BeginRemoval(folder_.path(), ada, Removal::kForgotten));
  ASSERT_TRUE(FinishRemovals(*vault_, folder_.path()));
  EXPECT_FALSE(*LoadSession(*vault_));
  EXPECT_TRUE(Open("ada", &ada));
}

TEST_F(AccountFoldersTest, AClearedAccountKeepsItsSession) {
  std::string ada;
  ASSERT_TRUE(Open("ada", &ada));
  ASSERT_TRUE(BeginRemoval(folder_.path(), ada, Removal::kCleared));
  ASSERT_TRUE(FinishRemovals(*vault_, folder_.path()));
  ASSERT_TRUE(*LoadSession(*vault_));
  EXPECT_TRUE(vault_->Accounts()->empty());
  EXPECT_TRUE(Open("ada", &ada));
}

TEST_F(AccountFoldersTest, OfAnotherAccountTheSessionStays) {
  std::string bob;
  ASSERT_TRUE(Open("bob", &bob));
  ASSERT_TRUE(BeginRemoval(folder_.path(), bob, Removal::kForgotten));
  ASSERT_TRUE(FinishRemovals(*vault_, folder_.path()));
  EXPECT_TRUE(*LoadSession(*vault_));
}

// A key store that is locked on the way: nothing more is removed, and the next call goes on.
TEST_F(AccountFoldersTest, WithoutKeysNothingGoesUntilTheyAreBack) {
  std::string ada;
  ASSERT_TRUE(Open("ada", &ada));
  ASSERT_TRUE(BeginRemoval(folder_.path(), ada, Removal::kForgotten));
  store().trouble = ErrorCode::kLocked;
  EXPECT_EQ(FinishRemovals(*vault_, folder_.path()).error().code, ErrorCode::kLocked);
  EXPECT_TRUE(fs::exists(folder_.path() / "accounts" / (ada + ".forgotten")));
  store().trouble.reset();
  EXPECT_TRUE(FinishRemovals(*vault_, folder_.path()));
  EXPECT_TRUE(fs::is_empty(folder_.path() / "accounts"));
}

}  // namespace
}  // namespace hark::account
