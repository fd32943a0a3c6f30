// A UI without windows on hark::client::ConversationView: it prints how its list changes, and does
// what standard input says. The list stays true while the daemon is stopped, killed and started
// again.
//
//   view CONVERSATION       then lines on standard input: "older", "send TEXT"; the end ends it
//
// Prints "+ PLACE ID SEQUENCE TEXT", "~ PLACE ID SEQUENCE TEXT" and "- PLACE ID" for a message that
// comes, changes and goes, and "= COUNT older|all|loading" when a change is complete.

#include <iostream>
#include <string>

#include "hark/client.h"
#include "hark/conversation_view.h"

namespace {

using hark::client::ConversationViewChange;
using Edit = hark::client::ListEdit<hark::client::ViewMessage>;

int Fail(const hark::client::Error& error) {
  std::cerr << "view: " << error.message << std::endl;
  return 1;
}

// One line, whatever is in it.
std::string Line(std::string text) {
  for (char& character : text) {
    if (static_cast<unsigned char>(character) < 0x20) character = ' ';
  }
  return text;
}

void Print(const Edit& edit) {
  const hark::client::Message& message = edit.item->message;
  const char* mark = edit.kind == Edit::Kind::kInsert    ? "+ "
                     : edit.kind == Edit::Kind::kReplace ? "~ "
                                                         : "- ";
  std::cout << mark << edit.index << ' ' << message.id;
  if (edit.kind != Edit::Kind::kRemove) {
    std::cout << ' ' << message.sequence << ' ' << (edit.item->partial ? "(writing) " : "")
              << (message.deleted ? "(deleted)" : Line(message.content));
  }
  std::cout << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return Fail({.message = "give one conversation"});
  hark::client::ConnectOptions connect;
  connect.wait = std::chrono::seconds(5);
  auto client = hark::Client::Connect(connect);
  if (!client) return Fail(client.error());

  hark::client::ConversationViewHandlers handlers;
  std::size_t shown = 0;  // Of the view's thread only, as all that the handlers use.
  handlers.on_change = [&shown](const ConversationViewChange& change) {
    for (const Edit& edit : change.edits) {
      Print(edit);
      if (edit.kind == Edit::Kind::kInsert) ++shown;
      if (edit.kind == Edit::Kind::kRemove) --shown;
    }
    const auto& state = change.state;
    if (!state.loaded) return;
    std::cout << "= " << shown << ' '
              << (state.loading_older ? "loading"
                  : state.has_more    ? "older"
                                      : "all")
              << std::endl;
  };
  handlers.on_connection = [](const hark::client::Error* lost) {
    if (lost != nullptr) std::cerr << "view: " << lost->message << "; waiting" << std::endl;
  };
  handlers.on_end = [](const hark::client::Error& error) { Fail(error); };
  auto view = hark::client::ConversationView::Start(*client, argv[1], handlers);
  if (!view) return Fail(view.error());

  for (std::string line; std::getline(std::cin, line);) {
    if (line == "older") {
      if (const auto asked = view->LoadOlder(); !asked) Fail(asked.error());
    } else if (line.rfind("send ", 0) == 0) {
      hark::client::SendRequest request;
      request.conversation_id = argv[1];
      request.content = line.substr(5);
      // Shown through the view, like everything else.
      if (const auto sent = client->SendMessage(request); !sent) Fail(sent.error());
    }
  }
  return 0;
}
