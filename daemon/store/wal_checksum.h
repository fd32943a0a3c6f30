// The running checksum of a write-ahead log: each frame's covers its header's numbers and its page,
// and begins with that of the frame before it. It can be run backwards, so two checksums and the
// page between them tell what the header between them was.

#ifndef HARK_DAEMON_STORE_WAL_CHECKSUM_H_
#define HARK_DAEMON_STORE_WAL_CHECKSUM_H_

#include <cstdint>
#include <string_view>

namespace hark::store {

struct WalChecksum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  friend bool operator==(const WalChecksum&, const WalChecksum&) = default;
};

// The byte order of its words, which the log's header tells.
enum class WordOrder { kLittleEndian, kBigEndian };
inline constexpr WordOrder kWordOrderOfThisMachine =
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    WordOrder::kBigEndian;
#else
    WordOrder::kLittleEndian;
#endif

// The first eight bytes of a frame, each a big-endian word.
struct FrameNumbers {
  std::uint32_t page = 0;
  std::uint32_t commit_pages = 0;

  friend bool operator==(const FrameNumbers&, const FrameNumbers&) = default;
};

// `bytes`: a multiple of eight.
[[nodiscard]] WalChecksum AddBytes(WalChecksum sum, std::string_view bytes, WordOrder order);

[[nodiscard]] WalChecksum AddFrame(WalChecksum sum, FrameNumbers numbers, std::string_view page,
                                   WordOrder order);

// The only numbers with which AddFrame() makes `after` of `before`: of another page, or between
// other checksums, they are as good as random.
[[nodiscard]] FrameNumbers NumbersBetween(WalChecksum before, WalChecksum after,
                                          std::string_view page, WordOrder order);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_WAL_CHECKSUM_H_
