// The tokenizer "hark" of the table search: WordSplitter for FTS5. Every connection to cache.db
// has it (connection.cc), or the table could not be touched.

#ifndef HARK_DAEMON_STORE_SEARCH_TOKENIZER_H_
#define HARK_DAEMON_STORE_SEARCH_TOKENIZER_H_

#include <memory>
#include <string_view>

#include "daemon/store/word_splitter.h"

struct sqlite3;

namespace hark::store {

// Throws SQLite::Exception. Once for each connection.
void RegisterSearchTokenizer(sqlite3* database);

// The words that the index has of a text, for code that looks for them itself. Used by one thread
// at a time, like `database`, which outlives it.
class SearchWords {
 public:
  // Throws SQLite::Exception.
  explicit SearchWords(sqlite3* database);
  ~SearchWords();

  // As WordSplitter::Split().
  void Split(std::string_view text, void* context, TakeWord take);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_SEARCH_TOKENIZER_H_
