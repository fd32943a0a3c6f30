// The ways in which a store is damaged.

#ifndef HARK_TESTS_DAMAGE_KINDS_H_
#define HARK_TESTS_DAMAGE_KINDS_H_

#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/damage/world.h"

namespace hark::damage {

// What a kind did to the copy.
struct Hit {
  // Pages of the cache, or of authored.db, whose rows may be lost; `all`: any row may be.
  std::set<std::uint32_t> pages;
  bool all = false;
  // Nothing that the store uses was hit: it may go unnoticed.
  bool may_be_unnoticed = false;
};

struct Kind {
  std::string name;
  bool killed = false;    // Damages the store that a kill left, else the closed one.
  bool authored = false;  // authored.db is hit, else cache.db.
  bool late = false;      // Messages arrive after the damage, before it is noticed.
  std::function<Hit(const World&, const fs::path& folder, std::mt19937_64&)> damage;
};

[[nodiscard]] std::vector<Kind> AllKinds();

}  // namespace hark::damage

#endif  // HARK_TESTS_DAMAGE_KINDS_H_
