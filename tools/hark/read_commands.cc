// The commands that read once: status, conversations, messages, stats, version.

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tools/hark/command.h"
#include "tools/hark/exit_code.h"
#include "tools/hark/history.h"
#include "tools/hark/key_text.h"
#include "tools/hark/openmetrics.h"
#include "tools/hark/render.h"
#include "tools/hark/text.h"
#include "tools/hark/time_text.h"

namespace hark::cli {
namespace {

constexpr std::uint64_t kDefaultLimit = 50;
// --all waits so long for what has to be fetched.
constexpr std::chrono::seconds kPatience{30};

void PrintPairs(Output& output, const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::size_t width = 0;
  for (const auto& [name, value] : pairs) width = std::max(width, DisplayWidth(name));
  for (const auto& [name, value] : pairs) {
    output.Line(output.Styled(Style::kBold, PadRight(name, width)) + "  " + value);
  }
}

// "p50 0.08 ms, p95 …".
std::string LatencyWords(const client::LatencySummary& summary) {
  if (summary.count == 0) return "none yet";
  return "p50 " + Exact(summary.p50) + ", p95 " + Exact(summary.p95) + ", p99 " +
         Exact(summary.p99) + ", max " + Exact(summary.max) + " (" + Grouped(summary.count) + ")";
}

std::string HitRate(const client::Statistics& statistics) {
  const std::uint64_t pages = statistics.page_hits + statistics.page_misses;
  if (pages == 0) return "none read yet";
  const auto percent =
      100.0 * static_cast<double>(statistics.page_hits) / static_cast<double>(pages);
  return Grouped(pages) + " read, " + std::to_string(static_cast<int>(percent)) +
         " % whole from the cache";
}

void PrintConversations(Output& output, const std::vector<client::Conversation>& conversations) {
  Table table({"ID", "LAST ACTIVITY", ">MESSAGES", ">UNREAD", ">PENDING", "TITLE"});
  for (const client::Conversation& conversation : conversations) {
    std::string title =
        Printable(conversation.title.empty() ? conversation.preview : conversation.title);
    if (conversation.failed_count > 0) title = "(failed messages) " + title;
    table.Add({Printable(conversation.id), LocalMinute(conversation.last_activity_at),
               Grouped(conversation.message_count),
               conversation.unread_count == 0 ? "-" : Grouped(conversation.unread_count),
               conversation.pending_count == 0 ? "-" : Grouped(conversation.pending_count),
               std::move(title)});
  }
  table.Print(output);
}

void PrintGap(Output& output, const client::Gap& gap) {
  output.Line(output.Styled(Style::kYellow, "--- " + GapSentence(gap) + " ---"));
}

void PrintGapJson(Output& output, const client::Gap& gap) {
  JsonLine line;
  line.Text("type", "gap");
  AddFields(line, gap);
  output.Json(line);
}

// Calls `message` for each message and `gap` where one is missing, in the order of the
// conversation.
template <typename OnMessage, typename OnGap>
void ForEachInOrder(const History& history, OnMessage message, OnGap gap) {
  if (history.gap) gap(*history.gap);
  bool told = !history.gap_after;
  for (const client::Message& next : history.messages) {
    if (!told && next.sequence == 0) {
      gap(*history.gap_after);
      told = true;
    }
    message(next);
  }
  if (!told) gap(*history.gap_after);
}

void PrintHistory(Session& session, const History& history) {
  Output& output = session.output;
  ForEachInOrder(
      history,
      [&](const client::Message& message) { PrintMessage(output, message, session.arguments.ids); },
      [&](const client::Gap& gap) { PrintGap(output, gap); });
  if (history.messages.empty())
    output.Line(history.has_more ? "no messages here yet" : "no messages");
  if (history.messages.empty()) return;
  const auto hint = [&](const std::string& what, const std::string& flag,
                        const client::Message& from) {
    output.Line(output.Styled(Style::kDim, "--- " + what + ": hark messages " +
                                               Printable(from.conversation_id) + " " + flag + " " +
                                               Printable(from.id) + " ---"));
  };
  const std::string count =
      Grouped(history.messages.size()) + " of " + Grouped(history.total_count) + " messages; ";
  if (history.has_more) hint(count + "older", "--before", history.messages.front());
  if (history.has_more_after && history.messages.back().sequence > 0)
    hint(count + "newer", "--after", history.messages.back());
}

void PrintHistoryJson(Output& output, const History& history) {
  ForEachInOrder(
      history,
      [&](const client::Message& message) {
        JsonLine line;
        line.Text("type", "message");
        AddFields(line, message);
        output.Json(line);
      },
      [&](const client::Gap& gap) { PrintGapJson(output, gap); });
}

}  // namespace

int ShowStatus(Session& session) {
  if (session.arguments.watch || session.arguments.until_live) {
    return FollowStatus(session, session.arguments.until_live);
  }
  const auto status = session.client.GetSyncStatus();
  if (!status) return Report(status.error());
  const auto account = session.client.GetAccount();
  if (!account) return Report(account.error());
  const auto keys = session.client.GetKeyStatus();
  if (!keys && keys.error().code != client::ErrorCode::kUnsupported) return Report(keys.error());
  Output& output = session.output;
  if (output.json()) {
    JsonLine line;
    line.Text("type", "status");
    AddFields(line, *status);
    AddFields(line, *account);
    AddFields(line, keys ? *keys : client::KeyStatus());
    output.Json(line.Text("socket", session.client.socket_path()));
    return kOk;
  }
  const client::Time now = Now();
  const client::KeyStatus stand = keys ? *keys : client::KeyStatus();
  // Somebody has an account here, and what is in it cannot be looked at.
  const bool closed = account->state == client::AccountInfo::State::kNone &&
                      status->state == client::SyncStatus::State::kDegraded;
  const std::string unknown = "unknown until then";
  PrintPairs(output, {{"sync", output.Styled(StyleOf(status->state), SyncSentence(*status, now))},
                      {"data", closed ? unknown : DataSentence(*status, now)},
                      {"account", closed ? "cannot be opened until that is put right"
                                         : AccountSentence(*account)},
                      {"keys", output.Styled(StyleOf(stand.state), KeySentence(stand))},
                      {"pending", closed ? unknown : PendingSentence(status->pending_count)},
                      {"socket", Printable(session.client.socket_path())}});
  return kOk;
}

int ListConversations(Session& session) {
  const std::uint64_t limit = session.arguments.all
                                  ? std::numeric_limits<std::uint64_t>::max()
                                  : session.arguments.limit.value_or(kDefaultLimit);
  std::vector<client::Conversation> shown;
  std::uint64_t total = 0;
  client::ListConversationsRequest request;
  do {
    request.page_size = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(limit - shown.size(), client::kMaxPageSize));
    auto page = session.client.ListConversations(request);
    if (!page) return Report(page.error());
    total = page->total_count;
    for (client::Conversation& conversation : page->conversations)
      shown.push_back(std::move(conversation));
    request.page_token = page->next_page_token;
  } while (!request.page_token.empty() && shown.size() < limit);

