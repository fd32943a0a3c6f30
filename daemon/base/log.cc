#include "daemon/base/log.h"

#include <cstddef>
#include <cstdio>
#include <memory>
#include <mutex>
#include <span>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "daemon/base/journal_sink.h"
#include "daemon/base/log_line.h"

namespace hark::log {
namespace {

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

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

// Payloads are entries of the journal. What it does not take goes to standard error, which the
// journal reads too, only slower.
class ToJournal final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  ToJournal() : journal_(kJournalSocket) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view entry(message.payload.data(), message.payload.size());
    if (journal_.Write(entry)) return;
    constexpr std::string_view kFirst = "MESSAGE=";
    const std::size_t end = entry.find('\n');
    if (!entry.starts_with(kFirst) || end == std::string_view::npos) return;
    (void)std::fprintf(stderr, "%.*s\n", static_cast<int>(end - kFirst.size()),
                       entry.data() + kFirst.size());
  }
  void flush_() override {}

 private:
  JournalSink journal_;
};

std::shared_ptr<spdlog::sinks::sink> MakeSink(Format format) {
  if (format == Format::kJournal) return std::make_shared<ToJournal>();
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

// Knows how its events are to be written.
class Logger final : public spdlog::logger {
 public:
  explicit Logger(Format format) : spdlog::logger("harkd", MakeSink(format)), format_(format) {}
  [[nodiscard]] Format format() const { return format_; }

 private:
  const Format format_;
};

std::string Payload(Level level, std::string_view event, std::span<const Field> fields) {
  // Before Start() it is spdlog's own.
  const auto* const logger = dynamic_cast<const Logger*>(spdlog::default_logger_raw());
  switch (logger == nullptr ? Format::kText : logger->format()) {
    case Format::kText: return TextLine(event, fields);
    case Format::kJson: return JsonMembers(event, fields);
    case Format::kJournal: return JournalEntry(level, event, fields);
  }
  return TextLine(event, fields);
}

}  // namespace

void Start(Level level, Format format) {
  auto logger = std::make_shared<Logger>(format);
  logger->set_pattern(format == Format::kJson ? kJsonPattern : kTextPattern,
                      spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  SetLevel(level);
}

void SetLevel(Level level) {
  spdlog::set_level(ToSpdlog(level));
}

void Write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!spdlog::should_log(ToSpdlog(level))) return;
  spdlog::log(ToSpdlog(level), "{}",
              Payload(level, event, std::span(fields.begin(), fields.size())));
}

}  // namespace hark::log
