// The commands that follow the status or the conversation list: status --watch, sync --wait, tail
// without a conversation.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/render.h"
#include "tools/hark/text.h"
#include "tools/hark/time_text.h"
#include "tools/hark/until.h"

namespace hark::cli {
namespace {

using State = client::SyncStatus::State;

constexpr std::chrono::seconds kProgressPause{1};

// Shows each status; called on the watch's thread only. On a terminal progress is rewritten in its
// line.
class StatusView {
 public:
  StatusView(Session& session, Until& until, bool until_live)
      : output_(session.output), until_(until), until_live_(until_live) {}

  void Show(const client::SyncStatus& status) {
    if (output_.json()) {
      JsonLine line;
      line.Text("type", "status");
      AddFields(line, status);
      output_.Json(line);
    } else {
      ShowLine(status);
    }
    output_.Flush();
    if (output_.failed()) until_.End(kOk);
    if (until_live_) JudgeEnd(status.state);
  }

  void ShowConnection(const client::Error* lost) {
    if (lost == nullptr) return;
    if (output_.json()) {
      JsonLine line;
      output_.Json(line.Text("type", "disconnected").Text("reason", lost->message));
    } else {
      EndLine();
      output_.Line(
          output_.Styled(Style::kYellow, Printable(lost->message) + "; waiting for the daemon"));
    }
    output_.Flush();
  }

  // After the watch has ended.
  void Close() {
    EndLine();
    output_.Flush();
  }

 private:
  void ShowLine(const client::SyncStatus& status) {
    const client::Time now = Now();
    // Where lines cannot be rewritten, progress gets one a second at most.
    const bool progress = status.state == State::kCatchingUp;
    if (progress && progress_shown_ && !output_.mode().terminal &&
        now - *progress_shown_ < kProgressPause)
      return;
    progress_shown_ = progress ? std::optional(now) : std::nullopt;
    std::string words = SyncSentence(status, now);
    if (status.state == State::kOffline) words += "; data " + DataSentence(status, now);
    if (status.pending_count > 0) words += "; " + PendingSentence(status.pending_count);
    const bool in_place = output_.mode().terminal && progress;
    if (open_line_ && output_.mode().terminal) output_.Raw("\r\x1b[K");
    const std::string line = LocalSecond(now) + "  " + words;
    if (in_place) {
      // One line only, or rewriting it would leave the rest behind.
      output_.Raw(output_.Styled(StyleOf(status.state), Fit(line, output_.mode().width - 1)));
    } else {
      output_.Line(output_.Styled(StyleOf(status.state), line));
    }
    open_line_ = in_place;
  }

  void EndLine() {
    if (std::exchange(open_line_, false)) output_.Raw("\n");
  }

  // Whether waiting for LIVE makes sense any longer.
  void JudgeEnd(State state) {
    if (state == State::kLive) until_.End(kOk);
    if (state == State::kSignedOut || state == State::kAuthRequired) until_.End(kSignIn);
  }

  Output& output_;
  Until& until_;
  const bool until_live_;
  bool open_line_ = false;
  std::optional<client::Time> progress_shown_;
};

void PrintChange(Output& output, const client::Conversation& conversation, bool snapshot) {
  if (output.json()) {
    JsonLine line;
    line.Text("type", "conversation").Flag("snapshot", snapshot);
    AddFields(line, conversation);
    output.Json(line);
    return;
  }
  std::string notes;
  if (conversation.unread_count > 0) notes += "  " + Grouped(conversation.unread_count) + " unread";
  if (conversation.pending_count > 0)
    notes += "  " + Grouped(conversation.pending_count) + " pending";
  const std::string title =
      Printable(conversation.title.empty() ? conversation.id : conversation.title);
  std::string line = output.Styled(Style::kDim, LocalMinute(conversation.last_activity_at)) + "  " +
                     output.Styled(Style::kBold, title) + output.Styled(Style::kYellow, notes);
  const std::string preview = Printable(conversation.preview);
  output.Line(preview.empty() ? line : line + "  " + preview);
}

int TailConversations(Session& session) {
  Until until;
  Output& output = session.output;
  const Arguments& arguments = session.arguments;
  const std::uint64_t before = arguments.limit.value_or(0);
  std::uint64_t shown = 0;
  bool first = true;

  client::ConversationsHandlers handlers;
  handlers.on_snapshot = [&](const client::ConversationsSnapshot& event) {
    // Newest last. A later snapshot replaces the list; what changed meanwhile is not told one by
    // one.
    const std::size_t old = first ? std::min<std::size_t>(before, event.conversations.size()) : 0;
    for (std::size_t i = old; i > 0; --i) PrintChange(output, event.conversations[i - 1], true);
    first = false;
    output.Flush();
  };
  handlers.on_delta = [&](const client::ConversationsDelta& event) {
    for (const client::Conversation& conversation : event.upserted) {
      PrintChange(output, conversation, false);
      ++shown;
      if (arguments.count && shown >= *arguments.count) {
        until.End(kOk);
        break;
      }
    }
    output.Flush();
    if (output.failed()) until.End(kOk);
  };
  handlers.on_end = [&](const client::Error& error) { until.End(Report(error)); };
  const std::uint64_t snapshot = std::clamp<std::uint64_t>(before, 1, client::kMaxPageSize);
  auto watch = session.client.WatchConversations(
      std::move(handlers),
      {.snapshot_size = static_cast<std::uint32_t>(snapshot), .resume_token = {}});
  if (!watch) return Report(watch.error());
  const int code = until.Wait(arguments.timeout(), arguments.count ? kUnavailable : kOk);
  watch->Cancel();
  return code;
}

}  // namespace

int FollowStatus(Session& session, bool until_live) {
  Until until;
  StatusView view(session, until, until_live);
  client::StatusHandlers handlers;
  handlers.on_status = [&view](const client::SyncStatus& status) { view.Show(status); };
  handlers.on_connection = [&view](const client::Error* lost) { view.ShowConnection(lost); };
  handlers.on_end = [&until](const client::Error& error) { until.End(Report(error)); };
  auto watch = session.client.WatchStatus(std::move(handlers));
  if (!watch) return Report(watch.error());
  const int code = until.Wait(session.arguments.timeout(), until_live ? kUnavailable : kOk);
  watch->Cancel();
  view.Close();
  if (until_live && code == kUnavailable) Report(kUnavailable, "it is not live yet");
  if (until_live && code == kSignIn) Report(kSignIn, "nobody is signed in");
  return code;
}

int Tail(Session& session) {
  if (session.arguments.all) return TailEverything(session);
  return session.arguments.conversation.empty() ? TailConversations(session)
                                                : TailMessages(session);
}

}  // namespace hark::cli
