// Which rows a damaged copy of a store must still have.

#ifndef HARK_TESTS_DAMAGE_SAFE_ROWS_H_
#define HARK_TESTS_DAMAGE_SAFE_ROWS_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "tests/damage/kinds.h"
#include "tests/damage/late_writes.h"
#include "tests/damage/world.h"

namespace hark::damage {

struct Image {
  const World& world;
  const Kind& kind;
  const Hit& hit;
  fs::path folder;
  std::optional<Late> late = std::nullopt;

  [[nodiscard]] const Expected& expected() const {
    if (late) return late->expected;
    return kind.killed ? world.at_kill : world.at_close;
  }
  [[nodiscard]] const fs::path& original() const {
    return kind.killed ? world.killed : world.closed;
  }
};

// Whether each row is on undamaged pages: what was written after the damage always is. With logs
// that is looked up: a page is undamaged if its newest version can still be read, and the trees
// still lead to it. What goes on over several pages is the row's only if the file's map says so.
class SafeRows {
 public:
  // `authored`: of authored.db, else of cache.db. The image's world outlives it.
  SafeRows(const Image& image, bool authored);

  [[nodiscard]] bool Contains(const MessageId& id) const {
    return late_.contains(id) || Contains(ColumnBytes(id));
  }
  [[nodiscard]] bool Contains(const std::string& key) const;

 private:
  const RowPages* map_ = nullptr;
  std::set<std::uint32_t> unsafe_;
  std::set<MessageId> late_;
  std::optional<RowPages> left_;  // Where the trees lead to in what is left; only with logs.
  bool none_ = false;
};

}  // namespace hark::damage

#endif  // HARK_TESTS_DAMAGE_SAFE_ROWS_H_
