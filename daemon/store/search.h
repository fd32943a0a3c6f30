// What is looked for in the messages, and what was found.

#ifndef HARK_DAEMON_STORE_SEARCH_H_
#define HARK_DAEMON_STORE_SEARCH_H_

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/limits.h"
#include "daemon/model/ids.h"
#include "daemon/model/message.h"

namespace hark::store {

enum class SearchOrder : std::uint8_t {
  // By how well they match and how old they are, within groups of limits::kSearchRanked: first the
  // newest so many that match, then the next so many.
  kBest,
  kNewest,
};

// Later than every message; as far before 1970, earlier than every one.
inline constexpr WallTime kEndOfTime{std::chrono::milliseconds(1'000'000'000'000'000)};

// Where a message stands among the others by time; the newest has the highest.
struct SearchPlace {
  WallTime created_at{};
  std::int64_t key = 0;  // Of the store; tells messages of one moment apart.

  friend auto operator<=>(const SearchPlace&, const SearchPlace&) = default;
};

// Where a search goes on: only what is at or below `newest` and, within a group, at or above
// `oldest` and ranked below `last`. New messages are above it, so they shift nothing.
struct SearchPosition {
  struct Ranked {
    std::uint32_t score = 0;
    SearchPlace place;

    friend auto operator<=>(const Ranked&, const Ranked&) = default;
  };

  WallTime started_at{};  // Of the first page: the moment from which age is reckoned.
  SearchPlace newest;
  std::optional<SearchPlace> oldest;
  std::optional<Ranked> last;

  friend bool operator==(const SearchPosition&, const SearchPosition&) = default;
};

struct SearchQuery {
  std::string text;                            // As typed (search_query.h).
  std::optional<ConversationId> conversation;  // Absent: in all.
  SearchOrder order = SearchOrder::kBest;
  std::optional<SearchPosition> after;                   // Absent: from the first.
  std::uint32_t limit = limits::kDefaultSearchPageSize;  // 1 to limits::kSearchPageSize; clamped.
};

// Bytes of a snippet, `end` not included.
struct SnippetRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  friend bool operator==(const SnippetRange&, const SnippetRange&) = default;
};

// The part of a content that shows what was found.
struct Snippet {
  std::string text;                 // As it is in the content: at most limits::kSnippetCharacters.
  std::vector<SnippetRange> found;  // In order, apart from each other.
  bool cut_before = false;          // The content begins earlier; it goes on.
  bool cut_after = false;

  friend bool operator==(const Snippet&, const Snippet&) = default;
};

struct SearchResult {
  Message message;  // As it is shown, pending changes included, but without the contents.
  std::string conversation_title;
  Snippet snippet;
};

struct SearchPage {
  std::vector<SearchResult> results;
  std::optional<SearchPosition> next;  // Absent: that was all.
  // Of all pages together; absent where counting them would mean looking at every one.
  std::optional<std::uint64_t> total_count;
  // How far the index is: complete when they are equal. What is not in it yet is not found. About
  // the number of messages; rows that are gone may be in both.
  std::uint64_t indexed = 0;
  std::uint64_t to_index = 0;
  LocalRevision revision = 0;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SEARCH_H_
