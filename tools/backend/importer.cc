#include "tools/backend/importer.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "tools/backend/archive_import.h"
#include "tools/backend/import_line.h"
#include "tools/backend/line_reader.h"

namespace hark::backend {
namespace {

// Between two messages of a conversation whose file gives no times.
constexpr std::chrono::seconds kBetweenMessages{30};

bool IsBlank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

using VisitLine = std::function<Result<void>(ImportedConversation)>;

// Calls `visit` with each conversation of the file; errors get the number of the line.
Result<void> ForEachLine(const std::string& file, const char* phase, const ImportProgress& progress,
                         const VisitLine& visit) {
  auto reader = LineReader::Open(file);
  if (!reader) return tl::unexpected<Error>(reader.error());
  const auto size = static_cast<double>((*reader)->file_size());
  std::string line;
  for (std::uint64_t number = 1;; ++number) {
    const auto at_line = [number](const Error& error) {
      return Fail(error.code, "line " + std::to_string(number) + ": " + error.message);
    };
    const auto more = (*reader)->Next(&line);
    if (!more) return at_line(more.error());
    if (!*more) break;
    if (IsBlank(line)) continue;
    auto conversation = ParseImportLine(line);
    if (!conversation) return at_line(conversation.error());
    if (auto done = visit(std::move(*conversation)); !done) return at_line(done.error());
    constexpr std::uint64_t kLinesPerReport = 64;
    if (number % kLinesPerReport == 0 && size > 0) {
      progress(phase, static_cast<double>((*reader)->bytes_read()) / size);
    }
  }
  progress(phase, 1);
  return {};
}

Result<std::uint64_t> CheckAll(const std::string& file, const ImportProgress& progress) {
  std::unordered_set<std::string> conversations;
  std::unordered_set<std::string> messages;
  const auto checked = ForEachLine(
      file, "checking", progress, [&](ImportedConversation conversation) -> Result<void> {
        if (!conversations.insert(conversation.id).second) {
          return Fail(ErrorCode::kInvalid, "the conversation id was used on a line before");
        }
        for (const Message& message : conversation.messages) {
          if (!messages.insert(message.id()).second) {
            return Fail(ErrorCode::kInvalid, "a message id is used twice");
          }
        }
        return {};
      });
  if (!checked) return tl::unexpected<Error>(checked.error());
  return conversations.size();
}

// Gives times to what has none: back from the conversation's last activity, or on from the message
// before.
void SetTimes(TimePoint last_activity, ImportedConversation& conversation) {
  if (!conversation.created_at) conversation.created_at = last_activity;
  const auto count = static_cast<std::int64_t>(conversation.messages.size());
  TimePoint next = last_activity - kBetweenMessages * (count - 1);
  for (Message& message : conversation.messages) {
    if (!message.has_created_at()) *message.mutable_created_at() = ToTimestamp(next);
    next = FromTimestamp(message.created_at()) + kBetweenMessages;
  }
}

}  // namespace

Result<ImportSummary> ImportFile(Archive& archive, const Clock& clock, const ImportOptions& options,
                                 const ImportProgress& progress) {
  const auto total = CheckAll(options.file, progress);
  if (!total) return tl::unexpected<Error>(total.error());
  auto import = ArchiveImport::Begin(archive, options.user);
  if (!import) return tl::unexpected<Error>(import.error());

  const TimePoint now = clock.Now();
  const std::chrono::microseconds span = std::chrono::hours(24) * options.days;
  const auto step = span / std::max<std::int64_t>(1, static_cast<std::int64_t>(*total));
  ImportSummary summary;
  std::uint64_t index = 0;
  auto stored = ForEachLine(options.file, "storing", progress,
                            [&](ImportedConversation conversation) -> Result<void> {
                              const auto later_ones = static_cast<std::int64_t>(*total - ++index);
                              SetTimes(now - step * later_ones, conversation);
                              const auto added = (*import)->Add(conversation);
                              if (!added) return tl::unexpected<Error>(added.error());
                              summary.conversations += *added ? 1 : 0;
                              summary.messages += *added ? conversation.messages.size() : 0;
                              summary.skipped += *added ? 0 : 1;
                              return {};
                            });
  if (!stored) return tl::unexpected<Error>(stored.error());
  if (auto done = (*import)->Commit(); !done) return tl::unexpected<Error>(done.error());
  return summary;
}

}  // namespace hark::backend
