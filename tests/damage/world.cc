#include "tests/damage/world.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <random>

#include "daemon/base/uuid.h"
#include "daemon/store/page_source.h"
#include "daemon/store/salvage_records.h"
#include "daemon/store/salvage_rows.h"
#include "tests/support/files.h"
#include "tests/support/store_calls.h"

namespace hark::damage {
namespace {

using store::Batch;
using store::SqlcipherStore;

constexpr int kConversations = 60;
constexpr std::int64_t kStart = 1'700'000'000'000;

template <typename T>
T Must(Result<T> result) {
  if (!result) {
    std::cerr << "the world cannot be made: " << result.error().message << "\n";
    std::exit(2);
  }
  return *std::move(result);
}

WallTime At(std::int64_t seconds) {
  return WallTime(std::chrono::milliseconds(kStart + seconds * 1'000));
}

// Writes into a store and notes what it wrote.
class Author {
 public:
  Author(SqlcipherStore& store, Expected& expected, std::mt19937_64& random)
      : store_(store), expected_(expected), random_(random) {}

  // `count` messages of each conversation, from its first sequence that is free.
  void Fill(int count) {
    for (int c = 0; c < kConversations; ++c) {
      Batch batch;
      store::ApplySummary summary;
      summary.summary.id = Conversation(c);
      summary.summary.title = "Conversation " + std::to_string(c);
      summary.summary.last_sequence = next_[c] + static_cast<Sequence>(count) - 1;
      summary.summary.message_count = summary.summary.last_sequence;
      summary.summary.last_activity_at = At(c);
      batch.operations.emplace_back(summary);
      store::ApplyHistory page;
      page.conversation = Conversation(c);
      page.from = next_[c];
      page.to = next_[c] + static_cast<Sequence>(count) - 1;
      for (Sequence sequence = page.from; sequence <= page.to; ++sequence)
        page.messages.push_back(Make(c, sequence));
      for (const Message& message : page.messages)
        expected_.messages[message.id].push_back(message);
      next_[c] = page.to + 1;
      batch.operations.emplace_back(std::move(page));
      (void)Must(ApplyNow(store_, std::move(batch)));
    }
  }

  // New versions of some: long ones become short, so that pages get free, and the other way round.
  void Edit(int count) {
    Batch batch;
    for (int i = 0; i < count; ++i) {
      auto entry = std::next(expected_.messages.begin(),
                             static_cast<std::ptrdiff_t>(random_() % expected_.messages.size()));
      Message message = entry->second.back();
      if (message.deleted) continue;
      ++message.revision;
      message.edited_at = At(50'000);
      message.content = Text(message.content.size() > 2'000 ? 50 : 3'000);
      if (random_() % 5 == 0) {
        message.deleted = true;
        message.content.clear();
      }
      entry->second.push_back(message);
      batch.operations.emplace_back(store::ApplyMessage{std::move(message)});
    }
    batch.operations.emplace_back(store::SetCursor{{"epoch", 17}});
    batch.operations.emplace_back(store::SetSynced{At(60'000), true});
    (void)Must(ApplyNow(store_, std::move(batch)));
  }

  void Send(int count) {
    for (int i = 0; i < count; ++i) {
      Message message = Make(static_cast<int>(random_() % kConversations), 0);
      message.revision = 0;
      message.delivery = Delivery::kQueued;
      expected_.sends[message.id] = Must(SendNow(store_, message));
      ++expected_.outbox;
    }
  }

  // Short and long ones, some of them changed or cleared again.
  void Draft(int count) {
    store::UserStateChanges changes;
    for (int i = 0; i < count; ++i) {
      hark::Draft draft;
      draft.conversation = Conversation(static_cast<int>(random_() % kConversations));
      draft.version = ++version_;
      draft.changed_at = At(static_cast<std::int64_t>(draft.version));
      const auto size = random_() % 10;
      if (size > 1) draft.text = Text(size < 8 ? 20 + size * 40 : 12'000);
      expected_.drafts[draft.conversation].push_back(draft);
      changes.drafts.push_back(std::move(draft));
      ViewState view;
      view.conversation = Conversation(static_cast<int>(random_() % kConversations));
      view.ui = "ui " + std::to_string(random_() % 9);
      view.message = Uuid();
      view.offset = -static_cast<std::int64_t>(random_() % 1'000);
      view.sequence = random_() % 40;
      view.set_at = At(static_cast<std::int64_t>(version_));
      expected_.view_states[{view.conversation, view.ui}].push_back(view);
      changes.view_states.push_back(std::move(view));
    }
    (void)Must(SaveNow(store_, std::move(changes)));
  }

 private:
  static ConversationId Conversation(int number) {
    return ConversationId("conversation-" + std::to_string(number));
  }

  std::string Text(std::size_t size) {
    std::string text;
    while (text.size() < size)
      text += std::to_string(random_()) + (text.size() % 3 == 0 ? " é" : " ");
    return text;
  }

  Message Make(int conversation, Sequence sequence) {
    Message message;
    const auto id = random_();
    message.id = id % 4 == 0 ? MessageId("message-" + std::to_string(id)) : Uuid();
    message.conversation = Conversation(conversation);
    message.role = id % 2 == 0 ? Role::kUser : Role::kAssistant;
    message.sequence = sequence;
    message.revision = 1;
    message.created_at = At(static_cast<std::int64_t>(sequence));
    const auto size = random_() % 100;
    message.content = Text(size < 90 ? 40 + size * 4 : size < 97 ? 5'000 : 25'000);
    if (id % 7 == 0) message.metadata = {{"model", std::to_string(id)}};
    if (id % 3 == 0) message.content_type = "text/markdown";
    return message;
  }

  MessageId Uuid() {
    constexpr char kHex[] = "0123456789abcdef";
    std::string text = "018bcfe5-6800-7000-8000-000000000000";
    for (const std::size_t i :
         {9U, 10U, 11U, 12U, 24U, 25U, 26U, 27U, 28U, 29U, 30U, 31U, 32U, 33U, 34U, 35U})
      text[i] = kHex[random_() % 16];
    return MessageId(text);
  }

  SqlcipherStore& store_;
  Expected& expected_;
  std::mt19937_64& random_;
  std::uint64_t version_ = store_.CurrentRevision();
  std::map<int, Sequence> next_ = [] {
    std::map<int, Sequence> first;
    for (int c = 0; c < kConversations; ++c) first[c] = 1;
    return first;
  }();
};

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
                                                  const std::string& cache_key) {
  store::StoreOptions options;
  options.folder = folder;
  options.cache_key = Secret(std::string(cache_key));
  options.authored_key = Secret(std::string(kAuthoredKey));
  options.clock = &clock;
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
