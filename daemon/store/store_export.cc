// SqlcipherStore: taking copies out of it.

#include <functional>
#include <utility>

#include "daemon/store/export_reader.h"
#include "daemon/store/sqlcipher_store.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_copy.h"
#include "daemon/store/store_parts.h"

namespace hark::store {
namespace {

constexpr std::size_t kKeyBytes = 32;

// A copy that was stopped says so, and not what SQLite says of it.
Result<void> Copied(Result<void> copied, const std::function<bool()>& stop) {
  if (!copied && stop()) return Fail(ErrorCode::kCancelled, "the copy was given up");
  return copied;
}

}  // namespace

Result<std::unique_ptr<ExportSource>> SqlcipherStore::BeginExport(
    std::optional<ConversationId> conversation, const std::atomic<bool>& cancelled) {
  auto folder = CopyFolder::Make(parts_->files);
  if (!folder) return tl::unexpected<Error>(std::move(folder.error()));
  const Secret key = Secret::Random(kKeyBytes);
  const std::function<bool()> stop = [&] { return cancelled || parts_->closing.load(); };
  const std::filesystem::path copy = folder->path() / "cache.db";
  auto copied = parts_->readers->Run(
      [&](const Snapshot& snapshot) { return CopyDatabase(snapshot.cache(), copy, key, stop); });
  if (copied = Copied(std::move(copied), stop); !copied)
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
  const std::function<bool()> stop = [&] { return cancelled || parts_->closing.load(); };
  const std::filesystem::path cache = folder / "cache.db";
  const std::filesystem::path authored = folder / "authored.db";
  return Copied(parts_->readers->Run([&](const Snapshot& snapshot) {
    auto copied = CopyDatabase(snapshot.authored(), authored, authored_key, stop);
    if (copied) copied = CopyDatabase(snapshot.cache(), cache, cache_key, stop);
    return copied;
  }),
                stop);
}

}  // namespace hark::store
