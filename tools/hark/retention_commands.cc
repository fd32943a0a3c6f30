// hark retention: what would go, removing it now, and a conversation's own number of days.

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/text.h"
#include "tools/hark/time_text.h"

namespace hark::cli {
namespace {

constexpr std::uint64_t kMegabyte = std::uint64_t{1024} * 1024;

std::string DaysText(std::uint32_t days) {
  return days == 0 ? std::string("for ever") : std::to_string(days) + " days";
}

void PrintJson(Output& output, const client::RetentionPreview& preview) {
  JsonLine line;
  line.Text("type", "retention");
  line.Number("days", preview.days).Number("max_bytes", preview.max_bytes);
  line.Number("messages", preview.messages).Number("bytes", preview.bytes);
  line.Number("conversations", preview.conversations).Time("oldest_at", preview.oldest_at);
  output.Json(line);
  for (const auto& item : preview.items) {
    JsonLine each;
    each.Text("type", "retention_item").Text("conversation_id", item.conversation_id);
    each.Number("messages", item.messages).Number("bytes", item.bytes);
    each.Time("oldest_at", item.oldest_at).Time("before", item.before);
    output.Json(each);
  }
  for (const auto& own : preview.overrides) {
    JsonLine each;
    each.Text("type", "retention_override").Text("conversation_id", own.conversation_id);
    each.Number("days", own.days);
    output.Json(each);
  }
}

void PrintText(Output& output, const client::RetentionPreview& preview) {
  std::string kept = "Messages are kept " + DaysText(preview.days);
  if (preview.max_bytes > 0) {
    kept += ", in at most " + std::to_string(preview.max_bytes / kMegabyte) + " MiB";
  }
  output.Line(kept + ".");
  if (preview.messages == 0) {
    output.Line("Nothing would go.");
  } else {
    output.Line(std::to_string(preview.messages) + " messages of " +
                std::to_string(preview.conversations) + " conversations would go (" +
                std::to_string((preview.bytes + 1023) / 1024) + " KiB of text), the oldest of " +
                LocalMinute(preview.oldest_at) + ".");
    Table table({"CONVERSATION", ">MESSAGES", ">BYTES", "OLDEST", "BEFORE"});
    for (const auto& item : preview.items) {
      table.Add({Printable(item.conversation_id), std::to_string(item.messages),
                 std::to_string(item.bytes), LocalMinute(item.oldest_at),
                 LocalMinute(item.before)});
    }
    table.Print(output);
  }
  for (const auto& own : preview.overrides) {
    output.Line(Printable(own.conversation_id) + " has its own: " + DaysText(own.days) + ".");
  }
}

}  // namespace

int PreviewRetention(Session& session) {
  std::optional<std::uint64_t> max_bytes;
  if (session.arguments.max_mb) max_bytes = *session.arguments.max_mb * kMegabyte;
  const auto preview = session.client.PreviewRetention(session.arguments.days, max_bytes);
  if (!preview) return Report(preview.error());
  if (session.output.json()) {
    PrintJson(session.output, *preview);
  } else {
    PrintText(session.output, *preview);
  }
  return kOk;
}

int RunRetention(Session& session) {
  const auto outcome = session.client.RunRetention();
  if (!outcome) return Report(outcome.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "retention_run").Number("messages", outcome->messages);
    line.Number("bytes_before", outcome->bytes_before).Number("bytes_after", outcome->bytes_after);
    session.output.Json(line);
  } else {
    session.output.Line(std::to_string(outcome->messages) + " messages removed; the cache has " +
                        std::to_string(outcome->bytes_after / 1024) + " KiB, and had " +
                        std::to_string(outcome->bytes_before / 1024) + " KiB.");
  }
  return kOk;
}

int SetRetention(Session& session) {
  const std::string& text = session.arguments.text;
  std::optional<std::uint32_t> days;
  if (text == "forever") {
    days = 0;
  } else if (text != "default") {
    std::uint32_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || number == 0) {
      return Report(kUsage, "a number of days, forever or default is expected");
    }
    days = number;
  }
  const auto done = session.client.SetRetention(session.arguments.conversation, days);
  if (!done) return Report(done.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "retention_set").Text("conversation_id", session.arguments.conversation);
    days ? line.Number("days", *days) : line.Null("days");
    session.output.Json(line);
  } else {
    session.output.Line(days ? "Kept " + DaysText(*days) + "." : "Kept as the configuration says.");
  }
  return kOk;
}

}  // namespace hark::cli
