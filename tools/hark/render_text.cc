// The half of render.h that is for people.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tools/hark/render.h"
#include "tools/hark/text.h"
#include "tools/hark/time_text.h"

namespace hark::cli {
namespace {

using State = client::SyncStatus::State;

// "assistant" is the longest role.
constexpr std::size_t kRoleWidth = 9;

std::string WithReason(std::string words, const std::string& reason) {
  std::string said = Printable(reason);
  while (said.ends_with('.') || said.ends_with(' ')) said.pop_back();
  return said.empty() ? words : words + ": " + said;
}

std::string ProgressWords(const client::SyncStatus& status) {
  std::string words =
      status.initial ? "syncing: loading conversation history" : "syncing: catching up";
  if (!status.progress || status.progress->total == 0) return words;
  const auto done = std::min(status.progress->done, status.progress->total);
  const auto percent = static_cast<unsigned>(100.0 * static_cast<double>(done) /
                                             static_cast<double>(status.progress->total));
  return words + ", " + Grouped(done) + " of " + Grouped(status.progress->total) + " messages (" +
         std::to_string(percent) + " %)";
}

Style RoleStyle(client::Role role) {
  switch (role) {
    case client::Role::kUser: return Style::kCyan;
    case client::Role::kAssistant: return Style::kGreen;
    case client::Role::kSystem: return Style::kYellow;
    case client::Role::kUnknown: return Style::kPlain;
  }
  return Style::kPlain;
}

std::size_t HeadWidth() {
  return std::string_view("2026-11-22 19:45  ").size() + kRoleWidth + 2;
}

}  // namespace

std::string SyncSentence(const client::SyncStatus& status, client::Time now) {
  switch (status.state) {
    case State::kLive: return "live: equal to the backend, changes arrive as they happen";
    case State::kCatchingUp: return ProgressWords(status);
    case State::kConnecting: return WithReason("connecting", status.reason);
    case State::kSignedOut: return "signed out: nothing leaves this machine";
    case State::kAuthRequired: return "the backend no longer accepts the token: sign in again";
    case State::kDegraded: return WithReason("needs attention", status.reason);
    case State::kUnknown:
      return WithReason("in a state that this version of hark does not know", status.reason);
    case State::kOffline: break;
  }
  std::string words = WithReason("offline", status.reason);
  // The word that --json has too: what one looks up, or asks others about.
  if (const std::string_view trouble = ToString(status.trouble); !trouble.empty())
    words += " (" + std::string(trouble) + ")";
  if (status.next_attempt_at) {
    words += *status.next_attempt_at > now
                 ? "; next attempt in " + About(*status.next_attempt_at - now)
                 : std::string("; trying again now");
  }
  return words;
}

std::string DataSentence(const client::SyncStatus& status, client::Time now) {
  if (status.state == State::kLive) return "up to date";
  if (!status.last_synced_at) return "never complete yet: shows what has arrived so far";
  return "as of " + LocalSecond(status.last_synced_at) + " (" +
         About(now - *status.last_synced_at) + " ago)";
}

std::string AccountSentence(const client::AccountInfo& account) {
  using AccountState = client::AccountInfo::State;
  const std::string who =
      Printable(account.user_id) +
      (account.backend_url.empty() ? "" : " at " + Printable(account.backend_url));
  switch (account.state) {
    case AccountState::kNone: return "none: sign in with 'hark sign-in --token-stdin'";
    case AccountState::kSignedIn: return who;
    case AccountState::kSignedOut: return who + " (signed out; what is cached stays readable)";
    case AccountState::kAuthRequired:
      return who + " (the token is no longer accepted: sign in again)";
    case AccountState::kUnknown: break;
  }
  return who;
}

std::string PendingSentence(std::uint32_t pending) {
  if (pending == 0) return "nothing waits to be delivered";
  return Grouped(pending) +
         (pending == 1 ? " message or read marker waits" : " messages or read markers wait") +
         " to be delivered: hark outbox";
}

std::string GapSentence(const client::Gap& gap) {
  const bool sane = gap.to_sequence >= gap.from_sequence;
  const std::uint64_t count = sane ? gap.to_sequence - gap.from_sequence + 1 : 0;
  std::string words =
      Grouped(count) + (count == 1 ? " message is" : " messages are") + " missing here";
  switch (gap.reason) {
    case client::Gap::Reason::kNotFetched: return words + ": not fetched yet";
    case client::Gap::Reason::kLimited:
      return words + ": the backend told of " +
             (count == 1 ? "it without its" : "them without their") + " content";
    case client::Gap::Reason::kEvicted:
      return words + ": removed after their time, fetched again on request";
    case client::Gap::Reason::kUnknown: break;
  }
  return words;
}

Style StyleOf(State state) {
  switch (state) {
    case State::kLive: return Style::kGreen;
    case State::kCatchingUp:
    case State::kConnecting: return Style::kCyan;
    case State::kOffline:
    case State::kSignedOut: return Style::kYellow;
    case State::kAuthRequired:
    case State::kDegraded: return Style::kRed;
    case State::kUnknown: return Style::kPlain;
  }
  return Style::kPlain;
}

std::string DeliveryWords(client::Delivery delivery,
                          const std::optional<client::DeliveryFailure>& failure) {
  switch (delivery) {
    case client::Delivery::kQueued: return "queued";
    case client::Delivery::kSending: return "sending";
    case client::Delivery::kUnanswered: return "no answer yet, asked again when connected";
    case client::Delivery::kExpired: return "expired: it waited too long; retry or cancel it";
    case client::Delivery::kCancelled: return "cancelled";
    case client::Delivery::kFailed: break;
    case client::Delivery::kSent:
    case client::Delivery::kUnknown: return {};
  }
  std::string words = WithReason("failed", failure ? failure->message : "");
  if (failure && failure->can_retry) {
    words += "; it can be tried again";
    if (failure->retry_after.count() > 0) words += " in " + About(failure->retry_after);
  }
  return words;
}

bool WaitsForUser(client::Delivery delivery) {
  return delivery == client::Delivery::kFailed || delivery == client::Delivery::kExpired;
}

std::string DeliveryNote(const client::Message& message) {
  return DeliveryWords(message.delivery, message.failure);
}

std::string ChangeNote(const client::Message& message) {
  if (!message.pending_change) return {};
  const client::PendingChange& change = *message.pending_change;
  const std::string words = DeliveryWords(change.delivery, change.failure);
  if (words.empty()) return {};
  return (change.kind == client::PendingChange::Kind::kDelete ? "deletion " : "edit ") + words;
}

bool NeedsAttention(const client::Message& message) {
  return WaitsForUser(message.delivery) ||
         (message.pending_change && WaitsForUser(message.pending_change->delivery));
}

std::string MessageHead(const Output& output, const client::Message& message) {
  return output.Styled(Style::kDim, PadRight(LocalMinute(message.created_at), 16)) + "  " +
         output.Styled(RoleStyle(message.role), PadRight(ToString(message.role), kRoleWidth)) +
         "  ";
}

void PrintMessage(Output& output, const client::Message& message, bool with_id) {
  const OutputMode& mode = output.mode();
  if (with_id) output.Line(output.Styled(Style::kDim, Printable(message.id)));
  std::vector<std::string> lines =
      message.deleted ? std::vector<std::string>{"(deleted)"} : PrintableLines(message.content);
  if (mode.terminal && mode.width > 2 * HeadWidth()) {
    std::vector<std::string> wrapped;
    for (const std::string& line : lines) {
      for (std::string& part : Wrap(line, mode.width - HeadWidth()))
        wrapped.push_back(std::move(part));
    }
    lines = std::move(wrapped);
  }
  const std::string indent(HeadWidth(), ' ');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    output.Line((i == 0 ? MessageHead(output, message) : indent) + lines[i]);
  }
  const Style style = NeedsAttention(message) ? Style::kRed : Style::kYellow;
  for (const std::string& note : {DeliveryNote(message), ChangeNote(message)}) {
    if (!note.empty()) output.Line(indent + output.Styled(style, "[" + note + "]"));
  }
  // The text of an edit that was not accepted: the person may want it back.
  if (!message.pending_change || message.pending_change->content.empty()) return;
  for (const std::string& line : PrintableLines(message.pending_change->content)) {
    output.Line(indent + output.Styled(Style::kDim, "| " + line));
  }
}

}  // namespace hark::cli
