#include "tools/hark/message_tail.h"

#include <functional>

#include "tools/hark/render.h"
#include "tools/hark/text.h"
#include "tools/hark/time_text.h"

namespace hark::cli {
namespace {

// More than anybody's screen, less than a megabyte.
constexpr std::size_t kRemembered = 4096;
// Of a message that is named again, this much of its text.
constexpr std::size_t kHintColumns = 40;

// Text that grows at the end of the screen keeps its line breaks.
std::string Flowing(std::string_view text) {
  std::string flowing;
  for (const std::string& line : PrintableLines(text))
    flowing += (flowing.empty() ? "" : "\n") + line;
  return flowing;
}

}  // namespace

MessageTail::MessageTail(Output& output, std::size_t history, bool with_ids)
    : output_(output), history_(history), with_ids_(with_ids) {}

void MessageTail::Enter(const std::string& conversation_id, const std::string& title) {
  if (conversation_id == conversation_id_) return;
  conversation_id_ = conversation_id;
  if (output_.json()) return;
  Close();
  output_.Line(output_.Styled(Style::kBold, Printable(title.empty() ? conversation_id : title)));
}

void MessageTail::Show(const client::MessagesSnapshot& snapshot) {
  const std::size_t skipped =
      first_ && snapshot.messages.size() > history_ ? snapshot.messages.size() - history_ : 0;
  for (std::size_t i = 0; i < snapshot.messages.size(); ++i) {
    const client::Message& message = snapshot.messages[i];
    if (i < skipped) {
      Remember(message);
    } else if (first_ || !IsShown(message)) {
      // A later snapshot stands for events that were missed: only what they changed is shown.
      ShowMessage(message, first_);
    }
  }
  first_ = false;
}

void MessageTail::Show(const client::MessagesDelta& delta) {
  for (const client::Message& message : delta.upserted) ShowMessage(message, false);
  for (const std::string& id : delta.removed) {
    if (output_.json()) {
      JsonLine line = Event("removed");
      output_.Json(line.Text("id", id));
    } else if (seen_.contains(id)) {
      Close();
      output_.Line(output_.Styled(Style::kDim, "(cancelled) " + Printable(id)));
    }
  }
}

void MessageTail::ShowMessage(const client::Message& message, bool snapshot) {
  const auto known = seen_.find(message.id);
  const bool is_new = known == seen_.end();
  if (is_new && !snapshot) ++new_messages_;
  if (output_.json()) {
    JsonLine line;
    line.Text("type", "message").Flag("snapshot", snapshot).Flag("new", is_new && !snapshot);
    AddFields(line, message);
    output_.Json(line);
  } else if (is_new) {
    ShowNewText(message);
  } else {
    ShowChange(message, known->second);
  }
  Remember(message);
}

void MessageTail::ShowNewText(const client::Message& message) {
  if (message.id != partial_id_) {
    Close();
    PrintMessage(output_, message, with_ids_);
    return;
  }
  // Most of it is on the screen already.
  const std::string text = Flowing(message.content);
  if (text.starts_with(partial_shown_)) {
    output_.Raw(text.substr(partial_shown_.size()));
    Close();
  } else {
    Close();
    PrintMessage(output_, message, with_ids_);
  }
}

void MessageTail::ShowChange(const client::Message& message, const Seen& before) {
  const Seen now = Summary(message);
  // Optimistic edits change the text first and the revision later.
  const bool same_text = now.text == before.text;
  if (!message.deleted && (!same_text || (now.revision > before.revision && before.revision > 0 &&
                                          before.change.empty()))) {
    Close();
    output_.Line(output_.Styled(Style::kDim, "(edited)"));
    PrintMessage(output_, message, with_ids_);
    return;
  }
  std::string what;
  if (message.deleted && !before.deleted) {
    what = "deleted";
  } else if (now.delivery != before.delivery) {
    const bool sent = now.delivery == client::Delivery::kSent;
    if (sent) what = "delivered";
    if (!sent && now.delivery != client::Delivery::kSending) what = DeliveryNote(message);
  } else if (now.change != before.change) {
    if (NeedsAttention(message)) what = now.change;
    if (now.change.empty() && now.revision > before.revision) what = "change delivered";
  }
  if (what.empty()) return;
  Close();
  const bool failed = NeedsAttention(message);
  output_.Line(output_.Styled(failed ? Style::kRed : Style::kDim,
                              "(" + what + ") " + Fit(Printable(message.content), kHintColumns)));
}

void MessageTail::Show(const client::PartialMessage& partial) {
  if (output_.json()) {
    JsonLine line = Event("partial");
    output_.Json(line.Text("message_id", partial.message_id)
                     .Text("role", ToString(partial.role))
                     .Text("text", partial.text));
    return;
  }
  // In a file only the finished message makes sense.
  if (!output_.mode().terminal || seen_.contains(partial.message_id)) return;
  const std::string text = Flowing(partial.text);
  if (partial.message_id != partial_id_ || !text.starts_with(partial_shown_)) {
    Close();
    client::Message head;
    head.role = partial.role;
    head.created_at = Now();
    output_.Raw(MessageHead(output_, head));
    partial_id_ = partial.message_id;
  }
  output_.Raw(text.substr(partial_shown_.size()));
  partial_shown_ = text;
}

void MessageTail::Show(const client::Typing& typing) {
  if (!output_.json()) return;
  JsonLine line = Event("typing");
  output_.Json(line.Text("role", ToString(typing.role)).Flag("active", typing.active));
}

void MessageTail::ShowLost(const client::Error& error) {
  if (output_.json()) {
    JsonLine line;
    output_.Json(line.Text("type", "disconnected").Text("reason", error.message));
    return;
  }
  Close();
  output_.Line(
      output_.Styled(Style::kYellow, "(" + Printable(error.message) + "; waiting for the daemon)"));
}

void MessageTail::Close() {
  if (!partial_id_.empty()) output_.Raw("\n");
  partial_id_.clear();
  partial_shown_.clear();
}

JsonLine MessageTail::Event(std::string_view type) const {
  JsonLine line;
  line.Text("type", type);
  if (!conversation_id_.empty()) line.Text("conversation_id", conversation_id_);
  return line;
}

bool MessageTail::IsShown(const client::Message& message) const {
  const auto known = seen_.find(message.id);
  return known != seen_.end() && known->second == Summary(message);
}

MessageTail::Seen MessageTail::Summary(const client::Message& message) {
  return {message.delivery, message.revision, message.deleted, ChangeNote(message),
          std::hash<std::string>()(message.content)};
}

void MessageTail::Remember(const client::Message& message) {
  const auto [entry, added] = seen_.try_emplace(message.id);
  entry->second = Summary(message);
  if (!added) return;
  order_.push_back(message.id);
  if (order_.size() <= kRemembered) return;
  seen_.erase(order_.front());
  order_.pop_front();
}

}  // namespace hark::cli
