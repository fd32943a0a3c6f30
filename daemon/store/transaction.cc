#include "daemon/store/transaction.h"

#include <exception>

namespace hark::store {
namespace {

constexpr char kBegin[] = "BEGIN";
constexpr char kBeginToWrite[] = "BEGIN IMMEDIATE";
constexpr char kCommit[] = "COMMIT";
constexpr char kSavepoint[] = "SAVEPOINT job";
constexpr char kRelease[] = "RELEASE job";
constexpr char kUndo[] = "ROLLBACK TO job";
// The cheapest read: it makes the snapshot, which BEGIN alone does not.
constexpr char kTouch[] = "SELECT one FROM store_info";

void Run(Connection& connection, const char* sql) {
  Query(connection.statements(), sql).Run();
}

// After some errors SQLite has done it by itself, and would refuse it.
void RollBack(Connection& connection) noexcept {
  try {
    if (connection.InTransaction()) connection.Execute("ROLLBACK");
  } catch (const std::exception&) {
    // The connection is broken; it is opened again before its next use.
  }
}

}  // namespace

// To write, also if it will only read: who has begun to read is refused at once when a reader holds
// the lock for a moment, as it does to look at a header that is being written.
Connection& GroupTransaction::connection() {
  if (!begun_) {
    Run(connection_, kBeginToWrite);
    begun_ = true;
  }
  return connection_;
}

Connection& GroupTransaction::Write() {
  Connection& connection = this->connection();
  wrote_ = true;
  if (!in_job_) {
    if (alone_) Run(connection, kSavepoint);
    in_job_ = true;
  }
  return connection;
}

void GroupTransaction::KeepJob() {
  if (!in_job_) return;
  in_job_ = false;
  if (alone_) Run(connection_, kRelease);
}

void GroupTransaction::UndoJob() {
  if (!in_job_) return;
  in_job_ = false;
  if (!alone_) spoiled_ = true;
  if (Lost()) return;
  Run(connection_, kUndo);
  Run(connection_, kRelease);
}

void GroupTransaction::Commit() {
  if (!begun_) return;
  Run(connection_, kCommit);
  begun_ = false;
  wrote_ = false;
}

void GroupTransaction::Rollback() noexcept {
  if (!begun_) return;
  begun_ = false;
  wrote_ = false;
  in_job_ = false;
  RollBack(connection_);
}

ReadTransaction::ReadTransaction(Connection& connection) : connection_(connection) {
  Run(connection_, kBegin);
  try {
    Run(connection_, kTouch);
  } catch (...) {
    RollBack(connection_);
    throw;
  }
}

ReadTransaction::~ReadTransaction() {
  try {
    Run(connection_, kCommit);
  } catch (const std::exception&) {
    // Nothing to lose: nothing was written. The pool opens the connection again if it is broken.
  }
}

}  // namespace hark::store
