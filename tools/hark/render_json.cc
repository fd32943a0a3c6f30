// The JSON half of render.h. Names and order are an interface: add at the end, never rename.

#include <chrono>
#include <cstdint>
#include <optional>

#include "tools/hark/render.h"

namespace hark::cli {
namespace {

std::uint64_t Microseconds(std::chrono::microseconds duration) {
  return duration.count() < 0 ? 0 : static_cast<std::uint64_t>(duration.count());
}

JsonLine Latency(const client::LatencySummary& summary) {
  JsonLine line;
  line.Number("count", summary.count)
      .Number("p50_us", Microseconds(summary.p50))
      .Number("p95_us", Microseconds(summary.p95))
      .Number("p99_us", Microseconds(summary.p99))
      .Number("max_us", Microseconds(summary.max));
  return line;
}

JsonLine Change(const client::PendingChange& change) {
  JsonLine line;
  line.Text("kind", ToString(change.kind)).Text("delivery", ToString(change.delivery));
  AddFields(line, change.failure);
  if (change.content.empty()) {
    line.Null("content");
  } else {
    line.Text("content", change.content);
  }
  return line;
}

}  // namespace

void AddFields(JsonLine& line, const client::Message& message) {
  line.Text("id", message.id)
      .Text("conversation_id", message.conversation_id)
      .Text("role", ToString(message.role))
      .Text("content", message.content)
      .Text("content_type", message.content_type)
      .TextMap("metadata", message.metadata)
      .Time("created_at", message.created_at)
      .Time("edited_at", message.edited_at)
      .Number("sequence", message.sequence)
      .Number("revision", message.revision)
      .Text("server_id", message.server_id)
      .Flag("deleted", message.deleted)
      .Text("delivery", ToString(message.delivery));
  AddFields(line, message.failure);
  if (message.pending_change) {
    line.Object("pending_change", Change(*message.pending_change));
  } else {
    line.Null("pending_change");
  }
}

void AddFields(JsonLine& line, const std::optional<client::DeliveryFailure>& failure) {
  if (!failure) {
    line.Null("failure_reason").Null("failure_message").Null("can_retry").Null("retry_after_ms");
    return;
  }
  line.Text("failure_reason", failure->reason)
      .Text("failure_message", failure->message)
      .Flag("can_retry", failure->can_retry)
      .Number("retry_after_ms", static_cast<std::uint64_t>(failure->retry_after.count()));
}

void AddFields(JsonLine& line, const client::Conversation& conversation) {
  line.Text("id", conversation.id)
      .Text("title", conversation.title)
      .Time("last_activity_at", conversation.last_activity_at)
      .Text("preview", conversation.preview)
      .Number("unread_count", conversation.unread_count)
      .Number("read_sequence", conversation.read_sequence)
      .Number("last_sequence", conversation.last_sequence)
      .Number("message_count", conversation.message_count)
      .Number("pending_count", conversation.pending_count)
      .Number("failed_count", conversation.failed_count)
      .Text("cache_state", ToString(conversation.cache_state))
      .Flag("active", conversation.active)
      .Flag("has_draft", conversation.has_draft);
}

void AddFields(JsonLine& line, const client::Gap& gap) {
  line.Number("from_sequence", gap.from_sequence)
      .Number("to_sequence", gap.to_sequence)
      .Text("reason", ToString(gap.reason));
}

void AddFields(JsonLine& line, const client::SyncStatus& status) {
  line.Text("state", ToString(status.state))
      .Flag("live", status.state == client::SyncStatus::State::kLive)
      .Time("since", status.since)
      .Text("reason", status.reason)
      .Text("trouble", ToString(status.trouble));
  if (status.progress) {
    line.Number("progress_done", status.progress->done)
        .Number("progress_total", status.progress->total);
  } else {
    line.Null("progress_done").Null("progress_total");
  }
  line.Flag("initial", status.initial)
      .Time("next_attempt_at", status.next_attempt_at)
      .Time("last_synced_at", status.last_synced_at)
      .Number("pending_count", status.pending_count);
}

void AddFields(JsonLine& line, const client::AccountInfo& account) {
  line.Text("account_state", ToString(account.state))
      .Text("user_id", account.user_id)
      .Text("backend_url", account.backend_url);
}

void AddFields(JsonLine& line, const client::VersionInfo& version) {
  line.Text("daemon_version", version.version)
      .Number("api_major", version.api_major)
      .Number("api_minor", version.api_minor)
      .Texts("capabilities", version.capabilities)
      .Text("cipher_version", version.cipher_version)
      .Number("process_id", version.process_id)
      .Time("started_at", version.started_at)
      .Text("data_dir", version.data_dir);
}

void AddFields(JsonLine& line, const client::Statistics& statistics) {
  line.Number("conversations", statistics.conversations)
      .Number("messages", statistics.messages)
      .Number("outbox", statistics.outbox)
      .Number("gaps", statistics.gaps)
      .Number("cache_bytes", statistics.cache_bytes)
      .Number("authored_bytes", statistics.authored_bytes)
      .Number("page_hits", statistics.page_hits)
      .Number("page_misses", statistics.page_misses)
      .Object("page_read", Latency(statistics.page_read))
      .Object("durable_send", Latency(statistics.durable_send))
      .Object("apply", Latency(statistics.apply))
      .Object("sync", Latency(statistics.sync))
      .Number("connects", statistics.connects)
      .Number("disconnects", statistics.disconnects)
      .Number("streams", statistics.streams);
}

}  // namespace hark::cli
