#include "daemon/store/store_parts.h"

#include <utility>

#include "daemon/base/log.h"
#include "daemon/store/store_repair.h"

namespace hark::store {

StoreParts::StoreParts(StoreOptions given)
    : options(std::move(given)),
      files(options.folder, options.must_exist),
      damage([this](File file) { OnDamage(*this, file); }, *options.clock) {}

OpenConnection StoreParts::Opens(File file, Access access) const {
  const bool cache = file == File::kCache;
  return [this, cache, access] {
    return OpenSurely(cache ? files.cache() : files.authored(),
                      cache ? options.cache_key : options.authored_key, access,
                      cache ? Durability::kFetchable : Durability::kAuthored);
  };
}

void StoreParts::SaveState() const {
  if (auto written = WriteStoreState(files.state(), state); !written)
    log::Warning("store_state_not_written", {{"why", written.error()}});
}

}  // namespace hark::store
