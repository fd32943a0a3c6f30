// A data folder with its vault, over key stores in memory, for tests of the vault.

#ifndef HARK_TESTS_UNIT_KEYS_VAULT_FIXTURE_H_
#define HARK_TESTS_UNIT_KEYS_VAULT_FIXTURE_H_

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/keys/vault.h"
#include "tests/support/fake_time.h"
#include "tests/support/files.h"
#include "tests/support/scratch_folder.h"
#include "tests/unit/keys/fake_key_source.h"

namespace hark::keys {

// What a crash is played by.
struct Crash {};

class VaultTest : public ::testing::Test {
 protected:
  // As after a restart. `kind`: what the flag says.
  [[nodiscard]] std::unique_ptr<Vault> NewVault(std::optional<KeyKind> kind = std::nullopt) {
    VaultOptions options;
    options.data_dir = folder_.path();
    options.kind = kind;
    options.default_kind = [] { return KeyKind::kSecretService; };
    options.make_source = [this](KeyKind wanted) -> std::unique_ptr<KeySource> {
      return std::make_unique<FakeKeySource>(wanted, stores_[wanted],
                                             wanted == KeyKind::kSecretService);
    };
    options.clock = &time_;
    options.old_session = folder_ / "session.sealed";
    options.at = [this] {
      if (at_) at_();
    };
    return std::make_unique<Vault>(std::move(options));
  }

  [[nodiscard]] FakeKeyStore& store() { return stores_[KeyKind::kSecretService]; }

  // Keys, an account with both files, a session and a token; recorded as made.
  void SetUpAccount() {
    const auto vault = NewVault();
    ASSERT_TRUE(vault->Create());
    account_ = *vault->FolderOf("ws://backend", "ada");
    ASSERT_TRUE(vault->KeysOf(account_));
    std::filesystem::create_directories(folder_.path() / "accounts" / account_);
    test::WriteBytes(folder_.path() / "accounts" / account_ / "cache.db", "rows");
    ASSERT_TRUE(vault->SetMade(account_));
    ASSERT_TRUE(vault->StoreSecret("session", Secret(std::string("ada"))));
    ASSERT_TRUE(vault->StoreToken(Secret(std::string("token"))));
  }

  // All that must be as SetUpAccount() left it.
  void ExpectWhole(Vault& vault, const std::string& cache_key) {
    ASSERT_TRUE(vault.Look()) << vault.Status().sentence;
    EXPECT_EQ(vault.Status().state, KeyState::kReady);
    EXPECT_EQ(*vault.FolderOf("ws://backend", "ada"), account_);
    const auto keys = vault.KeysOf(account_);
    ASSERT_TRUE(keys);
    EXPECT_TRUE(keys->made);
    EXPECT_TRUE(keys->files.at("cache.db").current.key.Equals(cache_key));
    EXPECT_TRUE((*vault.LoadSecret("session"))->Equals("ada"));
    const auto token = vault.LoadToken();
    ASSERT_TRUE(token && *token);
    EXPECT_TRUE((*token)->Equals("token"));
  }

  [[nodiscard]] std::string CacheKey() {
    return std::string(NewVault()->KeysOf(account_)->files.at("cache.db").current.key.bytes());
  }

  // Every file below the data folder, with what it holds.
  void ExpectCorruptAndUntouched(Vault& vault) {
    const auto before = Files();
    const auto keys = store().keys;
    EXPECT_EQ(vault.Look().error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(vault.Create().error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(vault.Status().state, KeyState::kCorrupt);
    EXPECT_EQ(Files(), before);
    EXPECT_EQ(store().keys, keys);
  }
  [[nodiscard]] std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) files[entry.path()] = test::ReadBytes(entry.path());
    }
    return files;
  }

  test::ScratchFolder folder_;
  test::FakeTime time_;
  std::map<KeyKind, FakeKeyStore> stores_;
  std::function<void()> at_;
  std::string account_;
};

}  // namespace hark::keys

#endif  // HARK_TESTS_UNIT_KEYS_VAULT_FIXTURE_H_
