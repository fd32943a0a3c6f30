#include "tests/support/unsynced_log.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace hark::fault {
namespace {

constexpr std::int64_t kSector = 512;

// The file during LosePower(). A failure here is the machine's, and ends the test.
class RawFile {
 public:
  explicit RawFile(const std::filesystem::path& file)
      : descriptor_(::open(file.c_str(), O_RDWR | O_CLOEXEC)) {
    if (descriptor_ < 0) std::abort();
  }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  ~RawFile() { ::close(descriptor_); }

  [[nodiscard]] std::string Read(std::int64_t offset, std::int64_t length) const {
    std::string bytes(static_cast<std::size_t>(length), '\0');
    if (::pread(descriptor_, bytes.data(), bytes.size(), offset) < 0) std::abort();
    return bytes;
  }
  void Write(std::int64_t offset, const char* bytes, std::int64_t length) const {
    const auto size = static_cast<std::size_t>(length);
    if (::pwrite(descriptor_, bytes, size, offset) != length) std::abort();
  }
  void SetSize(std::int64_t size) const {
    if (::ftruncate(descriptor_, size) != 0) std::abort();
  }
  [[nodiscard]] std::int64_t Size() const { return ::lseek(descriptor_, 0, SEEK_END); }

 private:
  int descriptor_;
};

// Adds [from, to) to disjoint ranges.
void Unite(std::map<std::int64_t, std::int64_t>& ranges, std::int64_t from, std::int64_t to) {
  auto next = ranges.upper_bound(from);
  if (next != ranges.begin() && std::prev(next)->second >= from) --next;
  while (next != ranges.end() && next->first <= to) {
    from = std::min(from, next->first);
    to = std::max(to, next->second);
    next = ranges.erase(next);
  }
  ranges.emplace(from, to);
}

enum class Fate : std::uint8_t { kKept, kDropped, kTorn };

// One for each change, in order.
std::vector<Fate> DrawFates(std::size_t count, Loss loss, std::mt19937_64& random) {
  std::vector<Fate> fates(count, Fate::kDropped);
  if (loss == Loss::kPrefix) {
    const std::size_t kept = random() % (count + 1);
    std::fill_n(fates.begin(), kept, Fate::kKept);
    if (kept > 0 && random() % 2 == 0) fates[kept - 1] = Fate::kTorn;
    return fates;
  }
  // How much of it was on its way differs from one power loss to the next.
  const std::uint64_t kept_of_8 = random() % 9;
  for (Fate& fate : fates) {
    if (random() % 8 < kept_of_8) fate = Fate::kKept;
    if (random() % 8 == 0) fate = Fate::kTorn;
  }
  return fates;
}

}  // namespace

void UnsyncedLog::AddWrite(std::int64_t offset, std::int64_t length, std::int64_t size,
                           std::string before) {
  Change change;
  change.offset = offset;
  change.length = length;
  change.size_before = size;
  change.size_after = std::max(size, offset + length);
  change.before = std::move(before);
  changes_.push_back(std::move(change));
}

void UnsyncedLog::AddTruncate(std::int64_t size, std::int64_t new_size, std::string cut) {
  Change change;
  change.offset = new_size;
  change.size_before = size;
  change.size_after = new_size;
  change.before = std::move(cut);
  changes_.push_back(std::move(change));
}

void UnsyncedLog::SyncFailed() {
  for (Change& change : changes_) change.lost_by_sync = change.length > 0;
}

void UnsyncedLog::Synced() {
  const auto is_lost = [](const Change& change) { return change.lost_by_sync; };
  const auto last = std::find_if(changes_.rbegin(), changes_.rend(), is_lost);
  std::vector<Change> kept;
  if (last != changes_.rend()) {
    // Safe are also the doubtful bytes that were written anew or cut off later. Start and end of
    // each such range, disjoint.
    std::map<std::int64_t, std::int64_t> safe;
    for (auto change = last.base(); change != changes_.end(); ++change) {
      Unite(safe, change->offset,
            change->length > 0 ? change->offset + change->length
                               : std::numeric_limits<std::int64_t>::max());
    }
    for (const Change& change : changes_) {
      if (is_lost(change)) AddRest(change, safe, kept);
    }
  }
  changes_ = std::move(kept);
}

void UnsyncedLog::AddRest(const Change& lost, const Ranges& safe, std::vector<Change>& kept) {
  const std::int64_t end = lost.offset + lost.length;
  const auto add = [&lost, &kept](std::int64_t from, std::int64_t to) {
    if (from >= to) return;
    Change piece = lost;
    piece.offset = from;
    piece.length = to - from;
    piece.before.resize(static_cast<std::size_t>(lost.length), '\0');  // A hole reads as zeros.
    piece.before = piece.before.substr(static_cast<std::size_t>(from - lost.offset),
                                       static_cast<std::size_t>(to - from));
    piece.sizes_synced = true;
    kept.push_back(std::move(piece));
  };
  std::int64_t at = lost.offset;
  auto range = safe.upper_bound(at);
  if (range != safe.begin()) --range;
  for (; range != safe.end() && range->first < end; ++range) {
    add(at, std::min(range->first, end));
    at = std::max(at, range->second);
  }
  add(at, end);
}

void UnsyncedLog::LosePower(const std::filesystem::path& path, Loss loss, std::mt19937_64& random) {
  if (changes_.empty()) return;
  const RawFile file(path);
  // Back to what is safe. What each change wrote is in the file once the later ones are undone.
  std::vector<std::string> after(changes_.size());
  for (std::size_t i = changes_.size(); i-- > 0;) {
    const Change& change = changes_[i];
    after[i] = file.Read(change.offset, change.length);
    file.Write(change.offset, change.before.data(),
               static_cast<std::int64_t>(change.before.size()));
    if (!change.sizes_synced) file.SetSize(change.size_before);
  }
  const std::vector<Fate> fates = DrawFates(changes_.size(), loss, random);
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Change& change = changes_[i];
    if (change.length == 0) {
      if (fates[i] == Fate::kKept) file.SetSize(change.size_after);
      continue;
    }
    // A file system may have noted the new size before the bytes arrived: then zeros are read.
    if (loss == Loss::kAnyOrder && fates[i] != Fate::kKept && random() % 2 == 0) {
      file.SetSize(std::max(file.Size(), change.size_after));
    }
    for (std::int64_t at = change.offset; at < change.offset + change.length;) {
      const std::int64_t end =
          std::min((at / kSector + 1) * kSector, change.offset + change.length);
      if (fates[i] == Fate::kKept || (fates[i] == Fate::kTorn && random() % 2 == 0)) {
        file.Write(at, after[i].data() + (at - change.offset), end - at);
      }
      at = end;
    }
  }
  changes_.clear();
}

}  // namespace hark::fault
