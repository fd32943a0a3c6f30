// What bare SQLCipher makes of the rows that a sync brings: the baseline of `tools/dev bench sync`.
//
//   sync_bench_rows FOLDER < ROWS
//
// ROWS has a line for each message: conversation's number, sequence, "u" or "a", content, with tabs
// between. They are inserted by 1,000 into a new encrypted file, with the settings of cache.db:
// into the table `messages` as it is, but without the search index; into one without any index at
// all; and, to see what the search index alone leaves of that, into one with all indexes. Prints
// JSON.

#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/secret.h"
#include "daemon/base/uuid.h"
#include "daemon/store/columns.h"
#include "daemon/store/connection.h"
#include "daemon/store/migrator.h"
#include "daemon/store/search_index.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatch = 1'000;
// More at a time than the daemon's writer copies, which favours the baseline.
constexpr std::size_t kCheckpointBytes = 4 * 1024 * 1024;

constexpr char kInsert[] =
    "INSERT INTO messages (conversation, id, sequence, revision, role, deleted, created_at, "
    "edited_at, server_id, content_type, metadata, content)"
    " VALUES (?, ?, ?, 1, ?, 0, ?, NULL, 1, NULL, NULL, ?)";

struct Row {
  std::int64_t conversation = 0;
  std::int64_t sequence = 0;
  std::int64_t role = 1;
  WallTime created_at{};
  std::string id;
  std::string content;
};

std::int64_t TakeNumber(std::string_view& line) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), number);
  line.remove_prefix(static_cast<std::size_t>(parsed.ptr - line.data()) + 1);
  return number;
}

std::vector<Row> ReadRows() {
  std::vector<Row> rows;
  WallTime now{std::chrono::milliseconds(1'700'000'000'000)};
  for (std::string text; std::getline(std::cin, text);) {
    std::string_view line = text;
    Row row;
    row.conversation = TakeNumber(line);
    row.sequence = TakeNumber(line);
    row.role = line.starts_with("u") ? 1 : 2;
    row.created_at = now += std::chrono::milliseconds(37);
    row.id = NewUuidV7(now);
    row.content = line.substr(2);
    rows.push_back(std::move(row));
  }
  return rows;
}

enum class Indexes : std::uint8_t { kNone, kPlaces, kSearchToo };

// Messages a second.
double Insert(const fs::path& file, const std::vector<Row>& rows, Indexes indexes) {
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file.string() + suffix);
  ::close(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
  const auto key = [] { return Secret(std::string(32, '\x11')); };
  {
    Connection connection(file, key(), Access::kCreate, Durability::kFetchable);
    for (const Migration& step : CacheMigrations()) connection.Execute(step.sql);
    connection.Execute("INSERT INTO store_info (one, store_id) VALUES (1, 'baseline')");
    if (indexes == Indexes::kNone)
      connection.Execute("DROP INDEX messages_id; DROP INDEX messages_place");
    connection.Execute("PRAGMA foreign_keys = OFF");
  }
  Connection connection(file, key(), Access::kWrite, Durability::kFetchable);
  connection.Execute("PRAGMA foreign_keys = OFF");
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < rows.size();) {
    connection.Execute("BEGIN IMMEDIATE");
    for (const std::size_t end = std::min(i + kBatch, rows.size()); i < end; ++i) {
      Query query(connection.statements(), kInsert);
      query.Int(rows[i].conversation);
      BindId(query, rows[i].id);
      query.Int(rows[i].sequence).Int(rows[i].role);
      BindTime(query, rows[i].created_at);
      query.LongText(rows[i].content).Run();
    }
    if (indexes == Indexes::kSearchToo && (i % kIndexBatch == 0 || i == rows.size()))
      (void)IndexNewRows(connection);
    connection.Execute("COMMIT");
    if (connection.NewWalBytes() >= kCheckpointBytes) (void)connection.CheckpointAndRestart();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  return static_cast<double>(rows.size()) / took.count();
}

}  // namespace
}  // namespace hark::store

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path file = std::filesystem::path(argv[1]) / "baseline.db";
  const auto rows = hark::store::ReadRows();
  using hark::store::Indexes;
  using hark::store::Insert;
  const double with = Insert(file, rows, Indexes::kPlaces);
  const double without = Insert(file, rows, Indexes::kNone);
  const double search_too = Insert(file, rows, Indexes::kSearchToo);
  std::cout << "{\"rows\": " << rows.size() << ", \"with_indexes\": " << with
            << ", \"without_indexes\": " << without << ", \"with_search\": " << search_too << "}\n";
  return 0;
}
