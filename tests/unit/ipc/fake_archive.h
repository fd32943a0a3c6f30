// An archive without files: an export of two conversations, a backup of some bytes, and a restore
// that keeps what it was given.

#ifndef HARK_TESTS_UNIT_IPC_FAKE_ARCHIVE_H_
#define HARK_TESTS_UNIT_IPC_FAKE_ARCHIVE_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/account/archive.h"
#include "daemon/base/limits.h"

namespace hark::ipc {

// Thread-safe.
class FakeArchive final : public account::Archive {
 public:
  static constexpr std::size_t kMessages = 1'000;

  Result<std::unique_ptr<store::ExportSource>> Export(
      std::optional<ConversationId> conversation, const std::atomic<bool>& /*cancelled*/) override {
    if (conversation && conversation->value() == "no-such")
      return Fail(ErrorCode::kNotFound, "no such conversation");
    return std::make_unique<Source>(sources_);
  }

  Result<std::unique_ptr<account::BackupBytes>> Backup(
      const Secret& passphrase, const std::atomic<bool>& /*cancelled*/) override {
    return std::make_unique<Bytes>("backup with " + std::string(passphrase.bytes()));
  }

  // Exports that are open.
  [[nodiscard]] int sources() const { return *sources_; }

 private:
  using Count = std::shared_ptr<std::atomic<int>>;

  class Source final : public store::ExportSource {
   public:
    explicit Source(Count open) : open_(std::move(open)) { ++*open_; }
    ~Source() override { --*open_; }
    [[nodiscard]] const store::ExportTotals& totals() const override { return totals_; }
    Result<std::optional<store::ExportPart>> Next() override {
      if (given_ > kMessages) return std::optional<store::ExportPart>();
      store::ExportPart part;
      if (given_++ == 0) {
        part.conversation.emplace().id = ConversationId("c");
      } else {
        Message& message = part.messages.emplace_back();
        message.id = MessageId("m" + std::to_string(given_ - 1));
        message.conversation = ConversationId("c");
        message.content = std::string(1'000, 'x');
      }
      return std::optional<store::ExportPart>(std::move(part));
    }

   private:
    const Count open_;
    const store::ExportTotals totals_{1, kMessages};
    std::size_t given_ = 0;
  };

  class Bytes final : public account::BackupBytes {
   public:
    explicit Bytes(std::string bytes) : bytes_(std::move(bytes)), size_(bytes_.size()) {}
    [[nodiscard]] std::uint64_t size() const override { return size_; }
    Result<std::string> Next() override {
      std::string piece = bytes_.substr(0, 10);
      bytes_.erase(0, piece.size());
      return piece;
    }

   private:
    std::string bytes_;
    const std::uint64_t size_;
  };

  const Count sources_ = std::make_shared<std::atomic<int>>(0);
};

class FakeUpload final : public account::RestoreUpload {
 public:
  Result<void> Append(std::string_view bytes) override {
    if (bytes.starts_with("nonsense")) return Fail(ErrorCode::kInvalidArgument, "no backup");
    bytes_ += bytes;
    return {};
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace hark::ipc

#endif  // HARK_TESTS_UNIT_IPC_FAKE_ARCHIVE_H_
