// hark tail CONVERSATION.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/message_tail.h"
#include "tools/hark/until.h"

namespace hark::cli {
namespace {

constexpr std::uint64_t kDefaultHistory = 10;

}  // namespace

int TailMessages(Session& session) {
  const Arguments& arguments = session.arguments;
  // Who follows a conversation has it open: only then its messages come as they happen.
  if (const auto opened = session.client.OpenConversation(arguments.conversation); !opened) {
    return Report(opened.error());
  }
  Until until;
  Output& output = session.output;
  const std::uint64_t history =
      std::min<std::uint64_t>(arguments.limit.value_or(kDefaultHistory), client::kMaxPageSize);
  MessageTail tail(output, history, arguments.ids);
  // After each event, on the watch's thread.
  const auto after = [&] {
    output.Flush();
    if (output.failed() || (arguments.count && tail.new_messages() >= *arguments.count))
      until.End(kOk);
  };

  client::MessagesHandlers handlers;
  handlers.on_snapshot = [&](const client::MessagesSnapshot& event) { tail.Show(event), after(); };
  handlers.on_delta = [&](const client::MessagesDelta& event) { tail.Show(event), after(); };
  handlers.on_partial = [&](const client::PartialMessage& event) { tail.Show(event), after(); };
  handlers.on_typing = [&](const client::Typing& event) { tail.Show(event), after(); };
  handlers.on_connection = [&](const client::Error* lost) {
    if (lost != nullptr) tail.ShowLost(*lost), after();
  };
  handlers.on_end = [&](const client::Error& error) { until.End(Report(error)); };
  // At least one, and so that a message sent before the watch began is not taken for a new one
  // later.
  const auto snapshot =
      static_cast<std::uint32_t>(std::max<std::uint64_t>(history, client::kDefaultPageSize));
  auto watch = session.client.WatchMessages(arguments.conversation, std::move(handlers),
                                            {.snapshot_size = snapshot, .resume_token = {}});
  if (!watch) return Report(watch.error());
  const int code = until.Wait(arguments.timeout(), arguments.count ? kUnavailable : kOk);
  watch->Cancel();
  tail.Close();
  output.Flush();
  if (arguments.count && code == kUnavailable)
    return Report(kUnavailable, "not enough new messages came in time");
  return code;
}

}  // namespace hark::cli
