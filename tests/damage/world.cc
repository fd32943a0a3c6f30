#include "tests/damage/world.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

#include "daemon/base/uuid.h"
#include "daemon/store/page_source.h"
#include "daemon/store/salvage_records.h"
#include "daemon/store/salvage_rows.h"
#include "tests/damage/author.h"
#include "tests/support/files.h"

namespace hark::damage {
namespace {

using store::SqlcipherStore;

// What the shared memory of both files says of their logs: the frames, and how many of them were
// copied into the file.
std::string LogsNow(const fs::path& folder) {
  constexpr std::size_t kHeaderAndBackfill = 100;
  std::string state;
  for (const char* name : {"cache.db-shm", "authored.db-shm"})
    state += test::ReadBytes(folder / name).substr(0, kHeaderAndBackfill);
  return state;
}

// As a kill would leave it: all files of one moment. The store may write and copy its logs of
// itself meanwhile; then the copy is made again.
void CopyAsKilled(const fs::path& live, const fs::path& to) {
  std::string before;
  do {
    before = LogsNow(live);
    fs::remove_all(to);
    fs::copy(live, to, fs::copy_options::recursive);
  } while (LogsNow(live) != before);
}

}  // namespace

Result<std::unique_ptr<SqlcipherStore>> OpenStore(const fs::path& folder, const Clock& clock,
                                                  WriterRuns writer) {
  store::StoreOptions options;
  options.folder = folder;
  options.cache_key = Secret(std::string(kCacheKey));
  options.authored_key = Secret(std::string(kAuthoredKey));
  options.clock = &clock;
  options.writes_by_hand = writer == WriterRuns::kByHand;
  return SqlcipherStore::Open(std::move(options));
}

World MakeWorld(const fs::path& folder, std::uint64_t seed) {
  World world;
  world.closed = folder / "closed";
  world.killed = folder / "killed";
  world.foreign = folder / "foreign";
  const SystemClock clock;
  std::mt19937_64 random(seed);
  const fs::path live = folder / "live";
  {
    auto store = Must(OpenStore(live, clock));
    Author author(*store, world.at_close, random);
    author.Fill(40);
    author.Edit(150);
    author.Send(60);
    author.Draft(200);
  }
  fs::copy(live, world.closed, fs::copy_options::recursive);
  world.at_kill = world.at_close;
  {
    auto store = Must(OpenStore(live, clock));
    Author author(*store, world.at_kill, random);
    author.Edit(60);
    author.Send(20);
    author.Draft(40);
    author.Edit(60);
    author.Send(5);
    author.Draft(5);
    CopyAsKilled(live, world.killed);
  }
  {
    auto store = Must(OpenStore(world.foreign, clock));
    Expected unused;
    Author(*store, unused, random).Fill(3);
  }
  const store::StoreState state = store::ReadStoreState(world.closed / "store.state");
  world.cache_note = state.cache;
  world.authored_note = state.authored;
  world.cache_pages = MapPages(world.closed / "cache.db", kCacheKey, state.cache);
  world.authored_pages = MapPages(world.closed / "authored.db", kAuthoredKey, state.authored);
  world.killed_cache_pages = MapPages(world.killed / "cache.db", kCacheKey, state.cache);
  world.killed_authored_pages =
      MapPages(world.killed / "authored.db", kAuthoredKey, state.authored);
  return world;
}

std::string ColumnBytes(const MessageId& id) {
  if (!IsUuid(id.value())) return id.value();
  std::string digits = id.value();
  std::erase(digits, '-');
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string DraftKey(const std::string& conversation) {
  return "draft of " + conversation;
}

std::string ViewKey(const std::string& conversation, const std::string& ui) {
  return "view of " + conversation + " in " + ui;
}

namespace {

// Every row of those tables has as many values. An outdated page of a tree may lead to what by now
// is another's.
constexpr std::size_t kFewestValues = 5;

// What names a row of one of the tables that matter.
std::string KeyOf(const std::string& table, const store::Record& record) {
  if (table == "drafts") return DraftKey(record[1].bytes);
  if (table == "view_states") return ViewKey(record[0].bytes, record[1].bytes);
  return record[table == "messages" ? 3 : 4].bytes;
}

}  // namespace

RowPages MapPages(const fs::path& file, const std::string& key, const store::NotedFile& note) {
  RowPages map;
  const Secret secret{std::string(key)};
  const store::PageSource pages(file, secret, note.salt);
  const bool is_cache = note.roots.contains("messages");
  std::map<std::uint32_t, std::string> tree_of;
  std::set<std::uint32_t> overflow;
  store::Roots roots = note.roots;
  roots["sqlite_schema"] = 1;
  for (const auto& [name, root] : roots) {
    std::vector<std::uint32_t> todo = {root};
    while (!todo.empty()) {
      const std::uint32_t number = todo.back();
      todo.pop_back();
      const auto page = pages.Read(number);
      if (!page) continue;
      const auto tree = store::TreePage::Parse(page->bytes, number);
      if (!tree) continue;
      tree_of[number] = name;
      for (const std::uint32_t child : tree->Children()) todo.push_back(child);
      const bool rows = is_cache ? name == "messages"
                                 : name == "outbox" || name == "drafts" || name == "view_states";
      const char* page_class = name == "sqlite_schema" ? "schema"
                               : !tree->is_leaf()      ? "interior"
                               : rows                  ? "leaf"
                                                       : "index or small table";
      map.classes[page_class].push_back(number);
      for (std::size_t i = 0; i < tree->cell_count(); ++i) {
        const auto cell = tree->ReadCell(i);
        if (!cell) continue;
        std::set<std::uint32_t> its_pages = {number};
        const auto payload = store::ReadPayload(
            *cell, number,
            [&](std::uint32_t next, std::uint32_t, bool) -> std::optional<std::string> {
              auto read = pages.Read(next);
              if (!read) return std::nullopt;
              its_pages.insert(next);
              overflow.insert(next);
              return std::move(read->bytes);
            });
        if (!rows || !payload) continue;
        const auto record = store::ParseRecord(*payload);
        if (!record || record->size() < kFewestValues) continue;
        map.rows[KeyOf(name, *record)] = its_pages;
      }
    }
  }
  map.classes["overflow"].assign(overflow.begin(), overflow.end());
  for (std::uint32_t number = 2; number <= pages.page_count(); ++number) {
    if (!tree_of.contains(number) && !overflow.contains(number))
      map.classes["free or map"].push_back(number);
  }
  return map;
}

}  // namespace hark::damage
