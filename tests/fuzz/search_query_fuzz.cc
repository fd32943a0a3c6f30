// A search from outside: the bytes up to the first line break are what a person typed, the rest is
// a message. Whatever it is, the parser answers; what it accepts is never syntax to FTS5; and the
// index finds the message exactly if our own matcher does.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/store/search_query.h"
#include "daemon/store/search_tokenizer.h"
#include "daemon/store/statement_cache.h"
#include "daemon/store/text_matcher.h"

namespace {

using namespace hark::store;

void Require(bool holds) {
  if (!holds) std::abort();
}

// One table with one row, as in cache.db.
struct Index {
  Index() {
    RegisterSearchTokenizer(database.getHandle());
    database.exec("CREATE VIRTUAL TABLE search USING fts5 (content, tokenize = 'hark')");
  }

  bool Finds(const std::string& match, std::string_view content) {
    static const char kClear[] = "DELETE FROM search";
    static const char kInsert[] = "INSERT INTO search (rowid, content) VALUES (1, ?)";
    static const char kMatch[] = "SELECT rowid FROM search WHERE search MATCH ?";
    Query(statements, kClear).Run();
    Query(statements, kInsert).Text(content).Run();
    // Throws, and so ends the run, if FTS5 finds fault with it.
    Query query(statements, kMatch);
    query.Text(match);
    return query.Next();
  }

  SQLite::Database database{":memory:", SQLite::OPEN_READWRITE};
  StatementCache statements{database.getHandle()};
  SearchWords words{database.getHandle()};
};

void RequireSaneSnippet(const Snippet& snippet) {
  Require(hark::IsValidUtf8(snippet.text));
  Require(hark::FirstCharacters(snippet.text, hark::limits::kSnippetCharacters) == snippet.text);
  std::size_t last = 0;
  for (const SnippetRange& range : snippet.found) {
    Require(last <= range.begin && range.begin < range.end && range.end <= snippet.text.size());
    Require(hark::IsValidUtf8(std::string_view(snippet.text).substr(0, range.begin)));
    Require(hark::IsValidUtf8(std::string_view(snippet.text).substr(0, range.end)));
    last = range.end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Index index;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view text = input.substr(0, input.find('\n'));
  const std::string_view content = input.substr(std::min(text.size() + 1, input.size()));
  // protobuf refuses anything else.
  if (!hark::IsValidUtf8(input)) return 0;
  const auto terms = ParseSearch(text);
  if (!terms) {
    Require(terms.error().code == hark::ErrorCode::kInvalidArgument);
    return 0;
  }
  Require(!terms->empty() && terms->size() <= hark::limits::kSearchTerms);
  TextMatcher matcher(*terms, index.words);
  if (matcher.wanted_terms() == 0) return 0;
  // A NUL ends a text for SQLite's functions, not for ours.
  if (content.find('\0') != std::string_view::npos) return 0;
  const bool matches = matcher.Matches(content);
  Require(index.Finds(ToMatch(matcher.terms()), content) == matches);
  RequireSaneSnippet(MakeSnippet(content, matcher.Find(content)));
  return 0;
}
