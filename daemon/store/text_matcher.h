// Finds what a search looks for in one text, as the index would: the same words, in the same order.
// For what is not in the index (pending messages), for ranking and for snippets.

#ifndef HARK_DAEMON_STORE_TEXT_MATCHER_H_
#define HARK_DAEMON_STORE_TEXT_MATCHER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/store/search.h"
#include "daemon/store/search_query.h"
#include "daemon/store/search_tokenizer.h"

namespace hark::store {

// A place where a term is. Bytes of the text.
struct TermPlace {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t term = 0;  // Among the wanted ones.
};

// Used by one thread at a time.
class TextMatcher {
 public:
  // `words` outlives it. Terms without a word (punctuation) are left out; an ending * after a
  // character that is a word by itself too.
  TextMatcher(const std::vector<SearchTerm>& terms, SearchWords& words);

  // What is left of the terms. Without one that is wanted, there is nothing to look for.
  [[nodiscard]] const std::vector<SearchTerm>& terms() const { return terms_; }
  [[nodiscard]] std::size_t wanted_terms() const { return wanted_.size(); }
  // Words in all terms.
  [[nodiscard]] std::size_t words() const { return word_count_; }

  // Every wanted term is in the text and no excluded one.
  [[nodiscard]] bool Matches(std::string_view text);
  // Where the wanted terms are, by their beginnings.
  [[nodiscard]] std::vector<TermPlace> Find(std::string_view text);

 private:
  struct Pattern {
    std::vector<std::string> words;
    bool prefix = false;
  };
  // A word of the text: where in `folded_` it is, and where in the text.
  struct Word {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  void Read(std::string_view text);
  [[nodiscard]] bool IsAt(const Pattern& pattern, std::size_t word) const;
  [[nodiscard]] bool IsAnywhere(const Pattern& pattern) const;
  [[nodiscard]] std::string_view FoldedAt(std::size_t word) const;

  SearchWords& split_;
  std::vector<SearchTerm> terms_;
  std::vector<Pattern> wanted_;
  std::vector<Pattern> excluded_;
  std::size_t word_count_ = 0;
  // Of the text that was read last.
  std::string folded_;
  std::vector<Word> text_words_;
};

// How well a text of `bytes` bytes matches, 0 to 1: BM25 with every term worth the same and a fixed
// average length, so that it does not depend on the other texts.
[[nodiscard]] double Relevance(const std::vector<TermPlace>& places, std::size_t terms,
                               std::size_t bytes);

// The part of `text` where most terms are together, the first such. Without places: its beginning.
[[nodiscard]] Snippet MakeSnippet(std::string_view text, const std::vector<TermPlace>& places);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_TEXT_MATCHER_H_
