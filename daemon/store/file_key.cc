#include "daemon/store/file_key.h"

#include "daemon/store/new_file.h"
#include "daemon/store/page_source.h"

namespace hark::store {

bool IsUnderKey(const std::filesystem::path& file, const Secret& key) {
  return PageSource(file, key, "").proven();
}

void RemoveReencrypted(const std::filesystem::path& file) {
  RemoveNewFile(file.string() + ".rekeyed");
}

}  // namespace hark::store
