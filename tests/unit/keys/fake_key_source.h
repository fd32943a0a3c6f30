// A key store in memory that does what the test says.

#ifndef HARK_TESTS_UNIT_KEYS_FAKE_KEY_SOURCE_H_
#define HARK_TESTS_UNIT_KEYS_FAKE_KEY_SOURCE_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/keys/key_source.h"

namespace hark::keys {

// What lasts: a source is made anew now and then.
struct FakeKeyStore {
  std::vector<std::pair<KeyLabel, std::string>> keys;
  std::optional<std::string> token;
  std::optional<ErrorCode> trouble;  // What every call answers.
  bool takes_keys = true;            // Otherwise it is locked for them.
  int calls = 0;
};

class FakeKeySource final : public KeySource {
 public:
  FakeKeySource(KeyKind kind, FakeKeyStore& store, bool keeps_tokens)
      : kind_(kind), store_(store), keeps_tokens_(keeps_tokens) {}

  KeyKind kind() const override { return kind_; }

  Result<std::vector<FoundKey>> Load(const std::string&) override {
    if (auto fine = Enter(); !fine) return tl::unexpected(fine.error());
    if (store_.keys.empty()) return Fail(ErrorCode::kNotFound, "there is no key");
    std::vector<FoundKey> found;
    for (const auto& [label, key] : store_.keys) found.push_back({label, Secret(std::string(key))});
    return found;
  }

  Result<void> CheckRoom() override {
    if (!store_.takes_keys) return Fail(ErrorCode::kLocked, "it is locked");
    return Enter();
  }

  Result<Secret> Create(const KeyLabel& label) override {
    Secret key = Secret::Random(kMasterKeyBytes);
    if (auto put = Put(label, key); !put) return tl::unexpected(put.error());
    return key;
  }

  Result<void> Put(const KeyLabel& label, const Secret& key) override {
    if (auto fine = Enter(); !fine) return fine;
    if (!store_.takes_keys) return Fail(ErrorCode::kLocked, "it is locked");
    std::erase_if(store_.keys, [&](const auto& one) { return one.first == label; });
    store_.keys.emplace_back(label, key.bytes());
    return {};
  }

  Result<void> Erase(const std::string& store, std::optional<std::uint32_t> keep,
                     const Secret&) override {
    if (auto fine = Enter(); !fine) return fine;
    std::erase_if(store_.keys, [&](const auto& one) {
      return one.first.store == store && one.first.generation != keep;
    });
    return {};
  }

  bool keeps_tokens() const override { return keeps_tokens_; }

  Result<std::optional<Secret>> LoadToken(const std::string&) override {
    if (auto fine = Enter(); !fine) return tl::unexpected(fine.error());
    if (!store_.token) return std::nullopt;
    return std::optional<Secret>(Secret(std::string(*store_.token)));
  }

  Result<void> StoreToken(const std::string&, const Secret& token) override {
    if (auto fine = Enter(); !fine) return fine;
    store_.token.reset();
    if (!token.empty()) store_.token = token.bytes();
    return {};
  }

 private:
  Result<void> Enter() {
    ++store_.calls;
    if (store_.trouble) return Fail(*store_.trouble, "so says the test");
    return {};
  }

  const KeyKind kind_;
  FakeKeyStore& store_;
  const bool keeps_tokens_;
};

}  // namespace hark::keys

#endif  // HARK_TESTS_UNIT_KEYS_FAKE_KEY_SOURCE_H_
