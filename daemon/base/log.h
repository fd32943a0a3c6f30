// The log: one line an event, a stable event name and fields. What a field can be is closed:
// numbers, fixed words, ids and our own error sentences. Types that hold content, titles, tokens or
// keys do not convert, so they cannot be logged.

#ifndef HARK_DAEMON_BASE_LOG_H_
#define HARK_DAEMON_BASE_LOG_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "daemon/base/result.h"

namespace hark::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };

// How an event is written (log_line.h), and so where: the journal's entries go to its socket, the
// other two to standard error, which systemd and launchd collect.
enum class Format : std::uint8_t { kText, kJson, kJournal };

// Call once at start, before threads. Thread-safe afterwards.
void Start(Level level, Format format = Format::kText);
void SetLevel(Level level);

class Field {
 public:
  template <std::integral T>
  Field(std::string_view name, T value) : name_(name), value_(std::to_string(value)) {}
  // A string literal of ours.
  template <std::size_t N>
  Field(std::string_view name, const char (&word)[N]) : name_(name), value_(word) {}
  // The sentence of an error, which by its contract holds no content.
  Field(std::string_view name, const ::hark::Error& error) : name_(name), value_(error.message) {}
  // Text that is known to be safe: a path, an address, a session id. Named, so that each use is a
  // decision.
  [[nodiscard]] static Field Safe(std::string_view name, std::string value) {
    return {name, std::move(value), 0};
  }

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] const std::string& value() const { return value_; }

 private:
  Field(std::string_view name, std::string value, int) : name_(name), value_(std::move(value)) {}

  std::string_view name_;
  std::string value_;
};

// Write("connected", {{"attempt", 3}}) becomes: connected attempt=3
void Write(Level level, std::string_view event, std::initializer_list<Field> fields = {});

inline void Debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  Write(Level::kDebug, event, fields);
}
inline void Info(std::string_view event, std::initializer_list<Field> fields = {}) {
  Write(Level::kInfo, event, fields);
}
inline void Warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  Write(Level::kWarning, event, fields);
}
inline void Error(std::string_view event, std::initializer_list<Field> fields = {}) {
  Write(Level::kError, event, fields);
}

}  // namespace hark::log

#endif  // HARK_DAEMON_BASE_LOG_H_
