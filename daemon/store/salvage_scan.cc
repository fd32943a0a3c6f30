#include "daemon/store/salvage_scan.h"

#include <cstddef>
#include <utility>

#include "daemon/store/page_cipher.h"
#include "daemon/store/pointer_map.h"

namespace hark::store {
namespace {

// Of the pointer map: what a page is.
constexpr std::uint8_t kMapRoot = 1;
constexpr std::uint8_t kMapFree = 2;
constexpr std::uint8_t kMapOverflowFirst = 3;
constexpr std::uint8_t kMapOverflow = 4;
constexpr std::uint8_t kMapTree = 5;
constexpr std::size_t kMapHeaderField = 52;  // Of page 1: not 0 with auto_vacuum.
constexpr std::size_t kFreeTrunkField = 32;

using Kind = RecordValue::Kind;

// A row of sqlite_schema: type, name, tbl_name, rootpage, sql.
bool IsSchemaRow(const Record& row) {
  return row.size() == 5 && row[0].is(Kind::kText) && row[1].is(Kind::kText) &&
         row[2].is(Kind::kText) && row[3].is(Kind::kInteger) &&
         (row[0].bytes == "table" || row[0].bytes == "index");
}

}  // namespace

SalvageScan::SalvageScan(const PageSource& pages, const Roots& known_roots)
    : pages_(pages),
      roots_(known_roots),
      found_(std::size_t{pages.page_count()} + 1),
      sure_(found_.size()),
      free_(found_.size()),
      counted_(found_.size()) {
  ReadSchema();
  FindPointerMap();
  FindFreePages();
}

void SalvageScan::ReadSchema() {
  const Take take = [this](const FoundRow& row) {
    if (!IsSchemaRow(row.values) || row.values[3].integer <= 0) return;
    roots_[row.values[1].bytes] = static_cast<std::uint32_t>(row.values[3].integer);
  };
  WalkFrom(1, &take, nullptr);
}

SalvageScan::MapEntry SalvageScan::EntryOf(const SourcePage& map, std::uint32_t number) {
  const char* at = map.bytes.data() + std::size_t{5} * number;
  return {static_cast<std::uint8_t>(at[0]), BigEndian(at + 1)};
}

void SalvageScan::FindPointerMap() {
  if (const auto first = pages_.Read(1)) {
    has_map_ = BigEndian(first->bytes.data() + kMapHeaderField) != 0;
    return;
  }
  // Without page 1: page 2 is a map if all of it looks like one.
  const auto second = pages_.Read(2);
  if (!second) return;
  has_map_ = true;
  for (std::uint32_t page = 3; page < found_.size() && page < 3 + kMappedPages; ++page) {
    const MapEntry entry = EntryOf(*second, page - 3);
    if (entry.type > 5 || entry.parent >= found_.size()) has_map_ = false;
  }
}

void SalvageScan::FindFreePages() {
  const auto first = pages_.Read(1);
  if (!first || first->stale) return;
  std::uint32_t trunk = BigEndian(first->bytes.data() + kFreeTrunkField);
  while (trunk > 0 && trunk < free_.size() && !free_[trunk]) {
    free_[trunk] = true;
    const auto page = pages_.Read(trunk);
    if (!page || page->stale) return;
    const std::uint32_t count = BigEndian(page->bytes.data() + 4);
    for (std::uint32_t i = 0; i < count && 8 + 4 * std::size_t{i} + 4 <= kUsableBytes; ++i) {
      const std::uint32_t leaf = BigEndian(page->bytes.data() + 8 + 4 * std::size_t{i});
      if (leaf < free_.size()) free_[leaf] = true;
    }
    trunk = BigEndian(page->bytes.data());
  }
}

std::optional<SalvageScan::MapEntry> SalvageScan::Mapped(std::uint32_t page) {
  if (!has_map_ || page < 3) return std::nullopt;
  const std::uint32_t map_page = MapPageOf(page);
  if (map_page == page) return MapEntry{0, 0};
  const auto [entry, is_new] = map_pages_.try_emplace(map_page);
  if (is_new) entry->second = pages_.Read(map_page);
  const std::optional<SourcePage>& map = entry->second;
  if (!map || map->stale) return std::nullopt;
  const MapEntry mapped = EntryOf(*map, page - map_page - 1);
  // Every page has a type: this map was zeroed, and written to since.
  if (mapped.type == 0) return std::nullopt;
  return mapped;
}

std::optional<SourcePage> SalvageScan::Read(std::uint32_t page) {
  if (page == 0 || page >= found_.size()) return std::nullopt;
  auto read = pages_.Read(page);
  if ((!read || read->stale) && !counted_[page]) {
    counted_[page] = true;
    ++damaged_pages_;
  }
  return read;
}

bool SalvageScan::Walk(const std::string& name, const Take& take) {
  const auto root = roots_.find(name);
  if (root == roots_.end()) return false;
  complete_ = true;
  WalkFrom(root->second, &take, nullptr);
  return complete_;
}

std::vector<std::uint32_t> SalvageScan::WalkLeaves(const std::string& name) {
  std::vector<std::uint32_t> leaves;
  if (const auto root = roots_.find(name); root != roots_.end())
    WalkFrom(root->second, nullptr, &leaves);
  return leaves;
}

void SalvageScan::WalkTheRest() {
  for (const auto& [name, root] : roots_) WalkFrom(root, nullptr, nullptr);
}

bool SalvageScan::MayBeOfTree(std::uint32_t page) {
  const auto mapped = Mapped(page);
  return !mapped || mapped->type == kMapRoot || mapped->type == kMapTree;
}

void SalvageScan::WalkFrom(std::uint32_t root, const Take* take,
                           std::vector<std::uint32_t>* leaves) {
  std::vector<std::uint32_t> todo = {root};
  std::vector<std::uint32_t> doubtful;  // For later: what outdated pages lead to, and they.
  for (bool sure = true; !todo.empty(); sure = false) {
    while (!todo.empty()) {
      const std::uint32_t page = todo.back();
      todo.pop_back();
      if (page == 0 || page >= found_.size() || found_[page]) continue;
      const auto source = Read(page);
      if (!source || source->stale) complete_ = false;
      if (!source) continue;
      if (sure && source->stale) {
        doubtful.push_back(page);
        continue;
      }
      if (!sure && !MayBeOfTree(page)) continue;
      const auto tree = TreePage::Parse(source->bytes, page);
      if (!tree) complete_ = false;
      if (!tree) continue;
      found_[page] = true;
      sure_[page] = sure;
      const std::vector<std::uint32_t> children = tree->Children();
      todo.insert(todo.end(), children.rbegin(), children.rend());
      if (take != nullptr && tree->has_rows()) TakeRows(*source, *tree, page, *take);
      if (leaves != nullptr && tree->is_leaf()) leaves->push_back(page);
    }
    todo.assign(doubtful.rbegin(), doubtful.rend());
    doubtful.clear();
  }
}

std::vector<std::uint32_t> SalvageScan::Orphans() {
  std::vector<std::uint32_t> orphans;
  std::vector<std::uint32_t> outdated;
  for (std::uint32_t page = 2; page < found_.size(); ++page) {
    if (found_[page] || free_[page]) continue;
    if (const auto mapped = Mapped(page);
        mapped && (mapped->type == 0 || mapped->type == kMapFree ||
                   mapped->type == kMapOverflowFirst || mapped->type == kMapOverflow))
      continue;
    const auto source = Read(page);
    if (!source) continue;
    const auto tree = TreePage::Parse(source->bytes, page);
    if (tree && tree->is_leaf() && tree->cell_count() > 0)
      (source->stale ? outdated : orphans).push_back(page);
  }
  orphans.insert(orphans.end(), outdated.begin(), outdated.end());
  return orphans;
}

void SalvageScan::ReadLeaf(std::uint32_t page, const Take& take) {
  const auto source = Read(page);
  if (!source) return;
  if (const auto tree = TreePage::Parse(source->bytes, page)) TakeRows(*source, *tree, page, take);
}

void SalvageScan::TakeRows(const SourcePage& source, const TreePage& tree, std::uint32_t page,
                           const Take& take) {
  std::optional<VersionSpan> span;
  const ReadOverflow overflow = [&](std::uint32_t number, std::uint32_t from,
                                    bool first) -> std::optional<std::string> {
    if (source.stale || number >= found_.size() || free_[number] || found_[number])
      return std::nullopt;
    const auto mapped = Mapped(number);
    if (mapped
            ? mapped->type != (first ? kMapOverflowFirst : kMapOverflow) || mapped->parent != from
            : !sure_[page])
      return std::nullopt;
    auto read = Read(number);
    if (!read || read->stale) return std::nullopt;
    span->Add(*read);
    return std::move(read->bytes);
  };
  for (std::size_t i = 0; i < tree.cell_count(); ++i) {
    const auto cell = tree.ReadCell(i);
    span.emplace(source);
    const auto payload = cell ? ReadPayload(*cell, page, overflow) : std::nullopt;
    auto record = payload && pages_.AreOfOneState(*span) ? ParseRecord(*payload) : std::nullopt;
    if (record) {
      take({cell->rowid, *std::move(record)});
    } else {
      complete_ = false;
    }
  }
}

}  // namespace hark::store
