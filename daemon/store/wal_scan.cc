#include "daemon/store/wal_scan.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "daemon/store/raw_file.h"
#include "daemon/store/wal_checksum.h"

namespace hark::store {
namespace {

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::size_t kFrameBytes = kFrameHeaderBytes + kFilePageBytes;
// Page numbers tried for frames whose own is damaged, some seconds of work at most.
constexpr std::uint64_t kMostTrials = 1'000'000;
constexpr std::uint32_t kMagic = 0x377f0682;  // The last bit: big-endian checksums.

std::uint64_t SaltsAt(const char* bytes) {
  std::uint64_t salts = 0;
  std::memcpy(&salts, bytes, sizeof(salts));
  return salts;
}

WalChecksum ChecksumAt(const char* bytes) {
  return {BigEndian(bytes), BigEndian(bytes + 4)};
}

struct Header {
  bool valid = false;
  WordOrder order = kWordOrderOfThisMachine;
  WalChecksum sum;
};

// Of kHeaderBytes.
Header ParseHeader(const char* bytes) {
  Header header;
  const std::uint32_t magic = BigEndian(bytes);
  if ((magic & ~1U) != kMagic || BigEndian(bytes + 8) != kFilePageBytes) return header;
  header.order = (magic & 1U) != 0 ? WordOrder::kBigEndian : WordOrder::kLittleEndian;
  header.sum = AddBytes({}, {bytes, 24}, header.order);
  header.valid = header.sum == ChecksumAt(bytes + 24);
  return header;
}

// They differ by what a damaged byte or two make.
bool AreAlmostEqual(WalChecksum one, WalChecksum other) {
  return std::popcount(one.first ^ other.first) + std::popcount(one.second ^ other.second) <= 12;
}

// Whether a frame with `salts` may be of the log with `log`, if bytes of them are damaged. Of an
// earlier log both halves differ: SQLite counts the one up and draws the other anew.
bool MayBeOf(std::uint64_t salts, std::uint64_t log) {
  return salts >> 32 == log >> 32 || (salts & 0xffffffff) == (log & 0xffffffff);
}

// What the log's shared index tells.
struct Index {
  std::uint32_t frames = 0;  // 0: nothing can be told.
  std::uint32_t pages = 0;   // Of the database, after the last of them.
};

// Of a log with `salts`; 0: whatever log it was.
Index ParseIndex(std::string_view bytes, std::uint64_t salts) {
  // Two copies, in the machine's byte order.
  constexpr std::size_t kCopyBytes = kIndexBytes / 2;
  constexpr std::uint32_t kVersion = 3'007'000;
  if (bytes.size() < kIndexBytes ||
      bytes.substr(0, kCopyBytes) != bytes.substr(kCopyBytes, kCopyBytes))
    return {};
  std::uint32_t version = 0;
  Index index;
  std::memcpy(&version, bytes.data(), sizeof(version));
  std::memcpy(&index.frames, bytes.data() + 16, sizeof(index.frames));
  std::memcpy(&index.pages, bytes.data() + 20, sizeof(index.pages));
  const bool is_set = bytes[12] != 0;
  if (version != kVersion || !is_set) return {};
  if (salts != 0 && SaltsAt(bytes.data() + 32) != salts) return {};
  return index;
}

// One frame as it is in the file.
struct Found {
  WalFrame frame;  // As its header says, or as it was proven to be.
  std::uint64_t salts = 0;
  WalChecksum sum;       // As its header says.
  bool chained = false;  // SQLite would use it.
  bool lost = false;     // What is there is of an earlier log.

  [[nodiscard]] FrameNumbers numbers() const { return {frame.page, frame.commit_pages}; }
};

class Scanner {
 public:
  Scanner(int descriptor, const PageCipher& cipher, std::uint32_t file_pages)
      : descriptor_(descriptor), cipher_(cipher), most_pages_(file_pages) {}

  WalScan Run(std::string_view index);

 private:
  RawRead Read(std::uint64_t offset, std::string& bytes);
  void ReadFrames();
  void Identify();
  bool Prove(Found& found, WalChecksum before, std::string_view page) const;
  bool Recognize(Found& found, std::string_view page);
  [[nodiscard]] bool IsOnlySumDamaged(std::size_t at, WalChecksum sum);
  [[nodiscard]] bool IsPlausible(std::size_t at) const;
  [[nodiscard]] bool EndsACommit(const Found& found) const;
  void Assemble();

