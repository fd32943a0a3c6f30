#include "daemon/account/backup_file.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "daemon/base/limits.h"
#include "daemon/keys/key_source.h"
#include "daemon/keys/passphrase.h"
#include "daemon/keys/sealing.h"
#include "daemon/store/raw_file.h"

namespace hark::account {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "HARKBAK1";
constexpr std::string_view kPurpose = "hark/backup/1";
constexpr std::size_t kDataKeyBytes = 32;
constexpr std::size_t kSealedKeyBytes = kDataKeyBytes + keys::kSealOverheadBytes;
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kFixedBytes =
    kMagic.size() + keys::kSaltBytes + 2 * kSealedKeyBytes + kLengthBytes;
const std::string kUpload = "restore-upload-";
constexpr std::size_t kInfoBytes = std::size_t{16} * 1024;

void PutNumber(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

void PutText(std::string& out, std::string_view text) {
  PutNumber(out, text.size(), kLengthBytes);
  out += text;
}

// Takes what was put, from the front. Nothing more once something was missing.
class Taker {
 public:
  explicit Taker(std::string_view bytes) : left_(bytes) {}

  std::string_view Bytes(std::size_t count) {
    good_ = good_ && count <= left_.size();
    if (!good_) return {};
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  std::uint64_t Number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (const char c : Bytes(bytes)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string Text() { return std::string(Bytes(Number(kLengthBytes))); }

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool done() const { return good_ && left_.empty(); }

 private:
  std::string_view left_;
  bool good_ = true;
};

Secret Encode(const BackupInfo& info) {
  std::string out;
  PutText(out, info.user.value());
  PutText(out, info.backend_url);
  PutNumber(out, static_cast<std::uint64_t>(info.made_at.time_since_epoch().count()), 8);
  PutNumber(out, info.cache_bytes, 8);
  PutNumber(out, info.authored_bytes, 8);
  return Secret(std::move(out));
}

std::optional<BackupInfo> Decode(std::string_view bytes) {
  Taker in(bytes);
  BackupInfo info;
  info.user = UserId(in.Text());
  info.backend_url = in.Text();
  info.made_at = WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(in.Number(8))));
  info.cache_bytes = in.Number(8);
  info.authored_bytes = in.Number(8);
  if (!in.done()) return std::nullopt;
  return info;
}

// A key seals nothing but this one data key: the salt is of this backup alone.
Secret WrapKey(const Secret& account_key, std::string_view salt) {
  return keys::DeriveKey(account_key, std::string(kPurpose) + "/" + std::string(salt));
}

Secret InfoKey(const Secret& data_key) {
  return keys::DeriveKey(data_key, "info");
}

tl::unexpected<Error> NoBackup() {
  return Fail(ErrorCode::kInvalidArgument,
              "This is no backup of Hark, or it was cut short; nothing was changed.");
}

class CopiedBackup final : public BackupBytes {
 public:
  CopiedBackup(std::string header, store::CopyFolder folder)
      : header_(std::move(header)),
        folder_(std::move(folder)),
        files_{folder_.path() / "cache.db", folder_.path() / "authored.db"},
        size_(header_.size() + store::SizeOf(files_[0]) + store::SizeOf(files_[1])) {}

  [[nodiscard]] std::uint64_t size() const override { return size_; }

  [[nodiscard]] Result<std::string> Next() override {
    if (!header_.empty()) return std::exchange(header_, {});
    for (; file_ < std::size(files_); ++file_, offset_ = 0) {
      const store::Descriptor descriptor = store::OpenForReading(files_[file_]);
      const std::uint64_t size = store::SizeOf(descriptor.get());
      if (offset_ == size) continue;
      std::string bytes(static_cast<std::size_t>(
                            std::min<std::uint64_t>(limits::kExportPartBytes, size - offset_)),
                        '\0');
      if (store::ReadAt(descriptor.get(), offset_, bytes) != store::RawRead::kDone)
        return Fail(ErrorCode::kInternal, "the copy cannot be read");
      offset_ += bytes.size();
      return bytes;
    }
    return std::string();
  }

 private:
  std::string header_;
  const store::CopyFolder folder_;
  const fs::path files_[2];
  const std::uint64_t size_;
  std::size_t file_ = 0;
  std::uint64_t offset_ = 0;
};

class UploadedFile final : public RestoreUpload {
 public:
  UploadedFile(fs::path file, store::Descriptor descriptor)
      : file_(std::move(file)), descriptor_(std::move(descriptor)) {}
  ~UploadedFile() override {
    std::error_code error;
    fs::remove(file_, error);
  }

  [[nodiscard]] Result<void> Append(std::string_view bytes) override {
    if (begin_.size() < kMagic.size()) {
      begin_ += bytes.substr(0, kMagic.size() - begin_.size());
      if (!kMagic.starts_with(begin_)) return NoBackup();
    }
    return store::Append(descriptor_.get(), bytes);
  }

  [[nodiscard]] const fs::path& file() const { return file_; }

 private:
  const fs::path file_;
  const store::Descriptor descriptor_;
  std::string begin_;
};

}  // namespace

BackupKeys KeysOfBackup(const Secret& data_key) {
  return {keys::DeriveKey(data_key, "cache.db"), keys::DeriveKey(data_key, "authored.db")};
}

std::string MakeBackupHeader(const BackupInfo& info, const Secret& data_key,
                             const Secret& account_key, const Secret& passphrase) {
  const Secret salt = Secret::Random(keys::kSaltBytes);
  std::string out(kMagic);
  out += salt.bytes();
  out += keys::Seal(WrapKey(account_key, salt.bytes()), kPurpose, data_key);
  out += passphrase.empty()
             ? std::string(kSealedKeyBytes, '\0')
             : keys::Seal(keys::KeyOfPassphrase(passphrase, salt.bytes()), kPurpose, data_key);
  PutText(out, keys::Seal(InfoKey(data_key), kPurpose, Encode(info)));
  return out;
}

Result<OpenedBackup> OpenBackup(const fs::path& file, const Secret& account_key,
                                const Secret& passphrase) {
  const std::uint64_t size = store::SizeOf(file);
  if (size < kFixedBytes) return NoBackup();
  const std::string bytes = [&] {
    const store::Descriptor descriptor = store::OpenForReading(file);
    std::string read(
        static_cast<std::size_t>(std::min<std::uint64_t>(size, kFixedBytes + kInfoBytes)), '\0');
    return store::ReadAt(descriptor.get(), 0, read) == store::RawRead::kDone ? read : std::string();
  }();
  Taker in(bytes);
  if (in.Bytes(kMagic.size()) != kMagic) return NoBackup();
  const std::string_view salt = in.Bytes(keys::kSaltBytes);
  const std::string_view by_account = in.Bytes(kSealedKeyBytes);
  const std::string_view by_passphrase = in.Bytes(kSealedKeyBytes);
  const std::string sealed_info = in.Text();
  if (!in.good()) return NoBackup();
  std::optional<Secret> data_key = keys::Unseal(WrapKey(account_key, salt), kPurpose, by_account);
  if (!data_key && !passphrase.empty()) {
    data_key = keys::Unseal(keys::KeyOfPassphrase(passphrase, salt), kPurpose, by_passphrase);
  }
  if (!data_key) {
    return Fail(
        ErrorCode::kInvalidArgument,
        passphrase.empty()
            ? "The backup was made with other keys: it needs its passphrase, if it has one; "
              "nothing was changed."
            : "The passphrase is not that of the backup; nothing was changed.");
  }
  const auto info = keys::Unseal(InfoKey(*data_key), kPurpose, sealed_info);
  auto decoded = info ? Decode(info->bytes()) : std::nullopt;
  if (!decoded) return NoBackup();
  const std::uint64_t header = kFixedBytes + sealed_info.size();
  if (size - header != decoded->cache_bytes + decoded->authored_bytes) return NoBackup();
  return OpenedBackup{*std::move(decoded), *std::move(data_key), header};
}

std::unique_ptr<BackupBytes> MakeBackupBytes(std::string header, store::CopyFolder folder) {
  return std::make_unique<CopiedBackup>(std::move(header), std::move(folder));
}

void RemoveUploads(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> left;
  for (fs::directory_iterator entry(folder, error), end; entry != end; entry.increment(error)) {
    if (entry->path().filename().string().starts_with(kUpload)) left.push_back(entry->path());
  }
  for (const fs::path& file : left) fs::remove(file, error);
}

Result<std::unique_ptr<RestoreUpload>> MakeUpload(const fs::path& folder) {
  static std::atomic<std::uint64_t> made = 0;
  const fs::path file = folder / (kUpload + std::to_string(++made));
  auto descriptor = store::MakeNewFileAt(file);
  if (!descriptor) return tl::unexpected(std::move(descriptor.error()));
  return std::make_unique<UploadedFile>(file, *std::move(descriptor));
}

const fs::path& FileOf(const RestoreUpload& upload) {
  return dynamic_cast<const UploadedFile&>(upload).file();
}

Result<void> ExtractPart(const fs::path& from, std::uint64_t offset, std::uint64_t bytes,
                         const fs::path& to) {
  const auto target = store::MakeNewFileAt(to);
  if (!target) return tl::unexpected(target.error());
  return store::AppendPart(target->get(), from, offset, bytes);
}

}  // namespace hark::account
