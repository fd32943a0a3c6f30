#include "tests/damage/kinds.h"

#include <algorithm>
#include <utility>

#include "daemon/store/page_cipher.h"
#include "daemon/store/raw_file.h"
#include "tests/support/files.h"

namespace hark::damage {
namespace {

using Random = std::mt19937_64;

constexpr std::size_t kPage = store::kFilePageBytes;
constexpr std::size_t kWalHeader = 32;
constexpr std::size_t kWalFrame = 24 + kPage;

fs::path FileOf(const fs::path& folder, bool authored) {
  return folder / (authored ? "authored.db" : "cache.db");
}

// Changes 1 to 8 bytes from `first` on within `size`.
void Flip(std::string& bytes, std::size_t first, std::size_t size, Random& random) {
  const std::size_t count = 1 + random() % 8;
  for (std::size_t i = 0; i < count; ++i) {
    char& byte = bytes[first + random() % size];
    byte = static_cast<char>(byte ^ static_cast<char>(1 + random() % 255));
  }
}

// One or more pages of a class of the closed store.
Kind Pages(std::string name, bool authored, std::string page_class, std::size_t most, bool zero) {
  return {std::move(name), false, authored, false,
          [=](const World& world, const fs::path& folder, Random& random) {
            const RowPages& map = authored ? world.authored_pages : world.cache_pages;
            Hit hit;
            const auto found = map.classes.find(page_class);
            if (found == map.classes.end() || found->second.empty()) {
              hit.may_be_unnoticed = true;
              return hit;
            }
            const fs::path file = FileOf(folder, authored);
            std::string bytes = test::ReadBytes(file);
            const std::size_t count = 1 + random() % most;
            for (std::size_t i = 0; i < count; ++i) {
              const std::uint32_t page = found->second[random() % found->second.size()];
              const std::size_t first = (page - 1) * kPage;
              if (zero) {
                std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(first), kPage, '\0');
                // A free page may be a hole.
                hit.may_be_unnoticed = page_class == "free or map";
              } else {
                // Not the salt of page 1: that is a kind of its own.
                const std::size_t skip = page == 1 ? store::kSaltBytes : 0;
                Flip(bytes, first + skip, kPage - skip, random);
              }
              hit.pages.insert(page);
            }
            hit.may_be_unnoticed = hit.may_be_unnoticed && bytes != test::ReadBytes(file);
            test::WriteBytes(file, bytes);
            return hit;
          }};
}

Kind Salt(bool authored) {
  return {authored ? "authored: salt" : "salt", false, authored, false,
          [=](const World&, const fs::path& folder, Random& random) {
            std::string bytes = test::ReadBytes(FileOf(folder, authored));
            char& byte = bytes[random() % store::kSaltBytes];
            byte = static_cast<char>(byte ^ static_cast<char>(1 + random() % 255));
            test::WriteBytes(FileOf(folder, authored), bytes);
            return Hit{};
          }};
}

Kind Truncated(bool authored) {
  return {authored ? "authored: truncated" : "truncated", false, authored, false,
          [=](const World&, const fs::path& folder, Random& random) {
            const fs::path file = FileOf(folder, authored);
            const std::size_t size = test::ReadBytes(file).size();
            const std::size_t left = kPage + random() % (size - kPage);
            fs::resize_file(file, left);
            Hit hit;
            for (std::size_t page = left / kPage + 1; page <= size / kPage; ++page)
              hit.pages.insert(static_cast<std::uint32_t>(page));
            return hit;
          }};
}

Kind Log(std::string name, bool authored,
         std::function<void(const fs::path& log, Random& random)> damage) {
  return {std::move(name), true, authored, false,
          [=, damage = std::move(damage)](const World&, const fs::path& folder, Random& random) {
            damage(FileOf(folder, authored).string() + "-wal", random);
            Hit hit;
            hit.all = true;  // What was only in the log; counted by looking (damage_images.cc).
            return hit;
          }};
}

// Frames from the beginning that are of the present log: once everything was copied into the file,
// the log begins anew over what an earlier one left, and that is no loss.
std::size_t LiveFrames(const std::string& bytes) {
  constexpr std::size_t kSaltsInHeader = 16;
  constexpr std::size_t kSaltsInFrame = 8;
  constexpr std::size_t kSalts = 8;
  std::size_t frames = 0;
  for (std::size_t at = kWalHeader; at + kWalFrame <= bytes.size(); at += kWalFrame, ++frames) {
    if (bytes.compare(at + kSaltsInFrame, kSalts, bytes, kSaltsInHeader, kSalts) != 0) break;
  }
  return frames;
}

void FlipFrame(const fs::path& log, Random& random) {
  std::string bytes = test::ReadBytes(log);
  Flip(bytes, kWalHeader + random() % LiveFrames(bytes) * kWalFrame, kWalFrame, random);
  test::WriteBytes(log, bytes);
}

void FlipHeader(const fs::path& log, Random& random) {
  std::string bytes = test::ReadBytes(log);
  Flip(bytes, 0, kWalHeader, random);
  test::WriteBytes(log, bytes);
}

void CutLog(const fs::path& log, Random& random) {
  // Half of the time between two frames.
  const std::size_t frames = LiveFrames(test::ReadBytes(log));
  fs::resize_file(log, random() % 2 == 0 ? kWalHeader + random() % frames * kWalFrame
                                         : random() % (kWalHeader + frames * kWalFrame));
}

Kind Whole(std::string name, std::function<void(const World&, const fs::path&, Random&)> damage,
           bool rows_stay) {
  return {
      std::move(name), false, false, false,
      [=, damage = std::move(damage)](const World& world, const fs::path& folder, Random& random) {
        damage(world, folder, random);
        Hit hit;
        hit.all = !rows_stay;
        return hit;
      }};
}

// Of each class of pages of the cache.
std::vector<Kind> PageKinds() {
  std::vector<Kind> kinds;
  for (const std::string page_class :
       {"schema", "interior", "leaf", "overflow", "index or small table", "free or map"}) {
    kinds.push_back(Pages("flipped: " + page_class, false, page_class, 3, false));
    kinds.push_back(Pages("zeroed: " + page_class, false, page_class, 3, true));
  }
  return kinds;
}

Kind GarbageAppended() {
  return Whole(
      "garbage appended",
      [](const World&, const fs::path& folder, Random& random) {
        std::string bytes = test::ReadBytes(folder / "cache.db");
        const std::size_t count = 1 + random() % 10'000;
        for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(random());
        test::WriteBytes(folder / "cache.db", bytes);
      },
      true);
}

// What nothing reads again may be overwritten, and is no damage then.
Kind ThenWritten(Kind kind) {
  const bool may_be_overwritten = kind.name.ends_with("overflow") ||
                                  kind.name.ends_with("free or map") ||
                                  kind.name == "garbage appended";
  kind.name += ", then written";
  kind.late = true;
  kind.damage = [=, damage = std::move(kind.damage)](const World& world, const fs::path& folder,
                                                     Random& random) {
    Hit hit = damage(world, folder, random);
    hit.may_be_unnoticed = hit.may_be_unnoticed || may_be_overwritten;
    return hit;
  };
  return kind;
}

}  // namespace

