#include "daemon/base/log_line.h"

#include <cstddef>
#include <cstdint>

#include "daemon/base/utf8.h"

namespace hark::log {
namespace {

// The journal refuses longer names.
constexpr std::size_t kNameMaxBytes = 64;

void AppendValue(std::string& line, std::string_view value) {
  bool plain = !value.empty();
  for (const char c : value)
    plain = plain && static_cast<unsigned char>(c) > ' ' && c != '"' && c != '=';
  if (plain) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    line += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  line += '"';
}

void AppendJsonString(std::string& line, std::string_view text) {
  const bool valid = IsValidUtf8(text);
  line += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') line += '\\';
    const bool replaced = byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !valid);
    line += replaced ? '?' : c;
  }
  line += '"';
}

// syslog(3)'s numbers.
char PriorityOf(Level level) {
  switch (level) {
    case Level::kDebug: return '7';
    case Level::kInfo: return '6';
    case Level::kWarning: return '4';
    case Level::kError:
    case Level::kOff: return '3';
  }
  return '6';
}

// Empty: the journal would refuse it.
std::string JournalName(std::string_view name) {
  std::string result = "HARK_";
  for (const char c : name) {
    const bool letter = c >= 'a' && c <= 'z';
    if (!letter && c != '_' && (c < '0' || c > '9')) return {};
    result += letter ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return result.size() <= kNameMaxBytes ? result : std::string();
}

void AppendJournalField(std::string& entry, std::string_view name, std::string_view value) {
  entry += name;
  if (value.find('\n') == std::string_view::npos) {
    entry += '=';
    entry += value;
  } else {
    // A value with line breaks comes with its length, 64 bits, the low byte first.
    entry += '\n';
    std::uint64_t length = value.size();
    for (std::size_t i = 0; i < sizeof length; ++i, length >>= 8)
      entry += static_cast<char>(length & 0xFF);
    entry += value;
  }
  entry += '\n';
}

}  // namespace

std::string TextLine(std::string_view event, std::span<const Field> fields) {
  std::string line(event);
  for (const Field& field : fields) {
    line += ' ';
    line += field.name();
    line += '=';
    AppendValue(line, field.value());
  }
  return line;
}

std::string JsonMembers(std::string_view event, std::span<const Field> fields) {
  std::string line = "\"event\":";
  AppendJsonString(line, event);
  for (const Field& field : fields) {
    line += ',';
    AppendJsonString(line, field.name());
    line += ':';
    AppendJsonString(line, field.value());
  }
  return line;
}

std::string JournalEntry(Level level, std::string_view event, std::span<const Field> fields) {
  std::string entry;
  AppendJournalField(entry, "MESSAGE", TextLine(event, fields));
  AppendJournalField(entry, "PRIORITY", std::string(1, PriorityOf(level)));
  AppendJournalField(entry, "SYSLOG_IDENTIFIER", "harkd");
  AppendJournalField(entry, "HARK_EVENT", event);
  for (const Field& field : fields) {
    if (const std::string name = JournalName(field.name()); !name.empty())
      AppendJournalField(entry, name, field.value());
  }
  return entry;
}

}  // namespace hark::log
