#include "daemon/keys/key_ring.h"

#include <memory>
#include <utility>
#include <vector>

#include <openssl/evp.h>

#include "daemon/base/check.h"
#include "daemon/base/hex.h"
#include "daemon/base/integer.h"
#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/base/netstrings.h"
#include "daemon/keys/private_file.h"
#include "daemon/keys/sealing.h"

namespace hark::keys {
namespace {

namespace fs = std::filesystem;

constexpr char kFile[] = "keyring";
constexpr char kCopy[] = "keyring.copy";
constexpr std::string_view kFirstLine = "hark-keyring 1";
constexpr std::string_view kContentVersion = "1";
constexpr std::size_t kCheckBytes = 16;
constexpr std::size_t kStoreMaxBytes = 64;

std::string Name(const KeyLabel& label) {
  return label.store + "/" + std::to_string(label.generation);
}

std::string SealPurpose(const KeyLabel& label) {
  return "hark/keyring/1/" + Name(label);
}

std::string RecoveryPurpose(const KeyLabel& label) {
  return "hark/recovery/1/" + Name(label);
}

std::string Sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HARK_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) == 1);
  return {reinterpret_cast<const char*>(digest), size};
}

// ---- The content ----

std::size_t SizeOf(const RingContent& content) {
  std::size_t values = 4;
  std::size_t bytes = content.names.bytes().size();
  for (const auto& [folder, account] : content.accounts) {
    values += 3;
    bytes += folder.size();
    for (const auto& [file, keys] : account.files) {
      values += 6;
      bytes += file.size() + keys.current.key.bytes().size() + 64;
      if (keys.next) bytes += keys.next->key.bytes().size();
    }
  }
  for (const auto& [name, secret] : content.secrets) {
    values += 2;
    bytes += name.size() + secret.bytes().size();
  }
  return bytes + values * (kNetstringOverhead + 10);
}

void Append(std::string& out, std::size_t number) {
  AppendNetstring(out, std::to_string(number));
}

void Append(std::string& out, const FileKey& key) {
  Append(out, key.generation);
  AppendNetstring(out, key.key.bytes());
}

Secret Serialize(const RingContent& content) {
  std::string out;
  out.reserve(SizeOf(content));
  AppendNetstring(out, kContentVersion);
  AppendNetstring(out, content.names.bytes());
  Append(out, content.accounts.size());
  for (const auto& [folder, account] : content.accounts) {
    AppendNetstring(out, folder);
    Append(out, account.made ? 1 : 0);
    Append(out, account.files.size());
    for (const auto& [file, keys] : account.files) {
      AppendNetstring(out, file);
      Append(out, keys.current);
      Append(out, keys.next ? 1 : 0);
      if (keys.next) Append(out, *keys.next);
    }
  }
  Append(out, content.secrets.size());
  for (const auto& [name, secret] : content.secrets) {
    AppendNetstring(out, name);
    AppendNetstring(out, secret.bytes());
  }
  return Secret(std::move(out));
}

std::optional<FileKey> TakeKey(std::string_view& in) {
  const auto generation = TakeNumber(in);
  const auto key = TakeNetstring(in);
  if (!generation || !key || key->size() != kMasterKeyBytes) return std::nullopt;
  return FileKey{*generation, Secret(std::string(*key))};
}

bool TakeFiles(std::string_view& in, AccountKeys& account) {
  const auto count = TakeNumber(in);
  if (!count) return false;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto file = TakeNetstring(in);
    auto current = TakeKey(in);
    const auto has_next = TakeNumber(in);
    if (!file || !current || !has_next) return false;
    FileKeys keys{std::move(*current), std::nullopt};
    if (*has_next != 0) {
      keys.next = TakeKey(in);
      if (!keys.next) return false;
    }
    account.files.insert_or_assign(std::string(*file), std::move(keys));
  }
  return true;
}

bool TakeAccounts(std::string_view& in, RingContent& content) {
  const auto count = TakeNumber(in);
  if (!count) return false;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto folder = TakeNetstring(in);
    const auto made = TakeNumber(in);
    AccountKeys account;
    if (!folder || !made || !TakeFiles(in, account)) return false;
    account.made = *made != 0;
    content.accounts.insert_or_assign(std::string(*folder), std::move(account));
  }
  return true;
}

std::optional<RingContent> Parse(std::string_view in) {
  const auto version = TakeNetstring(in);
  const auto names = TakeNetstring(in);
  RingContent content;
  if (version != kContentVersion || !names || !TakeAccounts(in, content)) return std::nullopt;
  content.names = Secret(std::string(*names));
  const auto count = TakeNumber(in);
  if (!count) return std::nullopt;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto name = TakeNetstring(in);
    const auto secret = TakeNetstring(in);
    if (!name || !secret) return std::nullopt;
    content.secrets.insert_or_assign(std::string(*name), Secret(std::string(*secret)));
  }
  if (!in.empty()) return std::nullopt;
  return content;
}

// ---- The file ----

std::string Encode(const KeyRing& ring) {
  std::string text(kFirstLine);
  text += "\nkind " + std::string(TextOf(ring.kind));
  text += "\nstore " + ring.label.store;
  text += "\ngeneration " + std::to_string(ring.label.generation);
  text += "\ncheck " + ToHex(ring.check);
  text += "\nkeys " + ToHex(ring.sealed);
  text += "\nrecovery " + ToHex(ring.recovery) + "\n";
  return text + "end " + ToHex(Sha256(text)) + "\n";
}

