#include "daemon/store/zero_guard.h"

#include <cstdint>
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

int ZeroGuard::Read(sqlite3_file* file, void* out, int length, sqlite3_int64 offset) {
  const Methods& methods = *static_cast<const Methods*>(file->pMethods);
  const int code = methods.below->xRead(file, out, length, offset);
  // SQLite reads a page as a whole, and headers in smaller pieces.
  if (length != int{kFilePageBytes} || methods.passes) return code;
  const auto page = static_cast<std::uint32_t>(offset / length + 1);
  if (methods.pages == Pages::kMap && MapPageOf(page) != page) return code;
  if (code == SQLITE_IOERR_SHORT_READ) return SQLITE_CORRUPT;
  if (code == SQLITE_OK && IsZero({static_cast<const char*>(out), kFilePageBytes}))
    return SQLITE_CORRUPT;
  return code;
}

}  // namespace hark::store
