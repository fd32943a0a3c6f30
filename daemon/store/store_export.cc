// SqlcipherStore: taking copies out of it.

#include <atomic>
#include <functional>
#include <optional>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/export_reader.h"
#include "daemon/store/sqlcipher_store.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_copy.h"
#include "daemon/store/store_parts.h"

namespace hark::store {
namespace {

constexpr std::size_t kKeyBytes = 32;

// When a copy ends early. It holds its snapshot for as long as it takes, and the log only grows
// meanwhile: what is stored goes before.
class CopyStop {
 public:
  CopyStop(const StoreParts& parts, const std::atomic<bool>& cancelled)
      : parts_(parts), cancelled_(cancelled) {}

  [[nodiscard]] const std::function<bool()>& asked() const { return asked_; }

  // A copy that was stopped says so, and not what SQLite says of it.
  [[nodiscard]] Result<void> Copied(Result<void> copied) const {
    if (!copied && stopped_) return tl::unexpected<Error>(*stopped_);
    return copied;
  }

 private:
  bool IsToStop() {
    if (cancelled_ || parts_.closing) {
      stopped_.emplace(ErrorCode::kCancelled, "the copy was given up");
    } else if (parts_.position.log_bytes > limits::kWalBytes) {
      stopped_.emplace(ErrorCode::kResourceExhausted,
                       "Too much is being stored at the moment. Try again.");
    }
    return stopped_.has_value();
  }

  const StoreParts& parts_;
  const std::atomic<bool>& cancelled_;
  std::optional<Error> stopped_;
  const std::function<bool()> asked_ = [this] { return IsToStop(); };
};

}  // namespace

Result<std::unique_ptr<ExportSource>> SqlcipherStore::BeginExport(
    std::optional<ConversationId> conversation, const std::atomic<bool>& cancelled) {
  auto folder = CopyFolder::Make(parts_->files);
  if (!folder) return tl::unexpected<Error>(std::move(folder.error()));
  const Secret key = Secret::Random(kKeyBytes);
  const CopyStop stop(*parts_, cancelled);
  const std::filesystem::path copy = folder->path() / "cache.db";
  auto copied = parts_->readers->Run([&](const Snapshot& snapshot) {
    return CopyDatabase(snapshot.cache(), copy, key, stop.asked());
  });
  if (copied = stop.Copied(std::move(copied)); !copied)
    return tl::unexpected<Error>(std::move(copied.error()));
  return Catching([&]() -> Result<std::unique_ptr<ExportSource>> {
    auto reader = ExportReader::Open(*std::move(folder), key, std::move(conversation));
    if (!reader) return tl::unexpected<Error>(std::move(reader.error()));
    return std::unique_ptr<ExportSource>(*std::move(reader));
  });
}

Result<void> SqlcipherStore::CopyFiles(const std::filesystem::path& folder, const Secret& cache_key,
                                       const Secret& authored_key,
                                       const std::atomic<bool>& cancelled) {
  const CopyStop stop(*parts_, cancelled);
  const std::filesystem::path cache = folder / "cache.db";
  const std::filesystem::path authored = folder / "authored.db";
  return stop.Copied(parts_->readers->Run([&](const Snapshot& snapshot) {
    auto copied = CopyDatabase(snapshot.authored(), authored, authored_key, stop.asked());
    parts_->options.at_step();
    if (copied) copied = CopyDatabase(snapshot.cache(), cache, cache_key, stop.asked());
    return copied;
  }));
}

}  // namespace hark::store
