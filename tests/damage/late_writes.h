// Messages that arrive at a store which is damaged, before anybody noticed.

#ifndef HARK_TESTS_DAMAGE_LATE_WRITES_H_
#define HARK_TESTS_DAMAGE_LATE_WRITES_H_

#include <random>
#include <set>
#include <string>

#include "tests/damage/world.h"

namespace hark::damage {

struct Late {
  Expected expected;           // What was there, and what the store took.
  std::set<MessageId> stored;  // What it took: on pages that were written after the damage.
  bool noticed = false;        // While they arrived.
  std::string wrong;           // Empty: what could be read meanwhile was right.
};

// Opens the damaged store in `folder`, which holds `before` else; has messages appended, edited and
// removed and the search index merged; reads everything. Then the store is closed, or left as a
// kill leaves it. What the store refuses counts as not written.
[[nodiscard]] Late WriteLate(const fs::path& folder, const Expected& before,
                             std::mt19937_64& random);

}  // namespace hark::damage

#endif  // HARK_TESTS_DAMAGE_LATE_WRITES_H_
