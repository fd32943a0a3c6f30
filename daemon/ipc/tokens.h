// The opaque strings that clients hand back: where a stream stood, and where a list goes on. They
// come from outside, so they are parsed as distrustfully as anything else.

#ifndef HARK_DAEMON_IPC_TOKENS_H_
#define HARK_DAEMON_IPC_TOKENS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/model/ids.h"
#include "daemon/store/reader.h"

namespace hark::ipc {

// "<store id>:<revision in hex>"; the id is Reader::StoreId().
[[nodiscard]] std::string ResumeToken(std::string_view store_id, LocalRevision revision);

// Nothing if the token is no such thing or names another store: the stream then starts with a
// snapshot.
[[nodiscard]] std::optional<LocalRevision> ParseResumeToken(std::string_view token,
                                                            std::string_view store_id);

// The place after which the next page of the conversation list begins.
[[nodiscard]] std::string PageToken(const store::ListPosition& position);

// Nothing if no PageToken() made it.
[[nodiscard]] std::optional<store::ListPosition> ParsePageToken(std::string_view token);

// The position after which the next page of the outbox begins.
[[nodiscard]] std::string OutboxToken(std::uint64_t position);

// Nothing if no OutboxToken() made it.
[[nodiscard]] std::optional<std::uint64_t> ParseOutboxToken(std::string_view token);

// The place where a search goes on.
[[nodiscard]] std::string SearchToken(const store::SearchPosition& position);

// Nothing if no SearchToken() made it.
[[nodiscard]] std::optional<store::SearchPosition> ParseSearchToken(std::string_view token);

}  // namespace hark::ipc

#endif  // HARK_DAEMON_IPC_TOKENS_H_
