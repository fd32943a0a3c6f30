// How the model's values look in a column: small, because there are millions.

#ifndef HARK_DAEMON_STORE_COLUMNS_H_
#define HARK_DAEMON_STORE_COLUMNS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/clock.h"
#include "daemon/store/statement_cache.h"

namespace hark::store {

// A canonical UUID (36 characters, lower case) as a blob of 16 bytes, anything else as text. Two
// ids are equal exactly if their columns are.
void BindId(Query& query, std::string_view id);
[[nodiscard]] std::string GetId(const Query& query, int column);

// NULL for none, 1 for the same as the message's id (the usual case), otherwise as BindId.
void BindServerId(Query& query, std::string_view server_id, std::string_view id);
[[nodiscard]] std::string GetServerId(const Query& query, int column, std::string_view id);

// NULL for empty, a number for the usual ones, otherwise text.
void BindContentType(Query& query, std::string_view content_type);
[[nodiscard]] std::string GetContentType(const Query& query, int column);

void BindMetadata(Query& query, const std::map<std::string, std::string>& metadata);
[[nodiscard]] std::map<std::string, std::string> GetMetadata(const Query& query, int column);

void BindTime(Query& query, WallTime time);
void BindTime(Query& query, std::optional<WallTime> time);
[[nodiscard]] WallTime GetTime(const Query& query, int column);
[[nodiscard]] std::optional<WallTime> GetOptionalTime(const Query& query, int column);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_COLUMNS_H_
