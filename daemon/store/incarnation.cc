#include "daemon/store/incarnation.h"

#include <system_error>

#include "daemon/store/connection.h"
#include "daemon/store/sqlite_error.h"
#include "daemon/store/store_info_rows.h"

namespace hark::store {

Result<void> BeginIncarnation(const std::filesystem::path& authored, const Secret& key,
                              std::uint32_t generation) {
  return Catching([&]() -> Result<void> {
    {
      Connection connection(authored, key, Access::kWrite, Durability::kAuthored);
      WriteIncarnation(connection, generation);
      if (!connection.CheckpointAndTruncate())
        return Fail(ErrorCode::kInternal, "the file cannot be finished");
    }
    std::error_code error;
    for (const char* suffix : {"-wal", "-shm"})
      std::filesystem::remove(authored.string() + suffix, error);
    return {};
  });
}

}  // namespace hark::store
