#include "daemon/store/wal_scan.h"

#include <array>
#include <cstring>
#include <string>

#include "daemon/store/page_cipher.h"
#include "daemon/store/raw_file.h"

namespace hark::store {
namespace {

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::size_t kFrameBytes = kFrameHeaderBytes + kFilePageBytes;
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

}  // namespace

WalScan ScanWal(int descriptor, const PageTest& is_whole) {
  WalScan scan;
  if (descriptor < 0) return scan;
  scan.bytes = SizeOf(descriptor);
  std::string header_bytes(kHeaderBytes, '\0');
  if (!ReadAt(descriptor, 0, header_bytes)) return scan;
  const Header header = ParseHeader(header_bytes);
  if (header.valid) scan.salts = SaltsAt(header_bytes.data() + 16);
  std::uint64_t salts = scan.salts;
  bool chained = header.valid;
  Checksum sum = header.sum;
  std::string frame(kFrameBytes, '\0');
  std::vector<WalFrame> open;  // Of the transaction that is not finished yet.
  bool hole = !header.valid;   // Something of this log was unreadable before this frame.
  for (std::uint64_t at = kHeaderBytes; ReadAt(descriptor, at, frame); at += kFrameBytes) {
    const std::string_view page = std::string_view(frame).substr(kFrameHeaderBytes);
    const WalFrame found{BigEndian(frame.data()), BigEndian(frame.data() + 4),
                         at + kFrameHeaderBytes};
    const std::uint64_t its_salts = SaltsAt(frame.data() + 8);
    if (chained) {
      const Checksum next = Add(Add(sum, std::string_view(frame).substr(0, 8), header.big_endian),
                                page, header.big_endian);
      chained = its_salts == salts && found.page > 0 &&
                next == Checksum{BigEndian(frame.data() + 16), BigEndian(frame.data() + 20)};
      sum = next;
      if (!chained) hole = true;
    }
    if (!chained) {
      // What an earlier log left has other salts; a damaged frame fails the test.
      if (found.page == 0 || (salts != 0 && its_salts != salts) || !is_whole(page, found.page))
        continue;
      salts = its_salts;
      if (hole) scan.damaged = true;
    }
    open.push_back(found);
    if (found.commit_pages == 0) continue;
    scan.frames.insert(scan.frames.end(), open.begin(), open.end());
    open.clear();
    if (chained) {
      scan.used = scan.frames.size();
    } else {
      ++scan.commits_lost;
    }
  }
  return scan;
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
