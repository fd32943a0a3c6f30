#include "tools/backend/working_memory.h"

#include <array>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <lmdb.h>

#include <spdlog/spdlog.h>

namespace hark::backend {
namespace {

// Numbers are written most significant byte first, so that LMDB's order of bytes is the order of
// numbers.
void PutNumber(char* at, std::uint64_t number) {
  for (int i = 7; i >= 0; --i) {
    at[i] = static_cast<char>(number & 0xFF);
    number >>= 8;
  }
}

std::uint64_t GetNumber(const char* at) {
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = (number << 8) | static_cast<unsigned char>(at[i]);
  return number;
}

using MessageKey = std::array<char, 16>;     // conversation, sequence
using AcceptanceKey = std::array<char, 24>;  // accepted at, conversation, sequence

MessageKey MakeKey(ConversationKey conversation, std::uint64_t sequence) {
  MessageKey key{};
  PutNumber(key.data(), static_cast<std::uint64_t>(conversation));
  PutNumber(key.data() + 8, sequence);
  return key;
}

AcceptanceKey MakeAcceptanceKey(const MessageRow& row) {
  AcceptanceKey key{};
  PutNumber(key.data(), static_cast<std::uint64_t>(row.accepted_at.time_since_epoch().count()));
  PutNumber(key.data() + 8, static_cast<std::uint64_t>(row.conversation));
  PutNumber(key.data() + 16, row.message.sequence());
  return key;
}

template <typename Bytes>
MDB_val AsValue(Bytes& bytes) {
  return {bytes.size(), bytes.data()};
}

// A transaction that is given up unless committed.
class WriteTransaction {
 public:
  explicit WriteTransaction(MDB_env* env) {
    if (mdb_txn_begin(env, nullptr, 0, &txn_) != 0) txn_ = nullptr;
  }
  ~WriteTransaction() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }
  WriteTransaction(const WriteTransaction&) = delete;
  WriteTransaction& operator=(const WriteTransaction&) = delete;

  [[nodiscard]] MDB_txn* get() const { return txn_; }
  bool Commit() {
    MDB_txn* const txn = txn_;
    txn_ = nullptr;
    return txn != nullptr && mdb_txn_commit(txn) == 0;
  }

 private:
  MDB_txn* txn_ = nullptr;
};

class Cursor {
 public:
  Cursor(MDB_txn* txn, MDB_dbi table) {
    if (txn == nullptr || mdb_cursor_open(txn, table, &cursor_) != 0) cursor_ = nullptr;
  }
  ~Cursor() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  bool Get(MDB_val* key, MDB_val* value, MDB_cursor_op operation) {
    return cursor_ != nullptr && mdb_cursor_get(cursor_, key, value, operation) == 0;
  }
  bool Remove() { return mdb_cursor_del(cursor_, 0) == 0; }

