#include "daemon/store/file_key.h"

#include "daemon/store/new_file.h"
#include "daemon/store/page_source.h"

namespace hark::store {

bool IsUnderKey(const std::filesystem::path& file, const Secret& key) {
  return PageSource(file, key, "").proven();
}

std::filesystem::path ReencryptedName(const std::filesystem::path& file) {
  return file.string() + ".rekeyed";
}

void RemoveReencrypted(const std::filesystem::path& file) {
  RemoveNewFile(ReencryptedName(file));
}

}  // namespace hark::store
