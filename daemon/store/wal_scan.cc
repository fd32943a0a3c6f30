#include "daemon/store/wal_scan.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "daemon/store/raw_file.h"

namespace hark::store {
namespace {

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::size_t kFrameBytes = kFrameHeaderBytes + kFilePageBytes;
// Page numbers tried for frames whose own is damaged, some seconds of work at most.
constexpr std::uint64_t kMostTrials = 1'000'000;
constexpr std::uint32_t kMagic = 0x377f0682;  // The last bit: big-endian checksums.

struct Checksum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  friend bool operator==(const Checksum&, const Checksum&) = default;
};

std::uint32_t LittleEndian(const char* bytes) {
  const auto* b = reinterpret_cast<const unsigned char*>(bytes);
  return std::uint32_t{b[0]} | std::uint32_t{b[1]} << 8 | std::uint32_t{b[2]} << 16 |
         std::uint32_t{b[3]} << 24;
}

// SQLite's: over pairs of 32-bit words.
Checksum Add(Checksum sum, std::string_view bytes, bool big_endian) {
  for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    const char* pair = bytes.data() + i;
    sum.first += (big_endian ? BigEndian(pair) : LittleEndian(pair)) + sum.second;
    sum.second += (big_endian ? BigEndian(pair + 4) : LittleEndian(pair + 4)) + sum.first;
  }
  return sum;
}

std::uint64_t SaltsAt(const char* bytes) {
  std::uint64_t salts = 0;
  std::memcpy(&salts, bytes, sizeof(salts));
  return salts;
}

struct Header {
  bool valid = false;
  bool big_endian = false;
  Checksum sum;
};

Header ParseHeader(std::string_view bytes) {
  Header header;
  const std::uint32_t magic = BigEndian(bytes.data());
  if ((magic & ~1U) != kMagic || BigEndian(bytes.data() + 8) != kFilePageBytes) return header;
  header.big_endian = (magic & 1U) != 0;
  header.sum = Add({}, bytes.substr(0, 24), header.big_endian);
  header.valid = header.sum == Checksum{BigEndian(bytes.data() + 24), BigEndian(bytes.data() + 28)};
  return header;
}

// One frame as it is in the file.
struct Found {
  WalFrame frame;  // As its header says; the number of a whole frame is the proven one.
  std::uint64_t salts = 0;
  bool chained = false;  // SQLite would use it.
  bool whole = false;
};

class Scanner {
 public:
  Scanner(int descriptor, const PageCipher& cipher, std::uint32_t file_pages)
      : descriptor_(descriptor), cipher_(cipher), most_pages_(file_pages) {}

  WalScan Run();

 private:
  void ReadFrames(const Header& header);
  void Identify();
  [[nodiscard]] bool IsPlausible(std::size_t at) const;
  void Assemble();

  int descriptor_;
  const PageCipher& cipher_;
  std::uint32_t most_pages_;  // The database cannot have had more.
  std::vector<Found> found_;
  WalScan scan_;
};

WalScan Scanner::Run() {
  scan_.bytes = SizeOf(descriptor_);
  std::string header_bytes(kHeaderBytes, '\0');
  if (!ReadAt(descriptor_, 0, header_bytes)) return scan_;
  const Header header = ParseHeader(header_bytes);
  if (header.valid) scan_.salts = SaltsAt(header_bytes.data() + 16);
  ReadFrames(header);
  Identify();
  Assemble();
  return scan_;
}

