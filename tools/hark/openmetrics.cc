#include "tools/hark/openmetrics.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

namespace hark::cli {
namespace {

using State = client::SyncStatus::State;

constexpr std::array kStates{State::kSignedOut,  State::kOffline, State::kConnecting,
                             State::kCatchingUp, State::kLive,    State::kAuthRequired,
                             State::kDegraded};

// Whole microseconds, so that no digit is lost.
std::string Seconds(std::int64_t microseconds) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%lld.%06lld",
                static_cast<long long>(microseconds / 1'000'000),
                static_cast<long long>(microseconds % 1'000'000));
  return text.data();
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') escaped += '\\';
    escaped += c == '\n' ? 'n' : c;
  }
  return escaped;
}

class Writer {
 public:
  void Counter(const std::string& name, std::uint64_t value, const char* help) {
    Family(name, "counter", "", help);
    Sample(name + "_total", std::to_string(value));
  }
  void Gauge(const std::string& name, std::uint64_t value, const char* help,
             const char* unit = "") {
    Family(name, "gauge", unit, help);
    Sample(name, std::to_string(value));
  }
  void Moment(const std::string& name, client::Time time, const char* help) {
    Family(name, "gauge", "seconds", help);
    Sample(name, Seconds(time.time_since_epoch().count()));
  }
  void Latency(const std::string& name, const client::LatencySummary& summary,
               const std::string& help) {
    Family(name, "summary", "seconds", help + " Quantiles within 10 %.");
    // Without an observation there is no quantile.
    if (summary.count > 0) {
      Sample(name + R"({quantile="0.5"})", Seconds(summary.p50.count()));
      Sample(name + R"({quantile="0.95"})", Seconds(summary.p95.count()));
      Sample(name + R"({quantile="0.99"})", Seconds(summary.p99.count()));
      Sample(name + R"({quantile="1"})", Seconds(summary.max.count()));
    }
    Sample(name + "_count", std::to_string(summary.count));
  }
  void Family(const std::string& name, const char* type, std::string_view unit,
              std::string_view help) {
    text_ += "# TYPE " + name + " " + type + "\n";
    if (!unit.empty()) text_ += "# UNIT " + name + " " + std::string(unit) + "\n";
    text_ += "# HELP " + name + " " + Escaped(help) + "\n";
  }
  void Sample(const std::string& name, const std::string& value) {
    text_ += name + " " + value + "\n";
  }
  [[nodiscard]] std::string Finish() && { return std::move(text_) + "# EOF\n"; }

 private:
  std::string text_;
};

void WriteDaemon(Writer& out, const client::VersionInfo& version,
                 const client::SyncStatus& status) {
  out.Family("hark_build", "info", "", "The versions of the daemon.");
  out.Sample("hark_build_info{version=\"" + Escaped(version.version) + "\",api=\"" +
                 std::to_string(version.api_major) + "." + std::to_string(version.api_minor) +
                 "\",cipher=\"" + Escaped(version.cipher_version) + "\"}",
             "1");
  if (version.started_at)
    out.Moment("hark_start_time_seconds", *version.started_at, "When the daemon started.");
  out.Family("hark_sync_state", "stateset", "", "Where the daemon stands with the backend.");
  for (const State state : kStates) {
    out.Sample("hark_sync_state{hark_sync_state=\"" + std::string(ToString(state)) + "\"}",
               state == status.state ? "1" : "0");
  }
  if (status.last_synced_at) {
    out.Moment("hark_last_synced_time_seconds", *status.last_synced_at,
               "When the cache was last known to equal the backend.");
  }
}

}  // namespace

std::string OpenMetrics(const client::Statistics& statistics, const client::VersionInfo& version,
                        const client::SyncStatus& status) {
  Writer out;
  WriteDaemon(out, version, status);
  out.Gauge("hark_conversations", statistics.conversations, "Conversations in the cache.");
  out.Gauge("hark_messages", statistics.messages, "Messages in the cache.");
  out.Gauge("hark_outbox_entries", statistics.outbox, "What waits for the backend.");
  out.Gauge("hark_gaps", statistics.gaps, "Stretches of conversations that are not here.");
  out.Gauge("hark_cache_size_bytes", statistics.cache_bytes, "cache.db with its log.", "bytes");
  out.Gauge("hark_authored_size_bytes", statistics.authored_bytes, "authored.db with its log.",
            "bytes");
  out.Gauge("hark_streams", statistics.streams, "Open streams of local clients.");
  out.Counter("hark_page_hits", statistics.page_hits, "Pages answered whole from the cache.");
  out.Counter("hark_page_misses", statistics.page_misses, "Pages that ended at a gap.");
  out.Counter("hark_backend_connects", statistics.connects, "Connections made to the backend.");
  out.Counter("hark_backend_disconnects", statistics.disconnects, "Connections that were lost.");
  out.Latency("hark_page_read_seconds", statistics.page_read, "Reading one page of messages.");
  out.Latency("hark_durable_send_seconds", statistics.durable_send,
              "From a request to send to its being safe on disk.");
  out.Latency("hark_apply_seconds", statistics.apply, "From receiving a change to its commit.");
  out.Latency("hark_sync_delay_seconds", statistics.sync,
              "From a live message's own time to its commit here; compares two clocks.");
  return std::move(out).Finish();
}

}  // namespace hark::cli
