#include "daemon/store/migrator.h"

#include <string>

namespace hark::store {
namespace {

constexpr char kVersion[] = "PRAGMA user_version";

void RunStep(Connection& file, const Migration& step) {
  file.Execute("BEGIN EXCLUSIVE");
  try {
    file.Execute(step.sql);
    file.Execute(("PRAGMA user_version = " + std::to_string(step.version)).c_str());
    file.Execute("COMMIT");
  } catch (...) {
    if (file.InTransaction()) file.Execute("ROLLBACK");
    throw;
  }
}

}  // namespace

Result<void> CheckVersion(Connection& file, const std::vector<Migration>& migrations) {
  if (file.ReadInt(kVersion) <= migrations.back().version) return {};
  return Fail(ErrorCode::kConflict, "the database was written by a newer version of Hark");
}

Result<void> Migrate(Connection& file, const std::vector<Migration>& migrations) {
  if (auto known = CheckVersion(file, migrations); !known) return known;
  const std::int64_t present = file.ReadInt(kVersion);
  for (const Migration& step : migrations) {
    if (step.version > present) RunStep(file, step);
  }
  return {};
}

}  // namespace hark::store
