#include "daemon/keys/file_key_source.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/base/netstrings.h"
#include "daemon/keys/key_ring.h"
#include "daemon/keys/private_file.h"

namespace hark::keys {
namespace {

// The file: a magic, the number of keys, then for each key its store, its generation, the key and a
// check value. The check value tells a damaged key from a wrong one.
constexpr std::string_view kMagic = "HARKKEY2";
constexpr std::size_t kEntryBytes = 192;

// Before there were labels: magic, key, check value.
constexpr std::string_view kOldMagic = "HARKKEY1";
constexpr std::string_view kOldCheckContext = "hark/key-check/1";
constexpr std::size_t kCheckBytes = 16;
constexpr std::size_t kOldFileBytes = kOldMagic.size() + kMasterKeyBytes + kCheckBytes;

tl::unexpected<Error> NoKey(const std::string& path) {
  return Fail(ErrorCode::kCorrupt, "'" + path + "' is no Hark key");
}

tl::unexpected<Error> Damaged(const std::string& path) {
  return Fail(ErrorCode::kCorrupt,
              "the key in '" + path + "' is damaged; restore the file from a backup");
}

Result<std::vector<FoundKey>> DecodeOld(std::string_view bytes, const std::string& path) {
  if (bytes.size() != kOldFileBytes) return Damaged(path);
  Secret key(std::string(bytes.substr(kOldMagic.size(), kMasterKeyBytes)));
  const Secret expected = DeriveKey(key, kOldCheckContext);
  const Secret found(std::string(bytes.substr(kOldMagic.size() + kMasterKeyBytes)));
  if (!found.Equals(expected.bytes().substr(0, kCheckBytes))) return Damaged(path);
  std::vector<FoundKey> keys;
  keys.push_back({KeyLabel{}, std::move(key)});
  return keys;
}

Result<std::vector<FoundKey>> Decode(std::string_view bytes, const std::string& path) {
  if (bytes.starts_with(kOldMagic)) return DecodeOld(bytes, path);
  if (!bytes.starts_with(kMagic)) return NoKey(path);
  bytes.remove_prefix(kMagic.size());
  const auto count = TakeNumber(bytes);
  if (!count || *count == 0 || *count > limits::kKeysInFile) return Damaged(path);
  std::vector<FoundKey> keys;
  while (!bytes.empty()) {
    const auto store = TakeNetstring(bytes);
    const auto generation = TakeNumber(bytes);
    const auto key = TakeNetstring(bytes);
    const auto check = TakeNetstring(bytes);
    if (!store || !generation || !key || key->size() != kMasterKeyBytes || !check)
      return Damaged(path);
    FoundKey found{{std::string(*store), *generation}, Secret(std::string(*key))};
    if (CheckValue(found.key, found.label) != *check) return Damaged(path);
    keys.push_back(std::move(found));
  }
  if (keys.size() != *count) return Damaged(path);
  return keys;
}

}  // namespace

FileKeySource::FileKeySource(std::filesystem::path file) : file_(std::move(file)) {}

Result<std::vector<FoundKey>> FileKeySource::Read() const {
  const Result<Secret> bytes =
      ReadPrivateFile(file_, kMagic.size() + limits::kKeysInFile * kEntryBytes);
  if (bytes) return Decode(bytes->bytes(), file_.string());
  if (bytes.error().code == ErrorCode::kNotFound) return std::vector<FoundKey>();
  return tl::unexpected(bytes.error());
}

Result<void> FileKeySource::Write(const std::vector<FoundKey>& keys) const {
  if (keys.size() > limits::kKeysInFile)
    return Fail(ErrorCode::kResourceExhausted, "'" + file_.string() + "' is full");
  std::string bytes;
  // No reallocation, which would leave a copy of a key behind.
  bytes.reserve(kMagic.size() + keys.size() * kEntryBytes);
  bytes += kMagic;
  AppendNetstring(bytes, std::to_string(keys.size()));
  for (const FoundKey& found : keys) {
    AppendNetstring(bytes, found.label.store);
    AppendNetstring(bytes, std::to_string(found.label.generation));
    AppendNetstring(bytes, found.key.bytes());
    AppendNetstring(bytes, CheckValue(found.key, found.label));
  }
  const Secret encoded(std::move(bytes));
  return ReplacePrivateFile(file_, encoded.bytes());
}

Result<std::vector<FoundKey>> FileKeySource::Load(const std::string& store) {
  auto keys = Read();
  if (!keys) return keys;
  if (keys->empty()) {
    return Fail(ErrorCode::kNotFound,
                "the key file '" + file_.string() + "' does not exist; put it back");
  }
  const auto may_be_meant = [&store](const FoundKey& found) {
    return found.label.store == store || found.label.store.empty();
  };
  if (std::ranges::any_of(*keys, may_be_meant)) std::erase_if(*keys, std::not_fn(may_be_meant));
  return keys;
}

Result<Secret> FileKeySource::Create(const KeyLabel& label) {
  Secret key = Secret::Random(kMasterKeyBytes);
  if (Result<void> put = Put(label, key); !put) return tl::unexpected(std::move(put).error());
  return key;
}

Result<void> FileKeySource::Put(const KeyLabel& label, const Secret& key) {
  const auto lock = FolderLock::Take(file_.parent_path());
  if (!lock) return tl::unexpected(lock.error());
  auto keys = Read();
  if (!keys) return tl::unexpected(std::move(keys).error());
  std::erase_if(*keys, [&label](const FoundKey& found) { return found.label == label; });
  keys->push_back({label, key.Clone()});
  return Write(*keys);
}

Result<void> FileKeySource::Erase(const std::string& store, std::optional<std::uint32_t> keep,
                                  const Secret& old) {
  const auto lock = FolderLock::Take(file_.parent_path());
  if (!lock) return tl::unexpected(lock.error());
  auto keys = Read();
  if (!keys) return tl::unexpected(std::move(keys).error());
  const auto goes = [&](const FoundKey& found) {
    if (found.label.store.empty()) return !old.empty() && found.key.Equals(old.bytes());
    return found.label.store == store && found.label.generation != keep;
  };
  if (std::erase_if(*keys, goes) == 0) return {};
  if (keys->empty()) return RemovePrivateFile(file_);
  return Write(*keys);
}

}  // namespace hark::keys
