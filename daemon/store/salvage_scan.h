// Finds the rows of a damaged file: down the trees as far as they hold, then on every page that no
// tree leads to any more.
//
// A row is never put together from pages of two states of the database. What has all of a row on
// one page gives it as that page has it, an outdated one too: an earlier version is better than
// none. The rest of a long row is used only if it surely belongs to the row's page as that is:
//   - no page of them is outdated, and none may be by a frame of the log that is damaged and could
//     be of any page (PageSource::AreOfOneState);
//   - the tree leads to the row's page by pages that are not outdated, or the file's map says that
//     the rest is that page's. A page that was given up keeps its rows, while what they continue on
//     may be another's.

#ifndef HARK_DAEMON_STORE_SALVAGE_SCAN_H_
#define HARK_DAEMON_STORE_SALVAGE_SCAN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/store/page_source.h"
#include "daemon/store/salvage_records.h"

namespace hark::store {

// Name of a table or index to the page its tree begins at.
using Roots = std::map<std::string, std::uint32_t>;

struct FoundRow {
  std::int64_t rowid = 0;  // Of a table with rowids.
  Record values;
};

// Used by one thread at a time.
class SalvageScan {
 public:
  using Take = std::function<void(const FoundRow&)>;

  // `known_roots`: as they were noted, for when the schema is lost. `pages` outlives this object.
  SalvageScan(const PageSource& pages, const Roots& known_roots);

  // Every row of a tree that its pages lead to; none if it is not known. Marks its pages as found.
  // First the rows of pages that are surely the tree's, then those that may be earlier versions.
  // False: there may be more rows, or newer ones, that cannot be given.
  bool Walk(const std::string& name, const Take& take);
  // Only marks; answers the leaves, whose rows ReadLeaf() gives later.
  [[nodiscard]] std::vector<std::uint32_t> WalkLeaves(const std::string& name);
  // Marks every tree that was not walked yet: what is left are orphans.
  void WalkTheRest();

  // Leaves of tables or of WITHOUT ROWID tables and indexes that no walked tree leads to and that
  // are not free, the outdated ones last. Complete after WalkTheRest().
  [[nodiscard]] std::vector<std::uint32_t> Orphans();

  void ReadLeaf(std::uint32_t page, const Take& take);

  // By the list of free pages, as far as it can be read.
  [[nodiscard]] bool IsFree(std::uint32_t page) const { return page < free_.size() && free_[page]; }

  // Pages that could not be read, of those looked at.
  [[nodiscard]] std::uint64_t damaged_pages() const {
    return damaged_pages_ + pages_.unplaced_frames();
  }

 private:
  struct MapEntry {
    std::uint8_t type = 0;
    std::uint32_t parent = 0;
  };

  void ReadSchema();
  void FindFreePages();
  void FindPointerMap();
  // The entry with this number, from 0 on, of a page of the file's own map.
  [[nodiscard]] static MapEntry EntryOf(const SourcePage& map, std::uint32_t number);
  // What the file's own map says of a page, when it has one and says anything.
  [[nodiscard]] std::optional<MapEntry> Mapped(std::uint32_t page);
  // Whether the map, when it can be read, knows of a page of a tree.
  [[nodiscard]] bool MayBeOfTree(std::uint32_t page);
  void WalkFrom(std::uint32_t root, const Take* take, std::vector<std::uint32_t>* leaves);
  [[nodiscard]] std::optional<SourcePage> Read(std::uint32_t page);
  void TakeRows(const SourcePage& source, const TreePage& tree, std::uint32_t page,
                const Take& take);

  const PageSource& pages_;
  Roots roots_;
  std::vector<bool> found_;  // By page number.
  std::vector<bool> sure_;   // Of these: the tree leads to it by pages that are not outdated.
  std::vector<bool> free_;
  std::vector<bool> counted_;
  bool has_map_ = false;
  std::map<std::uint32_t, std::optional<SourcePage>> map_pages_;
  std::uint64_t damaged_pages_ = 0;
  bool complete_ = true;  // The tree that is being walked.
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SALVAGE_SCAN_H_
