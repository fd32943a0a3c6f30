#ifndef HARK_TOOLS_BACKEND_QUERY_H_
#define HARK_TOOLS_BACKEND_QUERY_H_

// One use of a prepared statement: binds on construction, resets on destruction, so that no
// statement keeps a read transaction open by being forgotten half way. Throws SQLite::Exception
// like the library; the archive catches it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <SQLiteCpp/SQLiteCpp.h>

#include "tools/backend/clock.h"

namespace hark::backend {

// Bytes, to be told apart from text.
struct Blob {
  std::string_view bytes;
};

class Query {
 public:
  template <typename... Values>
  explicit Query(SQLite::Statement& statement, const Values&... values) : statement_(statement) {
    int index = 0;
    (Bind(++index, values), ...);
  }
  ~Query() { statement_.tryReset(); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  bool Next() { return statement_.executeStep(); }
  void Run() {
    while (Next()) {
    }
  }

  [[nodiscard]] std::int64_t Int(int column) const {
    return statement_.getColumn(column).getInt64();
  }
  [[nodiscard]] std::uint64_t Uint(int column) const {
    return static_cast<std::uint64_t>(Int(column));
  }
  [[nodiscard]] TimePoint Time(int column) const {
    return TimePoint(std::chrono::microseconds(Int(column)));
  }
  [[nodiscard]] std::string Text(int column) const {
    return statement_.getColumn(column).getString();
  }
  [[nodiscard]] bool IsNull(int column) const { return statement_.isColumnNull(column); }

 private:
  void Bind(int index, std::int64_t value) { statement_.bind(index, value); }
  void Bind(int index, std::uint64_t value) {
    statement_.bind(index, static_cast<std::int64_t>(value));
  }
  void Bind(int index, TimePoint value) {
    statement_.bind(index, static_cast<std::int64_t>(value.time_since_epoch().count()));
  }
  void Bind(int index, const std::string& value) { statement_.bind(index, value); }
  void Bind(int index, const Blob& value) {
    statement_.bind(index, value.bytes.data(), static_cast<int>(value.bytes.size()));
  }
  template <typename Value>
  void Bind(int index, const std::optional<Value>& value) {
    if (value) {
      Bind(index, *value);
    } else {
      statement_.bind(index);
    }
  }

  SQLite::Statement& statement_;
};

}  // namespace hark::backend

#endif  // HARK_TOOLS_BACKEND_QUERY_H_
