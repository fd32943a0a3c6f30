#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/utf8.h"
#include "daemon/store/connection.h"
#include "daemon/store/migrator.h"
#include "daemon/store/new_file.h"
#include "daemon/store/page_source.h"
#include "daemon/store/salvage.h"
#include "daemon/store/salvage_scan.h"
#include "daemon/store/sqlite_error.h"

namespace hark::store {
namespace {

namespace fs = std::filesystem;
using Kind = RecordValue::Kind;

constexpr char kTables[] =
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    " AND name <> 'store_info'";
constexpr char kColumns[] =
    "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, pk FROM pragma_table_info(?)";
constexpr char kOwnInfo[] = "store_info";
constexpr char kNextPositions[] = "sqlite_sequence";
constexpr char kRaisePosition[] = "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?";
constexpr char kKnowsPosition[] = "SELECT count(*) FROM sqlite_sequence WHERE name = ?";
constexpr char kAddPosition[] = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)";
constexpr char kGeneration[] = "UPDATE store_info SET generation = ? WHERE one = 1";

constexpr char kHasCancelled[] = "SELECT count(*) FROM sqlite_master WHERE name = 'cancelled'";
// What was withdrawn stays so, whatever an earlier page says: it would be sent after all.
constexpr char kDropWithdrawn[] =
    "DELETE FROM outbox WHERE kind IN (1, 3) AND message_id IN (SELECT message_id FROM cancelled)";
// An earlier page, or a file without its log, does not tell what left since. Refused ones are not
// tried by themselves.
constexpr char kMayHaveLeft[] = "UPDATE outbox SET attempted = 1 WHERE kind <> 2 AND delivery <> 4";

constexpr std::size_t kVersionField = 60;  // Of page 1: user_version.

struct Column {
  std::string name;
  std::string type;
  bool required = false;  // NOT NULL without a default.
  int key = 0;            // Place in the primary key; 0: not of it.
};

// A table of the new schema: what a record must be like to be a row of it. Later schemas only
// append columns, so a record may be shorter.
struct Table {
  std::string name;
  std::vector<Column> columns;
  bool has_rowid = true;  // Its key is the rowid, and NULL in the record.
};

bool Fits(const RecordValue& value, const Column& column) {
  if (value.is(Kind::kNull)) return !column.required;
  if (column.type == "ANY") return true;
  if (value.is(Kind::kInteger)) return column.type == "INTEGER" || column.type == "INT";
  if (value.is(Kind::kReal)) return column.type == "REAL";
  if (value.is(Kind::kText)) return column.type == "TEXT" && IsValidUtf8(value.bytes);
  return column.type == "BLOB";
}

class AuthoredSalvage {
 public:
  AuthoredSalvage(const PageSource& pages, const Roots& roots, Connection& fresh)
      : roots_(roots), scan_(pages, roots), fresh_(fresh) {}

  // `before`: the state that SQLite would see, if that is another one; may be nullptr.
  SalvageReport Run(const PageSource* before);

 private:
  void LoadTables();
  [[nodiscard]] static bool IsRowOf(const Table& table, const FoundRow& row);
  [[nodiscard]] const std::string& InsertSql(const Table& table, std::size_t values);
  void Insert(const Table& table, const FoundRow& row);
  void RaisePosition(const FoundRow& row);
  // Rows may be of two states, or of an earlier one.
  void Reconcile();
  // Pages that no tree leads to, for rows that fit one table only and are no entry of an index.
  void TakeOrphans();

