#include "tests/damage/safe_rows.h"

#include <algorithm>

#include "daemon/store/page_source.h"
#include "daemon/store/pointer_map.h"

namespace hark::damage {

SafeRows::SafeRows(const Image& image, bool authored) {
  const World& world = image.world;
  if (image.late && !authored) late_ = image.late->stored;
  const bool is_hit = image.kind.authored == authored;
  const char* name = authored ? "authored.db" : "cache.db";
  const std::string& key = authored ? kAuthoredKey : kCacheKey;
  const auto& note = authored ? world.authored_note : world.cache_note;
  if (image.kind.killed) {
    map_ = authored ? &world.killed_authored_pages : &world.killed_cache_pages;
  } else {
    map_ = authored ? &world.authored_pages : &world.cache_pages;
  }
  if (!is_hit) return;
  unsafe_ = image.hit.pages;
  if (!image.hit.all) return;
  if (!image.kind.killed) {
    none_ = true;
    return;
  }
  const Secret secret{std::string(key)};
  const store::PageSource before(image.original() / name, secret, note.salt);
  const store::PageSource after(image.folder / name, secret, note.salt);
  for (std::uint32_t page = 1; page <= before.page_count(); ++page) {
    const auto old = before.Read(page);
    const auto left = after.Read(page);
    if (!left || left->stale || left->bytes != old->bytes) unsafe_.insert(page);
  }
  // Half a log may have been copied into the file: then new pages stand beside old trees, which
  // do not lead to them.
  left_ = MapPages(image.folder / name, key, note);
}

bool SafeRows::Contains(const std::string& key) const {
  const auto row = map_->rows.find(key);
  if (none_ || row == map_->rows.end()) return false;
  if (left_) {
    const auto left = left_->rows.find(key);
    if (left == left_->rows.end() || left->second != row->second) return false;
    const bool is_long = row->second.size() > 1;
    if (is_long && std::any_of(row->second.begin(), row->second.end(), [this](std::uint32_t page) {
          return unsafe_.contains(store::MapPageOf(page));
        }))
      return false;
  }
  return std::none_of(row->second.begin(), row->second.end(),
                      [this](std::uint32_t page) { return unsafe_.contains(page); });
}

}  // namespace hark::damage