  Output& output = session.output;
  if (output.json()) {
    for (const client::Conversation& conversation : shown) {
      JsonLine line;
      line.Text("type", "conversation");
      AddFields(line, conversation);
      output.Json(line);
    }
    return kOk;
  }
  if (shown.empty()) {
    output.Line("no conversations");
    return kOk;
  }
  PrintConversations(output, shown);
  if (shown.size() < total) {
    output.Line(
        output.Styled(Style::kDim, "--- " + Grouped(shown.size()) + " of " + Grouped(total) +
                                       " conversations; all: hark conversations --all ---"));
  }
  return kOk;
}

int ListMessages(Session& session) {
  const Arguments& arguments = session.arguments;
  HistoryRequest request;
  request.conversation_id = arguments.conversation;
  request.before_message_id = arguments.before;
  request.after_message_id = arguments.after;
  request.around_message_id = arguments.around;
  request.cache_only = arguments.cache_only;
  if (!arguments.all) request.limit = arguments.limit.value_or(kDefaultLimit);
  request.patience =
      arguments.timeout().value_or(arguments.all ? kPatience : std::chrono::seconds(0));
  const auto history = ReadHistory(session.client, request);
  if (!history) return Report(history.error());
  if (session.output.json()) {
    PrintHistoryJson(session.output, *history);
  } else {
    PrintHistory(session, *history);
  }
  // Asked for everything and could not give it.
  const bool forward = !arguments.after.empty();
  const bool more = forward ? history->has_more_after : history->has_more;
  if (arguments.all && more && !arguments.cache_only) {
    session.output.Flush();
    return Report(kUnavailable,
                  forward ? "newer messages exist at the backend and could not be fetched in time"
                          : "older messages exist at the backend and could not be fetched in time");
  }
  return kOk;
}

int ShowStatistics(Session& session) {
  const auto statistics = session.client.GetStatistics();
  if (!statistics) return Report(statistics.error());
  if (session.arguments.openmetrics) {
    const auto version = session.client.GetVersion();
    if (!version) return Report(version.error());
    const auto status = session.client.GetSyncStatus();
    if (!status) return Report(status.error());
    session.output.Raw(OpenMetrics(*statistics, *version, *status));
    return kOk;
  }
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "statistics");
    AddFields(line, *statistics);
    session.output.Json(line);
    return kOk;
  }
  PrintPairs(session.output, {{"conversations", Grouped(statistics->conversations)},
                              {"messages", Grouped(statistics->messages)},
                              {"outbox", Grouped(statistics->outbox)},
                              {"gaps", Grouped(statistics->gaps)},
                              {"cache", Bytes(statistics->cache_bytes)},
                              {"authored", Bytes(statistics->authored_bytes)},
                              {"pages", HitRate(*statistics)},
                              {"page read", LatencyWords(statistics->page_read)},
                              {"durable send", LatencyWords(statistics->durable_send)},
                              {"apply change", LatencyWords(statistics->apply)},
                              {"sync latency", LatencyWords(statistics->sync)},
                              {"connections", Grouped(statistics->connects) + " made, " +
                                                  Grouped(statistics->disconnects) + " lost"},
                              {"open streams", Grouped(statistics->streams)}});
  return kOk;
}

int ShowVersion(Session& session) {
  const auto version = session.client.GetVersion();
  if (!version) return Report(version.error());
  if (session.output.json()) {
    JsonLine line;
    line.Text("type", "version").Text("client_version", HARK_VERSION);
    AddFields(line, *version);
    session.output.Json(line);
    return kOk;
  }
  std::string capabilities;
  for (const std::string& word : version->capabilities) {
    capabilities += (capabilities.empty() ? "" : ", ") + Printable(word);
  }
  PrintPairs(
      session.output,
      {{"hark", HARK_VERSION},
       {"harkd", Printable(version->version)},
       {"local API", std::to_string(version->api_major) + "." + std::to_string(version->api_minor)},
       {"capabilities", capabilities.empty() ? "-" : capabilities},
       {"SQLCipher", Printable(version->cipher_version)},
       {"process",
        std::to_string(version->process_id) + ", since " + LocalSecond(version->started_at)}});
  return kOk;
}

}  // namespace hark::cli
