// hark tail --all.

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/message_tail.h"
#include "tools/hark/until.h"

namespace hark::cli {
namespace {

// Shows each event; called on the watch's thread only.
class Everything {
 public:
  explicit Everything(Session& session)
      : session_(session), tail_(session.output, 0, session.arguments.ids) {}

  void Name(const client::Conversation& conversation) {
    titles_[conversation.id] = conversation.title;
  }

  // False: nothing more is wanted.
  bool Show(const client::ChangesDelta& event) {
    for (const client::Conversation& conversation : event.conversations) Name(conversation);
    for (const client::Message& message : event.messages) {
      client::MessagesDelta one;
      one.upserted.push_back(message);
      In(message.conversation_id).Show(one);
      if (const auto wanted = session_.arguments.count; wanted && tail_.new_messages() >= *wanted)
        return false;
    }
    for (const auto& removed : event.removed) {
      client::MessagesDelta one;
      one.removed.push_back(removed.message_id);
      In(removed.conversation_id).Show(one);
    }
    return true;
  }

  // The conversation of what is shown next.
  MessageTail& In(const std::string& conversation) {
    tail_.Enter(conversation, TitleOf(conversation));
    return tail_;
  }

  [[nodiscard]] MessageTail& tail() { return tail_; }

 private:
  std::string TitleOf(const std::string& conversation) {
    const auto [known, is_new] = titles_.try_emplace(conversation);
    if (is_new) {
      // Not of the newest ones, and nothing of it has changed yet.
      if (const auto found = session_.client.GetConversation(conversation))
        known->second = found->title;
    }
    return known->second;
  }

  Session& session_;
  MessageTail tail_;
  std::unordered_map<std::string, std::string> titles_;
};

}  // namespace

int TailEverything(Session& session) {
  Until until;
  Output& output = session.output;
  Everything everything(session);
  const auto after = [&](bool more) {
    output.Flush();
    if (output.failed() || !more) until.End(kOk);
  };

  client::ChangesHandlers handlers;
  handlers.on_snapshot = [&](const client::ChangesSnapshot& event) {
    for (const client::Conversation& conversation : event.conversations)
      everything.Name(conversation);
  };
  handlers.on_delta = [&](const client::ChangesDelta& event) { after(everything.Show(event)); };
  handlers.on_partial = [&](const std::string& id, const client::PartialMessage& event) {
    everything.In(id).Show(event), after(true);
  };
  handlers.on_typing = [&](const std::string& id, const client::Typing& event) {
    // Seen in JSON only, so that it needs no heading.
    if (output.json()) everything.In(id).Show(event), after(true);
  };
  handlers.on_connection = [&](const client::Error* lost) {
    if (lost != nullptr) everything.tail().ShowLost(*lost), after(true);
  };
  handlers.on_end = [&](const client::Error& error) { until.End(Report(error)); };
  auto watch = session.client.WatchChanges(
      std::move(handlers), {.snapshot_size = client::kMaxPageSize, .resume_token = {}});
  if (!watch) return Report(watch.error());
  const auto& arguments = session.arguments;
  const int code = until.Wait(arguments.timeout(), arguments.count ? kUnavailable : kOk);
  watch->Cancel();
  everything.tail().Close();
  output.Flush();
  if (arguments.count && code == kUnavailable)
    return Report(kUnavailable, "not enough new messages came in time");
  return code;
}

}  // namespace hark::cli
