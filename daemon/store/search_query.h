// What a person types into a search field, taken apart: words, "quoted phrases", beginnings of
// words (wor*) and what must not be there (-word). Pure: knows neither SQLite nor what a word is in
// which script.
//
// Everything else that FTS5 would take for syntax (AND, OR, NEAR, parentheses, columns, ^) is text
// here: it is looked for like any other word.

#ifndef HARK_DAEMON_STORE_SEARCH_QUERY_H_
#define HARK_DAEMON_STORE_SEARCH_QUERY_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace hark::store {

// One thing to look for. It may be several words in the index: a phrase is, and so is "e-mail".
struct SearchTerm {
  std::string text;       // As typed, without quotation marks, - and *. Not empty.
  bool prefix = false;    // Its last word may go on.
  bool excluded = false;  // Messages with it are not wanted.

  friend bool operator==(const SearchTerm&, const SearchTerm&) = default;
};

// At least one term that is not excluded, at most limits::kSearchTerms in all.
//
// kInvalidArgument, with a sentence that says what is wrong and at which character (from 1), and
// never repeats the text: empty, longer than limits::kSearchQueryBytes, too many terms, a quotation
// mark that is not closed, a * that is not at the end of a word, a beginning that is too short, or
// nothing but exclusions. `text` is valid UTF-8.
[[nodiscard]] Result<std::vector<SearchTerm>> ParseSearch(std::string_view text);

// The same for FTS5's MATCH. Each term is one string in it, so nothing in a term is syntax.
[[nodiscard]] std::string ToMatch(const std::vector<SearchTerm>& terms);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SEARCH_QUERY_H_