void Scanner::ReadFrames(const Header& header) {
  bool chained = header.valid;
  Checksum sum = header.sum;
  std::uint64_t salts = scan_.salts;
  std::size_t end = 0;  // Behind the last frame that is whole.
  std::string frame(kFrameBytes, '\0');
  for (std::uint64_t at = kHeaderBytes; ReadAt(descriptor_, at, frame); at += kFrameBytes) {
    const std::string_view page = std::string_view(frame).substr(kFrameHeaderBytes);
    Found found{{BigEndian(frame.data()), BigEndian(frame.data() + 4), at + kFrameHeaderBytes},
                SaltsAt(frame.data() + 8)};
    if (chained) {
      sum = Add(Add(sum, std::string_view(frame).substr(0, 8), header.big_endian), page,
                header.big_endian);
      chained = found.salts == scan_.salts && found.frame.page > 0 &&
                sum == Checksum{BigEndian(frame.data() + 16), BigEndian(frame.data() + 20)};
    }
    found.chained = chained;
    found.whole = chained || (found.frame.page > 0 && (salts == 0 || found.salts == salts) &&
                              cipher_.Verifies(page, found.frame.page));
    if (found.whole) {
      salts = found.salts;
      end = found_.size() + 1;
      most_pages_ = std::max(most_pages_, found.frame.page);
    }
    if (chained) most_pages_ = std::max(most_pages_, found.frame.commit_pages);
    found_.push_back(found);
  }
  // What an earlier log left has other salts, and is behind the last frame of this one. All that is
  // before that frame is of this log, whatever it looks like now; the one after it may be.
  if (end < found_.size() && salts != 0 && found_[end].salts == salts) ++end;
  found_.resize(end);
  most_pages_ += static_cast<std::uint32_t>(end);
}

// A frame whose page is whole is used although its header is damaged: the number of the page is in
// its HMAC.
void Scanner::Identify() {
  std::string page(kFilePageBytes, '\0');
  std::uint64_t trials = 0;
  for (Found& found : found_) {
    if (found.whole || !ReadAt(descriptor_, found.frame.offset, page)) continue;
    found.whole = found.frame.page > 0 && cipher_.Verifies(page, found.frame.page);
    if (found.whole || trials + most_pages_ > kMostTrials) continue;
    trials += most_pages_;
    const auto number = cipher_.NumberOf(page, most_pages_);
    if (!number) continue;
    found.frame.page = *number;
    found.whole = true;
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
  if (before != nullptr && before->whole && before->frame.commit_pages == 0 &&
      before->frame.page >= frame.page)
    return false;
  return frame.commit_pages != 0 || after == nullptr || !after->whole ||
         after->frame.page > frame.page;
}

void Scanner::Assemble() {
  std::vector<WalFrame> open;  // Of the transaction that is not finished yet.
  for (std::size_t i = 0; i < found_.size(); ++i) {
    const Found& found = found_[i];
    WalFrame frame = found.frame;
    if (found.whole) {
      if (!found.chained) {
        scan_.damaged = true;
        // No checksum proves it.
        frame.commit_pages = std::min(frame.commit_pages, most_pages_);
      }
    } else {
      if (!IsPlausible(i)) frame.page = 0;
      frame.commit_pages = 0;
    }
    open.push_back(frame);
    if (frame.commit_pages == 0) continue;
    scan_.frames.insert(scan_.frames.end(), open.begin(), open.end());
    open.clear();
    if (found.chained) {
      scan_.used = scan_.frames.size();
    } else {
      ++scan_.commits_lost;
    }
  }
}

}  // namespace

WalScan ScanWal(int descriptor, const PageCipher& cipher, std::uint32_t file_pages) {
  return descriptor < 0 ? WalScan() : Scanner(descriptor, cipher, file_pages).Run();
}

std::uint32_t FramesInIndex(std::string_view index, std::uint64_t salts) {
  // Two copies of 48 bytes, in the machine's byte order.
  constexpr std::size_t kCopyBytes = 48;
  constexpr std::uint32_t kVersion = 3'007'000;
  if (index.size() < 2 * kCopyBytes ||
      index.substr(0, kCopyBytes) != index.substr(kCopyBytes, kCopyBytes))
    return 0;
  std::uint32_t version = 0;
  std::uint32_t frames = 0;
  std::memcpy(&version, index.data(), sizeof(version));
  std::memcpy(&frames, index.data() + 16, sizeof(frames));
  const bool is_set = index[12] != 0;
  if (version != kVersion || !is_set) return 0;
  if (salts != 0 && SaltsAt(index.data() + 32) != salts) return 0;
  return frames;
}

}  // namespace hark::store
