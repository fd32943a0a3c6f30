// The commands that write, or act on a message that is there: send, edit, delete, retry, skip,
// cancel.

#include <cstdint>
#include <string>
#include <utility>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/input.h"
#include "tools/hark/render.h"
#include "tools/hark/text.h"

namespace hark::cli {
namespace {

// TEXT, or stdin for "-", without its final line break.
std::string Content(const Arguments& arguments) {
  if (arguments.text != "-") return arguments.text;
  std::string content = ReadInput(client::kMaxContentBytes + 1);
  if (content.ends_with('\n')) content.pop_back();
  return content;
}

client::MessageRef Message(const Session& session) {
  return {session.arguments.conversation, session.arguments.message};
}

// What became of it, and which it is: "queued  0198…".
int ShowMessage(Session& session, const client::Result<client::Message>& message) {
  if (!message) return Report(message.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "message");
    AddFields(line, *message);
    session.output.Json(line);
    return kOk;
  }
  std::string words = DeliveryNote(*message);
  if (words.empty()) words = ChangeNote(*message);
  // What is at the backend has a sequence: of this one, only the change was known.
  const bool is_here = message->sequence > 0 || message->deleted;
  if (words.empty() && !is_here) words = "nothing waits any more of a message that is not here:";
  if (words.empty()) words = message->deleted ? "deleted" : "sent";
  session.output.Line(words + "  " + Printable(message->id));
  return kOk;
}

}  // namespace

int Send(Session& session) {
  client::SendRequest request;
  request.conversation_id = session.arguments.conversation;
  request.content = Content(session.arguments);
  request.content_type = session.arguments.content_type;
  request.id = session.arguments.id;
  return ShowMessage(session, session.client.SendMessage(std::move(request)));
}

int EditMessage(Session& session) {
  return ShowMessage(session,
                     session.client.EditMessage({Message(session), Content(session.arguments)}));
}

int DeleteMessage(Session& session) {
  return ShowMessage(session, session.client.DeleteMessage(Message(session)));
}

int Retry(Session& session) {
  if (!session.arguments.message.empty()) {
    return ShowMessage(session, session.client.RetryMessage(Message(session)));
  }
  const auto count = session.client.RetryMessages(session.arguments.conversation);
  if (!count) return Report(count.error());
  if (session.output.json()) {
    JsonLine line;
    session.output.Json(line.Text("type", "retried").Number("count", *count));
  } else {
    session.output.Line(Grouped(*count) + (*count == 1 ? " is" : " are") + " queued again");
  }
  return kOk;
}

int SkipMessage(Session& session) {
  return ShowMessage(session, session.client.SkipMessage(Message(session)));
}

int CancelMessage(Session& session) {
  return ShowMessage(session, session.client.CancelMessage(Message(session)));
}

}  // namespace hark::cli