// The value of the next line, which has to be that of `key`.
std::optional<std::string_view> TakeLine(std::string_view& in, std::string_view key) {
  const std::size_t end = in.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = in.substr(0, end);
  in.remove_prefix(end + 1);
  if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ')
    return std::nullopt;
  line.remove_prefix(key.size() + 1);
  return line;
}

std::optional<KeyRing> Decode(std::string_view text) {
  const std::size_t last = text.rfind("end ");
  if (!text.starts_with(kFirstLine) || last == std::string_view::npos) return std::nullopt;
  std::string_view end = text.substr(last);
  if (TakeLine(end, "end") != ToHex(Sha256(text.substr(0, last))) || !end.empty())
    return std::nullopt;
  std::string_view in = text.substr(kFirstLine.size() + 1);
  const auto kind = TakeLine(in, "kind");
  const auto store = TakeLine(in, "store");
  const auto generation = TakeLine(in, "generation");
  const auto check = TakeLine(in, "check");
  const auto sealed = TakeLine(in, "keys");
  const auto recovery = TakeLine(in, "recovery");
  if (!kind || !store || store->size() > kStoreMaxBytes || !generation || !check || !sealed ||
      !recovery)
    return std::nullopt;
  const auto known = KeyKindOf(*kind);
  auto check_bytes = FromHex(*check);
  auto sealed_bytes = FromHex(*sealed);
  auto recovery_bytes = FromHex(*recovery);
  if (!known || !check_bytes || !sealed_bytes || !recovery_bytes) return std::nullopt;
  KeyRing ring;
  ring.kind = *known;
  ring.label.store = *store;
  const auto number = ParseInteger<std::uint32_t>(*generation);
  if (!number) return std::nullopt;
  ring.label.generation = *number;
  ring.check = std::move(*check_bytes);
  ring.sealed = std::move(*sealed_bytes);
  ring.recovery = std::move(*recovery_bytes);
  return ring;
}

}  // namespace

std::string CheckValue(const Secret& master, const KeyLabel& label) {
  const Secret check = DeriveKey(master, "hark/key-check/2/" + Name(label));
  return std::string(check.bytes().substr(0, kCheckBytes));
}

void SealContent(KeyRing& ring, const Secret& master, const RingContent& content) {
  const std::string purpose = SealPurpose(ring.label);
  ring.check = CheckValue(master, ring.label);
  ring.sealed = Seal(DeriveKey(master, purpose), purpose, Serialize(content));
}

Result<RingContent> UnsealContent(const KeyRing& ring, const Secret& master) {
  const std::string purpose = SealPurpose(ring.label);
  const std::optional<Secret> plain = Unseal(DeriveKey(master, purpose), purpose, ring.sealed);
  std::optional<RingContent> content;
  if (plain) content = Parse(plain->bytes());
  if (!content) return Fail(ErrorCode::kCorrupt, "the key ring was changed by somebody else");
  return *std::move(content);
}

// The code has 140 random bits: nothing is gained by making its derivation slow.
void SealRecovery(KeyRing& ring, const Secret& master, const Secret& code) {
  const std::string purpose = RecoveryPurpose(ring.label);
  ring.recovery = Seal(DeriveKey(code, purpose), purpose, master);
}

std::optional<Secret> UnsealRecovery(const KeyRing& ring, const Secret& code) {
  const std::string purpose = RecoveryPurpose(ring.label);
  auto master = Unseal(DeriveKey(code, purpose), purpose, ring.recovery);
  if (!master || CheckValue(*master, ring.label) != ring.check) return std::nullopt;
  return master;
}

Result<KeyRing> ReadKeyRing(const fs::path& folder) {
  std::optional<Error> first;
  for (const char* name : {kFile, kCopy}) {
    const Result<Secret> bytes = ReadPrivateFile(folder / name, limits::kKeyRingBytes);
    if (!bytes) {
      if (bytes.error().code == ErrorCode::kNotFound) continue;
      if (!first) first = bytes.error();
      continue;
    }
    if (auto ring = Decode(bytes->bytes())) return *std::move(ring);
    if (!first) first = Error(ErrorCode::kCorrupt, "'" + (folder / name).string() + "' is damaged");
  }
  if (!first) return Fail(ErrorCode::kNotFound, "there is no key ring");
  return tl::unexpected(*std::move(first));
}

Result<void> WriteKeyRing(const fs::path& folder, const KeyRing& ring,
                          const std::function<void()>& at) {
  const std::string text = Encode(ring);
  if (text.size() > limits::kKeyRingBytes)
    return Fail(ErrorCode::kResourceExhausted, "the key ring is full");
  if (at) at();
  if (auto written = ReplacePrivateFile(folder / kFile, text); !written) return written;
  if (at) at();
  // The new one counts already: to call this a failure would be wrong. MendKeyRing() follows.
  if (auto copied = ReplacePrivateFile(folder / kCopy, text); !copied)
    log::Warning("key_ring_copy_not_written", {{"why", copied.error()}});
  return {};
}

Result<void> MendKeyRing(const fs::path& folder, const KeyRing& ring) {
  const std::string text = Encode(ring);
  for (const char* name : {kFile, kCopy}) {
    const Result<Secret> bytes = ReadPrivateFile(folder / name, limits::kKeyRingBytes);
    if (bytes && bytes->bytes() == text) continue;
    if (auto written = ReplacePrivateFile(folder / name, text); !written) return written;
  }
  return {};
}

}  // namespace hark::keys
