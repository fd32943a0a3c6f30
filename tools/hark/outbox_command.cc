// hark outbox: what waits to be delivered, and what the user has to decide about.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/render.h"
#include "tools/hark/text.h"
#include "tools/hark/time_text.h"

namespace hark::cli {
namespace {

using client::Delivery;
using client::OutboxEntry;
using client::OutboxPage;

constexpr std::uint64_t kDefaultLimit = 50;
constexpr std::string_view kIndent = "    ";
constexpr std::size_t kStateWidth = 9;  // "no answer".
constexpr std::size_t kKindWidth = 6;   // "delete".

std::string StateWord(Delivery delivery) {
  // "unknown" is what programs read.
  return delivery == Delivery::kUnanswered ? "no answer" : std::string(ToString(delivery));
}

Style StyleOf(Delivery delivery) {
  return WaitsForUser(delivery) ? Style::kRed : Style::kYellow;
}

void Print(Output& output, const OutboxEntry& entry) {
  output.Line(
      output.Styled(StyleOf(entry.delivery), PadRight(StateWord(entry.delivery), kStateWidth)) +
      "  " + PadRight(ToString(entry.kind), kKindWidth) + "  " +
      output.Styled(Style::kDim, LocalMinute(entry.submitted_at) + "  " +
                                     Printable(entry.conversation_id) + "  " +
                                     Printable(entry.message_id)));
  const std::string indent(kIndent);
  if (!entry.preview.empty())
    output.Line(indent + Printable(entry.preview) + (entry.preview_cut ? "…" : ""));
  const auto note = [&](const std::string& words) {
    output.Line(indent + output.Styled(StyleOf(entry.delivery), "[" + words + "]"));
  };
  if (WaitsForUser(entry.delivery)) note(DeliveryWords(entry.delivery, entry.failure));
  if (entry.skipped) note("later messages of the conversation pass it");
  if (!entry.message_is_here) note("the message itself is not on this machine");
}

void PrintJson(Output& output, const OutboxEntry& entry) {
  JsonLine line;
  line.Text("type", "outbox_entry")
      .Number("position", entry.position)
      .Text("kind", ToString(entry.kind))
      .Text("conversation_id", entry.conversation_id)
      .Text("message_id", entry.message_id)
      .Text("delivery", ToString(entry.delivery));
  AddFields(line, entry.failure);
  output.Json(line.Flag("skipped", entry.skipped)
                  .Time("submitted_at", entry.submitted_at)
                  .Text("content_type", entry.content_type)
                  .Text("preview", entry.preview)
                  .Flag("preview_cut", entry.preview_cut)
                  .Flag("message_is_here", entry.message_is_here));
}

// What of these entries the user has to decide about.
struct Waiting {
  std::uint64_t count = 0;
  std::optional<OutboxEntry> first;

  void Add(const OutboxEntry& entry) {
    if (!WaitsForUser(entry.delivery)) return;
    ++count;
    if (!first) first = entry;
  }
};

// The commands that fit the entry, with what to type.
std::string CommandsFor(const OutboxEntry& entry) {
  const std::string ids =
      " " + Printable(entry.conversation_id) + " " + Printable(entry.message_id);
  const bool same_may_do = !entry.failure || entry.failure->can_retry;
  std::string commands;
  if (same_may_do) {
    commands = "hark retry" + ids + ", or ";
  } else if (entry.kind == OutboxEntry::Kind::kSend) {
    commands = "hark edit" + ids + " TEXT, or ";
  }
  commands += "hark cancel" + ids + " to give it up";
  const bool parks = entry.kind == OutboxEntry::Kind::kSend &&
                     entry.delivery == Delivery::kFailed && !entry.skipped;
  if (parks) commands += ", or hark skip" + ids + " to let later ones pass";
  return commands;
}

void PrintEnd(Session& session, const OutboxPage& last, std::uint64_t shown,
              const Waiting& waiting) {
  Output& output = session.output;
  if (output.json()) {
    JsonLine line;
    output.Json(line.Text("type", "outbox")
                    .Number("count", shown)
                    .Number("total_count", last.total_count)
                    .Flag("has_more", !last.next_page_token.empty()));
    return;
  }
  const auto hint = [&](const std::string& words) {
    output.Line(output.Styled(Style::kDim, "--- " + words + " ---"));
  };
  if (shown == 0)
    output.Line(session.arguments.failed ? "nothing has failed" : "nothing waits to be delivered");
  const std::string& conversation = session.arguments.conversation;
  const std::string of_it = conversation.empty() ? "" : " " + Printable(conversation);
  if (!last.next_page_token.empty()) {
    hint(Grouped(shown) + " of " + Grouped(last.total_count) + " entries; all: hark outbox" +
         of_it + (session.arguments.failed ? " --failed" : "") + " --all");
  }
  if (!waiting.first) return;
  const bool several = waiting.count > 1;
  hint((several ? Grouped(waiting.count) + " wait for you; the first: " : "waits for you: ") +
       CommandsFor(*waiting.first) +
       (several ? "; all again: hark retry" + (of_it.empty() ? " --all" : of_it) : ""));
}

}  // namespace

int ListOutbox(Session& session) {
  const Arguments& arguments = session.arguments;
  const std::uint64_t limit = arguments.all ? std::numeric_limits<std::uint64_t>::max()
                                            : arguments.limit.value_or(kDefaultLimit);
  client::ListOutboxRequest request;
  request.conversation_id = arguments.conversation;
  request.failed_only = arguments.failed;
  std::uint64_t shown = 0;
  Waiting waiting;
  for (;;) {
    request.page_size =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(limit - shown, client::kMaxPageSize));
    const auto page = session.client.ListOutbox(request);
    if (!page) return Report(page.error());
    for (const OutboxEntry& entry : page->entries) {
      waiting.Add(entry);
      if (session.output.json()) {
        PrintJson(session.output, entry);
      } else {
        Print(session.output, entry);
      }
    }
    shown += page->entries.size();
    request.page_token = page->next_page_token;
    if (request.page_token.empty() || shown >= limit) {
      PrintEnd(session, *page, shown, waiting);
      return kOk;
    }
  }
}

}  // namespace hark::cli