std::vector<Kind> AllKinds() {
  std::vector<Kind> kinds;
  const std::vector<Kind> of_pages = PageKinds();
  kinds.insert(kinds.end(), of_pages.begin(), of_pages.end());
  kinds.push_back(Pages("flipped: many leaves", false, "leaf", 60, false));
  kinds.push_back(Salt(false));
  kinds.push_back(Truncated(false));
  kinds.push_back(Log("log: flipped frame", false, FlipFrame));
  kinds.push_back(Log("log: flipped header", false, FlipHeader));
  kinds.push_back(Log("log: cut", false, CutLog));
  kinds.push_back(Log("log: lost", false, [](const fs::path& log, Random&) { fs::remove(log); }));
  kinds.push_back(Whole(
      "zero length",
      [](const World&, const fs::path& folder, Random&) {
        fs::resize_file(folder / "cache.db", 0);
      },
      false));
  kinds.push_back(Whole(
      "missing",
      [](const World&, const fs::path& folder, Random&) { fs::remove(folder / "cache.db"); },
      false));
  kinds.push_back(Whole(
      "of another store",
      [](const World& world, const fs::path& folder, Random&) {
        fs::copy_file(world.foreign / "cache.db", folder / "cache.db",
                      fs::copy_options::overwrite_existing);
      },
      false));
  kinds.push_back(Whole(
      "noise",
      [](const World&, const fs::path& folder, Random& random) {
        std::string bytes(test::ReadBytes(folder / "cache.db").size(), '\0');
        for (char& byte : bytes) byte = static_cast<char>(random());
        test::WriteBytes(folder / "cache.db", bytes);
      },
      false));
  kinds.push_back(GarbageAppended());
  for (const char* page_class : {"schema", "leaf", "interior", "overflow", "index or small table"})
    kinds.push_back(
        Pages(std::string("authored: flipped ") + page_class, true, page_class, 2, false));
  kinds.push_back(Pages("authored: zeroed leaf", true, "leaf", 2, true));
  kinds.push_back(Salt(true));
  kinds.push_back(Truncated(true));
  kinds.push_back(Log("authored: log flipped", true, FlipFrame));
  kinds.push_back(Log("authored: log header flipped", true, FlipHeader));
  kinds.push_back(Log("authored: log cut", true, CutLog));
  Kind without_index = Log("authored: log flipped, index lost", true, FlipFrame);
  without_index.damage = [flip = without_index.damage](const World& world, const fs::path& folder,
                                                       Random& random) {
    Hit hit = flip(world, folder, random);
    fs::remove(folder / "authored.db-shm");
    // The end of the log does not tell that there was more.
    hit.may_be_unnoticed = true;
    return hit;
  };
  kinds.push_back(std::move(without_index));
  kinds.push_back(
      Log("authored: log lost", true, [](const fs::path& log, Random&) { fs::remove(log); }));
  for (const Kind& kind : of_pages) kinds.push_back(ThenWritten(kind));
  kinds.push_back(ThenWritten(GarbageAppended()));
  return kinds;
}

}  // namespace hark::damage
