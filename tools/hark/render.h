// What hark shows of the SDK's values: as JSON fields (README.md documents them), and as sentences
// and rows for people.

#ifndef HARK_TOOLS_HARK_RENDER_H_
#define HARK_TOOLS_HARK_RENDER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "hark/types.h"
#include "tools/hark/json_line.h"
#include "tools/hark/output.h"

namespace hark::cli {

// Fields are added in a fixed order and are always there; what is absent is null.
void AddFields(JsonLine& line, const client::Message& message);
// failure_reason, failure_message, can_retry, retry_after_ms.
void AddFields(JsonLine& line, const std::optional<client::DeliveryFailure>& failure);
void AddFields(JsonLine& line, const client::Conversation& conversation);
void AddFields(JsonLine& line, const client::Gap& gap);
void AddFields(JsonLine& line, const client::SyncStatus& status);
void AddFields(JsonLine& line, const client::AccountInfo& account);
void AddFields(JsonLine& line, const client::VersionInfo& version);
void AddFields(JsonLine& line, const client::Statistics& statistics);

// "live: …", "offline: …; next attempt in 4 s", "loading conversation history: 12 of 300 messages
// (4 %)".
[[nodiscard]] std::string SyncSentence(const client::SyncStatus& status, client::Time now);
// When the data is from: "up to date", "as of 2026-11-22 19:45:00 (3 min ago)", "never synced".
[[nodiscard]] std::string DataSentence(const client::SyncStatus& status, client::Time now);
[[nodiscard]] std::string AccountSentence(const client::AccountInfo& account);
[[nodiscard]] std::string PendingSentence(std::uint32_t pending);
[[nodiscard]] std::string GapSentence(const client::Gap& gap);
[[nodiscard]] Style StyleOf(client::SyncStatus::State state);

// One message: when, who, what; further lines of its content are indented. With its id in front if
// asked.
void PrintMessage(Output& output, const client::Message& message, bool with_id);
// What stands before a message's text while its lines follow: "2026-11-22 19:45  assistant  ".
[[nodiscard]] std::string MessageHead(const Output& output, const client::Message& message);
// "queued", "failed: it is too large"; empty for what needs no words. `failure`: with kFailed.
[[nodiscard]] std::string DeliveryWords(client::Delivery delivery,
                                        const std::optional<client::DeliveryFailure>& failure);
// The user has to do something about it.
[[nodiscard]] bool WaitsForUser(client::Delivery delivery);
// The same of a message.
[[nodiscard]] std::string DeliveryNote(const client::Message& message);
// Of the change that waits: "edit queued", "edit failed: it was changed meanwhile"; empty without.
[[nodiscard]] std::string ChangeNote(const client::Message& message);
// The user has to do something about the message or its change.
[[nodiscard]] bool NeedsAttention(const client::Message& message);

}  // namespace hark::cli

#endif  // HARK_TOOLS_HARK_RENDER_H_
