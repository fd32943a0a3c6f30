// Lists the conversations and follows one: the shortest useful program on the SDK.
//
//   follow                  the ten newest conversations
//   follow CONVERSATION     its newest messages, then each new one; Enter ends it

#include <cstdio>
#include <iostream>
#include <string>

#include "hark/client.h"

namespace {

int Fail(const hark::client::Error& error) {
  std::cerr << "follow: " << error.message << '\n';
  return 1;
}

void Print(const hark::client::Message& message) {
  std::cout << ToString(message.role) << ": " << message.content << std::endl;
}

int List(hark::Client& client) {
  const auto page = client.ListConversations({.page_size = 10, .page_token = ""});
  if (!page) return Fail(page.error());
  for (const auto& conversation : page->conversations) {
    std::cout << conversation.id << "  " << conversation.title << '\n';
  }
  std::cout << page->total_count << " conversations in all\n";
  return 0;
}

int Follow(hark::Client& client, const std::string& conversation) {
  // Says that this program shows the conversation, so that the daemon fetches it and follows it.
  if (const auto opened = client.OpenConversation(conversation); !opened)
    return Fail(opened.error());

  hark::client::MessagesHandlers handlers;
  handlers.on_snapshot = [](const hark::client::MessagesSnapshot& snapshot) {
    for (const auto& message : snapshot.messages) Print(message);
  };
  handlers.on_delta = [](const hark::client::MessagesDelta& delta) {
    for (const auto& message : delta.upserted) Print(message);
  };
  handlers.on_connection = [](const hark::client::Error* lost) {
    if (lost != nullptr) std::cerr << "(" << lost->message << ")\n";
  };
  handlers.on_end = [](const hark::client::Error& error) { Fail(error); };
  const auto watch =
      client.WatchMessages(conversation, handlers, {.snapshot_size = 10, .resume_token = ""});
  if (!watch) return Fail(watch.error());

  std::getchar();  // The watch goes on meanwhile, over restarts of the daemon too.
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto client = hark::Client::Connect();
  if (!client) return Fail(client.error());
  return argc > 1 ? Follow(*client, argv[1]) : List(*client);
}
