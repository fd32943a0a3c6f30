#include "daemon/base/log.h"

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace hark::log {
namespace {

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarning: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
    case Level::kOff: return spdlog::level::off;
  }
  return spdlog::level::off;
}

// A value with blanks or control characters is quoted, so that a line stays one line and fields
// stay apart.
void AppendValue(std::string& line, const std::string& value) {
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

}  // namespace

void Start(Level level) {
  auto logger =
      std::make_shared<spdlog::logger>("harkd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  SetLevel(level);
}

void SetLevel(Level level) {
  spdlog::set_level(ToSpdlog(level));
}

void Write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!spdlog::should_log(ToSpdlog(level))) return;
  std::string line(event);
  for (const Field& field : fields) {
    line += ' ';
    line += field.name();
    line += '=';
    AppendValue(line, field.value());
  }
  spdlog::log(ToSpdlog(level), "{}", line);
}

}  // namespace hark::log
