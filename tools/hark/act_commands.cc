// The commands that do something: open, close, read, sign-in, sign-out, sync. Those that write are
// in message_commands.cc.

#include <string>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/input.h"
#include "tools/hark/render.h"
#include "tools/hark/text.h"

namespace hark::cli {
namespace {

int ShowAccount(Session& session, const client::Result<client::AccountInfo>& account,
                const std::string& done) {
  if (!account) return Report(account.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "account");
    AddFields(line, *account);
    session.output.Json(line);
  } else {
    session.output.Line(done + AccountSentence(*account));
  }
  return kOk;
}

int ShowDone(Session& session, const client::Result<void>& result, const char* what,
             const std::string& sentence) {
  if (!result) return Report(result.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", what);
    if (!session.arguments.conversation.empty())
      line.Text("conversation_id", session.arguments.conversation);
    session.output.Json(line);
  } else {
    session.output.Line(sentence);
  }
  return kOk;
}

}  // namespace

int OpenConversation(Session& session) {
  return ShowDone(session, session.client.OpenConversation(session.arguments.conversation),
                  "opened", "opened: its messages are fetched and followed");
}

int CloseConversation(Session& session) {
  return ShowDone(session, session.client.CloseConversation(session.arguments.conversation),
                  "closed", "closed");
}

int MarkRead(Session& session) {
  const auto conversation =
      session.client.MarkRead(session.arguments.conversation, session.arguments.message);
  if (!conversation) return Report(conversation.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "conversation");
    AddFields(line, *conversation);
    session.output.Json(line);
  } else {
    session.output.Line("read up to message " + Grouped(conversation->read_sequence) + "; " +
                        Grouped(conversation->unread_count) + " unread");
  }
  return kOk;
}

int SignIn(Session& session) {
  std::string token = AskSecret("Token", client::kMaxTokenBytes);
  const auto account = session.client.SignIn(token);
  Wipe(token);
  return ShowAccount(session, account, "signed in as ");
}

int SignOut(Session& session) {
  if (session.arguments.forget) return ForgetAccount(session);
  const int code = ShowAccount(session, session.client.SignOut(), "signed out: ");
  if (code != kOk || session.output.json()) return code;
  const auto status = session.client.GetSyncStatus();
  if (status && status->pending_count > 0)
    session.output.Line(PendingSentence(status->pending_count) + ", after the next sign-in");
  return code;
}

int SyncNow(Session& session) {
  const client::Result<void> asked = session.client.SyncNow();
  if (asked && session.arguments.wait) return FollowStatus(session, true);
  return ShowDone(session, asked, "sync_requested",
                  "sync asked for; 'hark status' tells how it goes");
}

}  // namespace hark::cli