  const Roots& roots_;
  SalvageScan scan_;
  Connection& fresh_;
  std::vector<Table> tables_;
  // The connection's cache of statements goes by the address of the text.
  std::map<std::pair<std::string, std::size_t>, std::string> sql_;
  SalvageReport report_;
};

void AuthoredSalvage::LoadTables() {
  {
    Query names(fresh_.statements(), kTables);
    while (names.Next()) tables_.push_back({names.GetText(0), {}, true});
  }
  for (Table& table : tables_) {
    Query query(fresh_.statements(), kColumns);
    query.Text(table.name);
    while (query.Next()) {
      table.columns.push_back({query.GetText(0), query.GetText(1),
                               query.GetBool(2) && !query.GetBool(3),
                               static_cast<int>(query.GetInt(4))});
    }
    const Column& first = table.columns.front();
    table.has_rowid = first.key == 1 && first.type == "INTEGER" &&
                      std::none_of(table.columns.begin() + 1, table.columns.end(),
                                   [](const Column& column) { return column.key > 0; });
  }
}

bool AuthoredSalvage::IsRowOf(const Table& table, const FoundRow& row) {
  if (row.values.empty() || row.values.size() > table.columns.size()) return false;
  if (table.has_rowid && !row.values[0].is(Kind::kNull)) return false;
  for (std::size_t i = table.has_rowid ? 1 : 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (i >= row.values.size() ? column.required : !Fits(row.values[i], column)) return false;
  }
  return true;
}

const std::string& AuthoredSalvage::InsertSql(const Table& table, std::size_t values) {
  std::string& sql = sql_[{table.name, values}];
  if (!sql.empty()) return sql;
  std::string names;
  std::string marks;
  for (std::size_t i = 0; i < values; ++i) {
    names += (i == 0 ? "" : ", ") + table.columns[i].name;
    marks += i == 0 ? "?" : ", ?";
  }
  sql = "INSERT OR IGNORE INTO " + table.name + " (" + names + ") VALUES (" + marks + ")";
  return sql;
}

void AuthoredSalvage::Insert(const Table& table, const FoundRow& row) {
  if (!IsRowOf(table, row)) return;
  Query query(fresh_.statements(), InsertSql(table, row.values.size()).c_str());
  for (std::size_t i = 0; i < row.values.size(); ++i) {
    const RecordValue& value = row.values[i];
    if (i == 0 && table.has_rowid) {
      query.Int(row.rowid);
    } else if (value.is(Kind::kInteger)) {
      query.Int(value.integer);
    } else if (value.is(Kind::kText)) {
      query.Text(value.bytes);
    } else if (value.is(Kind::kBlob)) {
      query.Blob(value.bytes);
    } else {
      query.Null();
    }
  }
  query.Run();
  if (fresh_.LastChanges() > 0) ++report_.authored_rows;
}

// Positions are never used twice, also not those of entries that are lost.
void AuthoredSalvage::RaisePosition(const FoundRow& row) {
  const Record& v = row.values;
  if (v.size() != 2 || !v[0].is(Kind::kText) || !v[1].is(Kind::kInteger)) return;
  const bool is_ours = std::any_of(tables_.begin(), tables_.end(),
                                   [&](const Table& table) { return table.name == v[0].bytes; });
  if (!is_ours) return;
  bool known = false;
  {
    Query query(fresh_.statements(), kKnowsPosition);
    query.Text(v[0].bytes);
    known = query.Next() && query.GetInt(0) > 0;
  }
  if (known) {
    Query(fresh_.statements(), kRaisePosition).Int(v[1].integer).Text(v[0].bytes).Run();
  } else {
    Query(fresh_.statements(), kAddPosition).Text(v[0].bytes).Int(v[1].integer).Run();
  }
}

// The schema that the rows are of may be one without it.
void AuthoredSalvage::Reconcile() {
  if (fresh_.ReadInt(kHasCancelled) == 0) return;
  fresh_.Execute(kDropWithdrawn);
  fresh_.Execute(kMayHaveLeft);
}

void AuthoredSalvage::TakeOrphans() {
  scan_.WalkTheRest();
  for (const std::uint32_t page : scan_.Orphans()) {
    scan_.ReadLeaf(page, [this](const FoundRow& row) {
      std::vector<const Table*> fitting;
      for (const Table& table : tables_) {
        // Three columns or fewer are also what an index looks like.
        if (row.values.size() > 3 && IsRowOf(table, row)) fitting.push_back(&table);
      }
      if (fitting.size() == 1) Insert(*fitting.front(), row);
    });
  }
}

SalvageReport AuthoredSalvage::Run(const PageSource* before) {
  LoadTables();
  std::optional<SalvageScan> scan_before;
  if (before != nullptr) scan_before.emplace(*before, roots_);
  for (const Table& table : tables_) {
    const auto take = [&](const FoundRow& row) { Insert(table, row); };
    // Rows of before must not go with what was damaged after them: somebody was told they are kept.
    if (!scan_.Walk(table.name, take) && scan_before) scan_before->Walk(table.name, take);
  }
  scan_.Walk(kNextPositions, [this](const FoundRow& row) { RaisePosition(row); });
  scan_.Walk(kOwnInfo, [](const FoundRow&) {});
  TakeOrphans();
  Reconcile();
  report_.damaged_pages = scan_.damaged_pages();
  return report_;
}

// The schema that the rows are of: what a later migration does to them, it does at the next
// opening.
std::vector<Migration> MigrationsOf(const PageSource& pages, const NotedFile& noted) {
  std::vector<Migration> migrations = AuthoredMigrations();
  std::uint32_t version = noted.version;
  if (const auto first = pages.Read(1)) version = BigEndian(first->bytes.data() + kVersionField);
  if (version > 0 && version < migrations.size()) migrations.resize(version);
  return migrations;
}

}  // namespace

Result<SalvageReport> SalvageAuthored(const DamagedFile& damaged, const fs::path& fresh,
                                      const std::string& store_id, std::uint32_t generation) {
  const PageSource pages = damaged.Pages(damaged.part);
  auto report = Catching([&]() -> Result<SalvageReport> {
    auto made = MakeNewFile(fresh, damaged.key, MigrationsOf(pages, damaged.noted), store_id);
    if (!made) return tl::unexpected<Error>(std::move(made.error()));
    Connection connection(fresh, damaged.key, Access::kCreate, Durability::kAuthored);
    connection.Execute("BEGIN EXCLUSIVE");
    Query(connection.statements(), kGeneration).Uint(generation).Run();
    SalvageReport written;
    std::optional<PageSource> before;
    if (pages.proven()) {
      if (pages.wal().lost() > 0 && !pages.IsLostPartCopied())
        before.emplace(damaged.Pages(LogPart::kUsed));
      written =
          AuthoredSalvage(pages, damaged.noted.roots, connection).Run(before ? &*before : nullptr);
    }
    connection.Execute("COMMIT");
    auto worked = CheckReading(damaged, pages);
    if (worked && before) worked = CheckReading(damaged, *before);
    if (!worked) return tl::unexpected<Error>(std::move(worked.error()));
    return written;
  });
  if (!report) RemoveNewFile(fresh);
  return report;
}

}  // namespace hark::store
