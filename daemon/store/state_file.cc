#include "daemon/store/state_file.h"

#include <chrono>
#include <cstddef>
#include <fstream>
#include <optional>
#include <sstream>

#include "daemon/base/hex.h"
#include "daemon/store/raw_file.h"

namespace hark::store {
namespace {

constexpr char kFirstLine[] = "hark-store-state 1";
constexpr char kLastLine[] = "end";
constexpr std::size_t kMostBytes = std::size_t{64} * 1024;
// Longer than devices are reset, and than a cable is out by mistake.
constexpr std::chrono::minutes kUnreadIsDamagedAfter{10};
constexpr char kRootsSql[] = "SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0";

void Put(std::ostream& out, const std::string& name, const NotedFile& file) {
  out << name << "-salt " << ToHex(file.salt) << "\n";
  out << name << "-version " << file.version << "\n";
  out << name << "-suspect " << file.suspect << "\n";
  out << name << "-unread-since " << file.unread_since << "\n";
  for (const auto& [root, page] : file.roots)
    out << name << "-root " << root << " " << page << "\n";
}

// Whether `line` is one of the lines that Put() wrote for `name`.
bool TakeLine(const std::string& name, const std::string& key, std::istream& line,
              NotedFile& file) {
  if (key == name + "-salt") {
    std::string hex;
    line >> hex;
    file.salt = FromHex(hex).value_or("");
    return true;
  }
  if (key == name + "-version") {
    line >> file.version;
    return true;
  }
  if (key == name + "-suspect") {
    line >> file.suspect;
    return true;
  }
  if (key == name + "-unread-since") {
    line >> file.unread_since;
    return true;
  }
  if (key != name + "-root") return false;
  std::string root;
  std::uint32_t page = 0;
  if (line >> root >> page) file.roots[root] = page;
  return true;
}

}  // namespace

StoreState ReadStoreState(const std::filesystem::path& file) {
  std::istringstream text(ReadSmallFile(file, kMostBytes));
  std::string line;
  if (!std::getline(text, line) || line != kFirstLine) return {};
  StoreState state;
  while (std::getline(text, line)) {
    if (line == kLastLine) return state;
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key == "open") {
      words >> state.open;
    } else if (key == "boot") {
      words >> state.boot_id;
    } else if (key == "store") {
      words >> state.store_id;
    } else if (key == "generation") {
      words >> state.generation;
    } else if (!TakeLine("cache", key, words, state.cache)) {
      (void)TakeLine("authored", key, words, state.authored);
    }
  }
  return {};
}

Result<void> WriteStoreState(const std::filesystem::path& file, const StoreState& state) {
  std::ostringstream text;
  text << kFirstLine << "\nopen " << state.open << "\nboot " << state.boot_id << "\nstore "
       << state.store_id << "\ngeneration " << state.generation << "\n";
  Put(text, "cache", state.cache);
  Put(text, "authored", state.authored);
  text << kLastLine << "\n";
  return ReplaceFile(file, text.str());
}

NotedFile NoteFile(Connection& connection, const std::filesystem::path& file) {
  NotedFile noted;
  noted.salt.assign(kSaltBytes, '\0');
  const Descriptor descriptor = OpenForReading(file);
  if (!descriptor.valid() || ReadAt(descriptor.get(), 0, noted.salt) != RawRead::kDone)
    noted.salt.clear();
  noted.version = static_cast<std::uint32_t>(connection.ReadInt("PRAGMA user_version"));
  Query query(connection.statements(), kRootsSql);
  while (query.Next()) noted.roots[query.GetText(0)] = static_cast<std::uint32_t>(query.GetUint(1));
  return noted;
}

Unread JudgeUnread(const NotedFile& noted, WallTime now) {
  const auto since = WallTime(std::chrono::seconds(noted.unread_since));
  return noted.unread_since > 0 && now - since >= kUnreadIsDamagedAfter ? Unread::kDamaged
                                                                        : Unread::kUndecided;
}

bool ReadingWorked(Reading reading, NotedFile& noted, WallTime now) {
  const std::int64_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  // A note of the future is of a clock that was put back.
  if (reading == Reading::kLacksPages && (noted.unread_since == 0 || noted.unread_since > seconds))
    noted.unread_since = seconds;
  return reading == Reading::kWorks;
}

std::string ReadBootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

}  // namespace hark::store