  int descriptor_;
  const PageCipher& cipher_;
  std::uint32_t most_pages_;  // The database cannot have had more.
  std::uint64_t trials_ = 0;  // Of page numbers.
  Header header_;
  Index index_;
  std::vector<Found> found_;
  WalScan scan_;
};

WalScan Scanner::Run(std::string_view index) {
  scan_.bytes = SizeOf(descriptor_);
  std::string header_bytes(kHeaderBytes, '\0');
  if (Read(0, header_bytes) != RawRead::kDone) return scan_;
  header_ = ParseHeader(header_bytes.data());
  if (header_.valid) scan_.salts = SaltsAt(header_bytes.data() + 16);
  index_ = ParseIndex(index, scan_.salts);
  scan_.told = index_.frames;
  ReadFrames();
  Identify();
  Assemble();
  return scan_;
}

RawRead Scanner::Read(std::uint64_t offset, std::string& bytes) {
  const RawRead read = ReadAt(descriptor_, offset, bytes);
  scan_.unread = scan_.unread || read == RawRead::kFailed;
  return read;
}

void Scanner::ReadFrames() {
  bool chained = header_.valid;
  WalChecksum sum = header_.sum;
  std::uint64_t salts = scan_.salts;
  std::size_t end = 0;  // Behind the last frame that is surely of this log.
  std::size_t chain = 0;
  std::string frame(kFrameBytes, '\0');
  for (std::uint64_t at = kHeaderBytes;; at += kFrameBytes) {
    const RawRead read = at < scan_.bytes ? Read(at, frame) : RawRead::kTooShort;
    if (read == RawRead::kTooShort) break;
    // As a damaged one: what is behind it may be whole.
    if (read == RawRead::kFailed) frame.assign(kFrameBytes, '\0');
    const std::string_view page = std::string_view(frame).substr(kFrameHeaderBytes);
    Found found{{BigEndian(frame.data()), BigEndian(frame.data() + 4), at + kFrameHeaderBytes},
                SaltsAt(frame.data() + 8),
                ChecksumAt(frame.data() + 16)};
    if (chained) {
      sum = AddFrame(sum, found.numbers(), page, header_.order);
      chained = found.salts == scan_.salts && found.frame.page > 0 && sum == found.sum;
    }
    found.chained = chained;
    if (chained || (found.frame.page > 0 && (salts == 0 || found.salts == salts) &&
                    cipher_.Verifies(page, found.frame.page))) {
      salts = found.salts;
      end = found_.size() + 1;
      most_pages_ = std::max(most_pages_, found.frame.page);
    }
    found_.push_back(found);
    if (!chained) continue;
    most_pages_ = std::max(most_pages_, found.frame.commit_pages);
    chain = found_.size();
  }
  // What an earlier log left has other salts, and is behind the last frame of this one. All that is
  // before that frame was of this log, whatever is there now; the one after it may be.
  if (end < found_.size() && salts != 0 && found_[end].salts == salts) ++end;
  // SQLite may see a commit more than the index tells of, if it was written as the process ended.
  if (index_.frames > 0) end = std::max(chain, std::min<std::size_t>(index_.frames, found_.size()));
  found_.resize(end);
  // Except where a write was lost, and an earlier frame shows: of that place nothing is known.
  for (Found& found : found_) found.lost = !MayBeOf(found.salts, salts);
  most_pages_ += static_cast<std::uint32_t>(end);
}

// Whether `page` is what was written with this frame after one with the checksum `before`, whatever
// else of its header is damaged. That a page verifies is not enough: SQLite writes a frame's header
// and its page one after the other, and where a power loss took the second, the page of an earlier
// log is there, and may have the same number.
bool Scanner::Prove(Found& found, WalChecksum before, std::string_view page) const {
  const FrameNumbers numbers = NumbersBetween(before, found.sum, page, header_.order);
  if (numbers.page == 0 || !cipher_.Verifies(page, numbers.page)) return false;
  found.frame.page = numbers.page;
  found.frame.commit_pages = numbers.commit_pages;
  return true;
}

// For a frame after one of which nothing is left: the number of a page is in its HMAC.
bool Scanner::Recognize(Found& found, std::string_view page) {
  bool known = found.frame.page > 0 && cipher_.Verifies(page, found.frame.page);
  if (!known && trials_ + most_pages_ <= kMostTrials) {
    trials_ += most_pages_;
    if (const auto number = cipher_.NumberOf(page, most_pages_)) {
      found.frame.page = *number;
      known = true;
    }
  }
  // No checksum proves it.
  if (known) found.frame.commit_pages = std::min(found.frame.commit_pages, most_pages_);
  return known;
}

// Whether the frame that verifies has the checksum `sum`, although its header tells another.
bool Scanner::IsOnlySumDamaged(std::size_t at, WalChecksum sum) {
  if (AreAlmostEqual(sum, found_[at].sum)) return true;
  if (at + 1 == found_.size()) return false;
  const Found& next = found_[at + 1];
  std::string page(kFilePageBytes, '\0');
  return Read(next.frame.offset, page) == RawRead::kDone &&
         AddFrame(sum, next.numbers(), page, header_.order) == next.sum;
}

void Scanner::Identify() {
  std::string page(kFilePageBytes, '\0');
  std::optional<WalChecksum> before;  // That the next frame begins with, if it can be told.
  if (header_.valid) before = header_.sum;
  bool after_lost = false;
  for (std::size_t i = 0; i < found_.size(); ++i) {
    Found& found = found_[i];
    WalChecksum sum = found.sum;
    // NOLINTNEXTLINE(bugprone-branch-clone): the order matters, and the page is read in between.
    if (found.chained) {
      found.frame.whole = true;
    } else if (Read(found.frame.offset, page) != RawRead::kDone) {
      before.reset();
      continue;
    } else if (!before) {
      found.frame.whole = !found.lost && !after_lost && Recognize(found, page);
    } else if (Prove(found, *before, page)) {
      found.frame.whole = true;
    } else if (!found.lost && found.frame.page > 0 && cipher_.Verifies(page, found.frame.page)) {
      const WalChecksum told = AddFrame(*before, found.numbers(), page, header_.order);
      found.frame.whole = IsOnlySumDamaged(i, told);
      if (found.frame.whole) sum = told;
    }
    // Frames of an earlier log prove each other. Zeros are no frame: nothing was ever there.
    const bool is_other = !found.frame.whole && (found.lost || found.salts == 0);
    after_lost = is_other && found.salts != 0;
    before = is_other ? std::nullopt : std::optional(sum);
  }
}

// Of a damaged frame the header may be damaged too. SQLite writes the pages of a transaction in
// their order; a number that breaks it is not believed. (One that is written earlier because memory
// was short breaks it too.)
bool Scanner::IsPlausible(std::size_t at) const {
  const WalFrame& frame = found_[at].frame;
  if (frame.page == 0 || frame.page > most_pages_) return false;
  const Found* before = at > 0 ? &found_[at - 1] : nullptr;
  const Found* after = at + 1 < found_.size() ? &found_[at + 1] : nullptr;
  if (before != nullptr && before->frame.whole && before->frame.commit_pages == 0 &&
      before->frame.page >= frame.page)
    return false;
  return frame.commit_pages != 0 || after == nullptr || !after->frame.whole ||
         after->frame.page > frame.page;
}

// A frame of which the page is damaged, as far as its header tells.
bool Scanner::EndsACommit(const Found& found) const {
  return !found.lost && found.salts == scan_.salts && found.frame.commit_pages > 0 &&
         found.frame.commit_pages <= most_pages_;
}

void Scanner::Assemble() {
  std::vector<WalFrame> open;    // Of the transaction that is not finished yet.
  std::size_t damaged_ends = 0;  // In it: so it is several.
  for (std::size_t i = 0; i < found_.size(); ++i) {
    const Found& found = found_[i];
    WalFrame frame = found.frame;
    if (frame.whole) {
      if (!found.chained) scan_.damaged = true;
    } else {
      if (EndsACommit(found)) ++damaged_ends;
      if (found.lost || !IsPlausible(i)) frame.page = 0;
      frame.commit_pages = i + 1 == index_.frames ? index_.pages : 0;
    }
    open.push_back(frame);
    if (frame.commit_pages == 0) continue;
    scan_.frames.insert(scan_.frames.end(), open.begin(), open.end());
    open.clear();
    if (found.chained) {
      scan_.used = scan_.frames.size();
    } else {
      scan_.commits_lost += 1 + std::exchange(damaged_ends, 0);
    }
  }
}

}  // namespace

WalScan ScanWal(int descriptor, const PageCipher& cipher, std::uint32_t file_pages,
                std::string_view index) {
  return descriptor < 0 ? WalScan() : Scanner(descriptor, cipher, file_pages).Run(index);
}

LoggedFrames CheckFramesOf(std::string_view index, int descriptor) {
  std::string bytes(kHeaderBytes, '\0');
  const RawRead read = ReadAt(descriptor, 0, bytes);
  if (read == RawRead::kFailed) return LoggedFrames::kUnread;
  const Header header = read == RawRead::kDone ? ParseHeader(bytes.data()) : Header();
  const std::uint64_t salts = header.valid ? SaltsAt(bytes.data() + 16) : 0;
  const std::uint32_t frames = ParseIndex(index, salts).frames;
  if (frames > 0 && !header.valid) return LoggedFrames::kDamaged;
  WalChecksum sum = header.sum;
  bytes.resize(kFrameBytes);
  for (std::uint64_t frame = 0; frame < frames; ++frame) {
    switch (ReadAt(descriptor, kHeaderBytes + frame * kFrameBytes, bytes)) {
      case RawRead::kDone: break;
      case RawRead::kTooShort: return LoggedFrames::kDamaged;
      case RawRead::kFailed: return LoggedFrames::kUnread;
    }
    const FrameNumbers numbers{BigEndian(bytes.data()), BigEndian(bytes.data() + 4)};
    const std::string_view page = std::string_view(bytes).substr(kFrameHeaderBytes);
    sum = AddFrame(sum, numbers, page, header.order);
    if (SaltsAt(bytes.data() + 8) != salts || ChecksumAt(bytes.data() + 16) != sum)
      return LoggedFrames::kDamaged;
  }
  return LoggedFrames::kWhole;
}

}  // namespace hark::store