 private:
  MDB_cursor* cursor_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<WorkingMemory>> WorkingMemory::Open(const std::string& folder,
                                                           std::size_t max_bytes) {
  std::error_code failed;
  std::filesystem::remove_all(folder, failed);
  if (!failed) std::filesystem::create_directories(folder, failed);
  if (failed) {
    return Fail(ErrorCode::kDataFolder, "the working memory's folder: " + failed.message());
  }
  MDB_env* env = nullptr;
  if (mdb_env_create(&env) != 0) return Fail(ErrorCode::kInternal, "LMDB has no memory");
  std::unique_ptr<WorkingMemory> memory(new WorkingMemory(env));
  mdb_env_set_mapsize(env, max_bytes);
  mdb_env_set_maxdbs(env, 2);
  const int code = mdb_env_open(env, folder.c_str(), MDB_NOSYNC | MDB_NOTLS, 0600);
  if (code != 0 || !memory->OpenTables()) {
    return Fail(ErrorCode::kDataFolder,
                std::string("the working memory cannot be opened: ") + mdb_strerror(code));
  }
  return memory;
}

WorkingMemory::~WorkingMemory() {
  if (reader_ != nullptr) mdb_txn_abort(reader_);
  mdb_env_close(env_);
}

bool WorkingMemory::OpenTables() {
  WriteTransaction transaction(env_);
  return transaction.get() != nullptr &&
         mdb_dbi_open(transaction.get(), "messages", MDB_CREATE, &messages_) == 0 &&
         mdb_dbi_open(transaction.get(), "by_acceptance", MDB_CREATE, &by_acceptance_) == 0 &&
         transaction.Commit();
}

void WorkingMemory::Clear() {
  WriteTransaction transaction(env_);
  usable_ = transaction.get() != nullptr && mdb_drop(transaction.get(), messages_, 0) == 0 &&
            mdb_drop(transaction.get(), by_acceptance_, 0) == 0 && transaction.Commit();
  spdlog::warn("working-memory full-or-failed {}", usable_ ? "cleared" : "switched-off");
}

class WorkingMemory::Reading {
 public:
  explicit Reading(WorkingMemory& memory) : memory_(memory) {
    if (!memory.usable_) return;
    MDB_txn*& reader = memory.reader_;
    const int code = reader != nullptr ? mdb_txn_renew(reader)
                                       : mdb_txn_begin(memory.env_, nullptr, MDB_RDONLY, &reader);
    good_ = code == 0;
  }
  ~Reading() {
    if (good_) mdb_txn_reset(memory_.reader_);
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  [[nodiscard]] MDB_txn* get() const { return good_ ? memory_.reader_ : nullptr; }

 private:
  WorkingMemory& memory_;
  bool good_ = false;
};

bool WorkingMemory::TryAdd(const std::vector<MessageRow>& rows) {
  WriteTransaction transaction(env_);
  if (transaction.get() == nullptr) return false;
  for (const MessageRow& row : rows) {
    MessageKey key = MakeKey(row.conversation, row.message.sequence());
    AcceptanceKey acceptance = MakeAcceptanceKey(row);
    std::string bytes = row.message.SerializeAsString();
    MDB_val key_value = AsValue(key);
    MDB_val acceptance_value = AsValue(acceptance);
    MDB_val value = AsValue(bytes);
    MDB_val nothing{0, nullptr};
    if (mdb_put(transaction.get(), messages_, &key_value, &value, 0) != 0 ||
        mdb_put(transaction.get(), by_acceptance_, &acceptance_value, &nothing, 0) != 0) {
      return false;
    }
  }
  return transaction.Commit();
}

void WorkingMemory::Add(const std::vector<MessageRow>& rows) {
  if (usable_ && !TryAdd(rows)) Clear();
}

void WorkingMemory::Update(const MessageRow& row) {
  const auto first = FirstSequence(row.conversation);
  if (!first || row.message.sequence() < *first) return;
  Add({row});
}

std::optional<std::uint64_t> WorkingMemory::FirstSequence(ConversationKey conversation) {
  const Reading reading(*this);
  Cursor cursor(reading.get(), messages_);
  MessageKey key = MakeKey(conversation, 0);
  MDB_val found = AsValue(key);
  MDB_val value{};
  if (!cursor.Get(&found, &value, MDB_SET_RANGE)) return std::nullopt;
  if (std::memcmp(found.mv_data, key.data(), 8) != 0) return std::nullopt;
  return GetNumber(static_cast<const char*>(found.mv_data) + 8);
}

bool WorkingMemory::Read(ConversationKey conversation, std::uint64_t from, std::uint64_t to,
                         std::vector<Message>* out) {
  const std::size_t before = out->size();
  const Reading reading(*this);
  Cursor cursor(reading.get(), messages_);
  MessageKey key = MakeKey(conversation, from);
  MDB_val found = AsValue(key);
  MDB_val value{};
  bool more = cursor.Get(&found, &value, MDB_SET_RANGE);
  for (std::uint64_t sequence = from; sequence <= to; ++sequence) {
    const MessageKey expected = MakeKey(conversation, sequence);
    if (!more || found.mv_size != expected.size() ||
        std::memcmp(found.mv_data, expected.data(), expected.size()) != 0 ||
        !out->emplace_back().ParseFromArray(value.mv_data, static_cast<int>(value.mv_size))) {
      out->resize(before);
      return false;
    }
    more = cursor.Get(&found, &value, MDB_NEXT);
  }
  return true;
}

std::size_t WorkingMemory::Expire(TimePoint cutoff) {
  WriteTransaction transaction(env_);
  if (transaction.get() == nullptr) return 0;
  std::size_t removed = 0;
  {
    Cursor cursor(transaction.get(), by_acceptance_);
    MDB_val found{};
    MDB_val value{};
    while (cursor.Get(&found, &value, MDB_FIRST)) {
      AcceptanceKey key{};
      std::memcpy(key.data(), found.mv_data, key.size());
      const auto accepted = static_cast<std::int64_t>(GetNumber(key.data()));
      if (accepted > cutoff.time_since_epoch().count()) break;
      MDB_val message{16, key.data() + 8};
      const int code = mdb_del(transaction.get(), messages_, &message, nullptr);
      if ((code != 0 && code != MDB_NOTFOUND) || !cursor.Remove()) return 0;
      ++removed;
    }
  }
  return transaction.Commit() ? removed : 0;
}

std::size_t WorkingMemory::Count() {
  MDB_stat stat{};
  const Reading reading(*this);
  if (reading.get() == nullptr || mdb_stat(reading.get(), messages_, &stat) != 0) return 0;
  return stat.ms_entries;
}

}  // namespace hark::backend
