// hark draft, hark drafts, hark view: what is written and not sent, and how far a UI was scrolled.

#include <cstdint>
#include <string>
#include <utility>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/input.h"
#include "tools/hark/text.h"
#include "tools/hark/time_text.h"
#include "tools/hark/until.h"

namespace hark::cli {
namespace {

void AddFields(JsonLine& line, const client::Draft& draft) {
  line.Text("conversation_id", draft.conversation_id)
      .Text("text", draft.text)
      .Number("version", draft.version)
      .Time("changed_at", draft.changed_at);
}

void PrintJson(Output& output, const client::Draft& draft, bool conflict) {
  JsonLine line;
  line.Text("type", "draft");
  AddFields(line, draft);
  output.Json(line.Flag("conflict", conflict));
}

// What is to become of the draft; stdin for "-" or --stdin, without its final line break.
std::string NewText(const Arguments& arguments) {
  if (arguments.clear) return {};
  if (!arguments.from_stdin && arguments.text != "-") return arguments.text;
  std::string text = ReadInput(client::kMaxDraftBytes + 1);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

int ShowDraft(Session& session) {
  const auto draft = session.client.GetDraft(session.arguments.conversation);
  if (!draft) return Report(draft.error());
  if (session.output.json()) {
    PrintJson(session.output, *draft, false);
  } else if (draft->text.empty()) {
    session.output.Line("no draft");
  } else {
    for (const std::string& text : PrintableLines(draft->text)) session.output.Line(text);
  }
  return kOk;
}

int ChangeDraft(Session& session) {
  client::SetDraftRequest request;
  request.conversation_id = session.arguments.conversation;
  request.text = NewText(session.arguments);
  request.flush = true;  // This command ends, and with it whoever could say it again.
  if (session.arguments.base) {
    request.base_version = *session.arguments.base;
  } else {
    const auto present = session.client.GetDraft(request.conversation_id);
    if (!present) return Report(present.error());
    request.base_version = present->version;
  }
  const auto result = session.client.SetDraft(request);
  if (!result) return Report(result.error());
  if (session.output.json()) {
    PrintJson(session.output, result->draft, result->conflict);
  } else if (!result->conflict) {
    session.output.Line(result->draft.text.empty()
                            ? "no draft any more"
                            : "draft kept, version " + std::to_string(result->draft.version));
  }
  if (!result->conflict) return kOk;
  return Report(kConflict, ("the draft was changed meanwhile and has version " +
                            std::to_string(result->draft.version) + "; nothing was changed")
                               .c_str());
}

void PrintRow(Output& output, const client::Draft& draft) {
  if (output.json()) return PrintJson(output, draft, false);
  const std::string text = draft.text.empty() ? "(cleared)" : Printable(draft.text);
  output.Line(output.Styled(Style::kDim, LocalMinute(draft.changed_at)) + "  " +
              output.Styled(Style::kBold, Printable(draft.conversation_id)) + "  " + text);
}

int FollowDrafts(Session& session) {
  Until until;
  Output& output = session.output;
  std::uint64_t shown = 0;
  client::DraftsHandlers handlers;
  handlers.on_snapshot = [&output](const client::DraftsSnapshot& event) {
    for (const client::Draft& draft : event.drafts) PrintRow(output, draft);
    output.Flush();
  };
  handlers.on_delta = [&](const client::DraftsDelta& event) {
    for (const client::Draft& draft : event.changed) {
      PrintRow(output, draft);
      ++shown;
    }
    output.Flush();
    if (output.failed()) until.End(kOk);
    if (session.arguments.count && shown >= *session.arguments.count) until.End(kOk);
  };
  handlers.on_end = [&until](const client::Error& error) { until.End(Report(error)); };
  auto watch = session.client.WatchDrafts(
      std::move(handlers), {.conversation_id = session.arguments.conversation, .resume_token = {}});
  if (!watch) return Report(watch.error());
  const int code =
      until.Wait(session.arguments.timeout(), session.arguments.count ? kUnavailable : kOk);
  watch->Cancel();
  return code;
}

}  // namespace

int Draft(Session& session) {
  const Arguments& arguments = session.arguments;
  const bool changes = arguments.clear || arguments.from_stdin || !arguments.text.empty();
  return changes ? ChangeDraft(session) : ShowDraft(session);
}

int ListDrafts(Session& session) {
  if (session.arguments.watch) return FollowDrafts(session);
  const auto drafts = session.client.ListDrafts();
  if (!drafts) return Report(drafts.error());
  if (session.output.json()) {
    for (const client::Draft& draft : *drafts) PrintJson(session.output, draft, false);
    return kOk;
  }
  if (drafts->empty()) {
    session.output.Line("no drafts");
    return kOk;
  }
  Table table({"CONVERSATION", "CHANGED", "TEXT"});
  for (const client::Draft& draft : *drafts) {
    table.Add(
        {Printable(draft.conversation_id), LocalMinute(draft.changed_at), Printable(draft.text)});
  }
  table.Print(session.output);
  return kOk;
}

int ShowView(Session& session) {
  const auto state =
      session.client.GetViewState(session.arguments.conversation, session.arguments.text);
  if (!state) return Report(state.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "view_state").Text("conversation_id", session.arguments.conversation);
    line.Text("ui", session.arguments.text);
    if (*state) {
      line.Text("message_id", (*state)->message_id)
          .Integer("offset", (*state)->offset)
          .Flag("at_bottom", (*state)->at_bottom)
          .Flag("nearest", (*state)->nearest)
          .Text("set_message_id", (*state)->set_message_id)
          .Time("set_at", (*state)->set_at);
    } else {
      line.Null("message_id").Null("offset").Null("at_bottom").Null("nearest");
      line.Null("set_message_id").Null("set_at");
    }
    session.output.Json(line);
    return kOk;
  }
  if (!*state) {
    session.output.Line("this UI has not said where it stands");
    return kOk;
  }
  const client::ViewState& view = **state;
  std::string words = view.at_bottom ? "at the bottom" : "at " + Printable(view.message_id);
  if (!view.at_bottom && view.nearest) {
    words = view.message_id.empty() ? "at " + Printable(view.set_message_id) + ", which is not here"
                                    : words + ", the nearest to " + Printable(view.set_message_id);
  } else if (!view.at_bottom) {
    words += ", offset " + std::to_string(view.offset);
  }
  session.output.Line(words + " (" + LocalSecond(view.set_at) + ")");
  return kOk;
}

}  // namespace hark::cli
