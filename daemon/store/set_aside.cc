#include "daemon/store/set_aside.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <system_error>

#include "daemon/store/raw_file.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr char kFolder[] = "set-aside";

std::string NameOf(WallTime now) {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - day));
  char text[32];
  std::snprintf(text, sizeof(text), "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

}  // namespace

Result<fs::path> MakeAsideFolder(const fs::path& store, WallTime now) {
  const std::string name = NameOf(now);
  fs::path folder = store / kFolder / name;
  for (int i = 2; Exists(folder); ++i) folder = store / kFolder / (name + "-" + std::to_string(i));
  if (auto made = MakePrivateFolder(folder); !made)
    return tl::unexpected<Error>(std::move(made.error()));
  return folder;
}

Result<void> SetAside(const fs::path& database, const fs::path& folder) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    const fs::path from = database.string() + suffix;
    if (!Exists(from)) continue;
    if (auto renamed = Rename(from, folder / from.filename()); !renamed) return renamed;
  }
  return {};
}

std::uint64_t AsideBytes(const fs::path& store) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(store / kFolder, error), end; entry != end;
       entry.increment(error)) {
    if (entry->is_regular_file(error)) bytes += entry->file_size(error);
  }
  return bytes;
}

}  // namespace hark::store
