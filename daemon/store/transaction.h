// The two kinds of transaction: the writer's, shared by the jobs of a group, and a reader's
// snapshot.

#ifndef HARK_DAEMON_STORE_TRANSACTION_H_
#define HARK_DAEMON_STORE_TRANSACTION_H_

#include "daemon/store/connection.h"

namespace hark::store {

// One file's part of a group commit. Begins when it is first looked at, so that all reads of the
// group share one lock and one look at the log's index; each job that writes gets a savepoint, so
// that it fails alone, unless it shares the fate of all. Rolls back unless committed. Only on the
// writer's thread.
class GroupTransaction {
 public:
  explicit GroupTransaction(Connection& connection) : connection_(connection) {}
  GroupTransaction(const GroupTransaction&) = delete;
  GroupTransaction& operator=(const GroupTransaction&) = delete;
  ~GroupTransaction() { Rollback(); }

  // For reading: sees what this group wrote.
  [[nodiscard]] Connection& connection();
  // For writing.
  [[nodiscard]] Connection& Write();

  // Begins the next job's part. `alone`: it can be undone alone. Otherwise undoing it loses the
  // whole transaction; a savepoint costs as much as some rows, since SQLite keeps what each page
  // was before it.
  void BeginJob(bool alone) { alone_ = alone; }

  // Ends the running job's part: keeps or undoes what it wrote.
  void KeepJob();
  void UndoJob();

  [[nodiscard]] bool wrote() const { return wrote_; }
  // Whether the running job wrote.
  [[nodiscard]] bool in_job() const { return in_job_; }
  // SQLite gave the whole transaction up by itself, as it does for some errors; or a job had to be
  // undone that cannot be alone.
  [[nodiscard]] bool Lost() const { return spoiled_ || (begun_ && !connection_.InTransaction()); }

  void Commit();
  // Never throws.
  void Rollback() noexcept;

 private:
  Connection& connection_;
  bool begun_ = false;
  bool wrote_ = false;
  bool in_job_ = false;
  bool alone_ = true;
  bool spoiled_ = false;
};

// What one read sees: from its construction to its destruction, the file stands still.
class ReadTransaction {
 public:
  explicit ReadTransaction(Connection& connection);
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;
  ~ReadTransaction();

 private:
  Connection& connection_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_TRANSACTION_H_
