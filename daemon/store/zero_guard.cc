#include "daemon/store/zero_guard.h"

#include <cstdint>
#include <new>
#include <string_view>

#include "daemon/store/page_cipher.h"
#include "daemon/store/pointer_map.h"

namespace hark::store {

void ZeroGuard::Watch(sqlite3_file* file, Pages pages) {
  static_cast<sqlite3_io_methods&>(methods_) = *file->pMethods;
  methods_.below = file->pMethods;
  methods_.xRead = Read;
  methods_.pages = pages;
  file->pMethods = &methods_;
}

int ZeroGuard::Refuse(const Methods& methods, std::uint32_t page, int code) {
  if (methods.passed == nullptr) return SQLITE_CORRUPT;
  try {
    methods.passed->push_back(page);
  } catch (const std::bad_alloc&) {
    return SQLITE_IOERR_NOMEM;
  }
  return code;
}

int ZeroGuard::Read(sqlite3_file* file, void* out, int length, sqlite3_int64 offset) {
  const Methods& methods = *static_cast<const Methods*>(file->pMethods);
  const int code = methods.below->xRead(file, out, length, offset);
  // SQLite reads a page as a whole, and headers in smaller pieces.
  if (length != int{kFilePageBytes}) return code;
  const auto page = static_cast<std::uint32_t>(offset / length + 1);
  const bool looks = methods.passed != nullptr || methods.pages == Pages::kAll;
  if (!looks && MapPageOf(page) != page) return code;
  const bool is_short = code == SQLITE_IOERR_SHORT_READ;
  const bool is_zero = code == SQLITE_OK && IsZero({static_cast<const char*>(out), kFilePageBytes});
  return is_short || is_zero ? Refuse(methods, page, code) : code;
}

}  // namespace hark::store
