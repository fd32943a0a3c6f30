// Where a file with auto_vacuum has its pointer map: on page 2 and then after every so many pages,
// five bytes for each page that follows.

#ifndef HARK_DAEMON_STORE_POINTER_MAP_H_
#define HARK_DAEMON_STORE_POINTER_MAP_H_

#include <cstdint>

#include "daemon/store/page_cipher.h"

namespace hark::store {

// The pages that one page of the map tells of.
inline constexpr std::uint32_t kMappedPages = kUsableBytes / 5;

// The page of the map that tells of `page`; of one that is of the map, itself.
[[nodiscard]] constexpr std::uint32_t MapPageOf(std::uint32_t page) {
  return page < 2 ? 2 : (page - 2) / (kMappedPages + 1) * (kMappedPages + 1) + 2;
}

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_POINTER_MAP_H_
