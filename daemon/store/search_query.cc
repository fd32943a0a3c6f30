#include "daemon/store/search_query.h"

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/base/limits.h"

namespace hark::store {
namespace {

// What programs write of their own accord where a person typed ".
constexpr std::array<std::string_view, 5> kQuotes = {"\"", "“", "”", "„", "‟"};
// Beside those of ASCII; the last one is what a Japanese or Chinese keyboard writes.
constexpr std::array<std::string_view, 3> kWideSpaces = {"\u00A0", "\u202F", "\u3000"};

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

tl::unexpected<Error> Wrong(const std::string& what, std::size_t character) {
  return Fail(ErrorCode::kInvalidArgument, "the search cannot be read: " + what + " (character " +
                                               std::to_string(character) + ")");
}

class SearchParser {
 public:
  explicit SearchParser(std::string_view text) : text_(text) {}

  Result<std::vector<SearchTerm>> Parse();

 private:
  [[nodiscard]] bool AtEnd() const { return at_ == text_.size(); }
  [[nodiscard]] char Front() const { return text_[at_]; }
  // Bytes of a space, of a quotation mark, that begins here; 0: none does.
  [[nodiscard]] std::size_t SpaceHere() const;
  [[nodiscard]] std::size_t QuoteHere() const;
  // Goes on by a code point.
  void Skip();
  // From 1.
  [[nodiscard]] std::size_t CharacterAt(std::size_t byte) const;

  Result<void> TakePhrase(SearchTerm& term);
  Result<void> TakeWord(SearchTerm& term);

  const std::string_view text_;
  std::size_t at_ = 0;
};

std::size_t SearchParser::SpaceHere() const {
  const auto byte = static_cast<unsigned char>(Front());
  if (byte <= ' ' || byte == 0x7F) return 1;
  for (const std::string_view space : kWideSpaces) {
    if (text_.substr(at_).starts_with(space)) return space.size();
  }
  return 0;
}

std::size_t SearchParser::QuoteHere() const {
  for (const std::string_view quote : kQuotes) {
    if (text_.substr(at_).starts_with(quote)) return quote.size();
  }
  return 0;
}

void SearchParser::Skip() {
  do ++at_;
  while (!AtEnd() && IsContinuation(Front()));
}

std::size_t SearchParser::CharacterAt(std::size_t byte) const {
  const auto before = text_.substr(0, byte);
  return 1 + static_cast<std::size_t>(std::count_if(before.begin(), before.end(),
                                                    [](char c) { return !IsContinuation(c); }));
}

Result<void> SearchParser::TakePhrase(SearchTerm& term) {
  const std::size_t begin = at_;
  at_ += QuoteHere();
  const std::size_t inside = at_;
  while (!AtEnd() && QuoteHere() == 0) Skip();
  if (AtEnd()) return Wrong("a quotation mark is not closed", CharacterAt(begin));
  term.text = text_.substr(inside, at_ - inside);
  at_ += QuoteHere();
  if (!AtEnd() && Front() == '*') {
    term.prefix = true;
    ++at_;
  }
  return {};
}

Result<void> SearchParser::TakeWord(SearchTerm& term) {
  const std::size_t begin = at_;
  while (!AtEnd() && Front() != '*' && SpaceHere() == 0 && QuoteHere() == 0) Skip();
  term.text = text_.substr(begin, at_ - begin);
  if (AtEnd() || Front() != '*') return {};
  const std::size_t star = at_++;
  term.prefix = true;
  const bool at_end_of_word = AtEnd() || SpaceHere() > 0 || QuoteHere() > 0;
  if (term.text.empty() || !at_end_of_word)
    return Wrong("* can only be at the end of a word", CharacterAt(star));
  // The words that begin with one letter are most of the index.
  if (CharacterAt(star) - CharacterAt(begin) < limits::kSearchPrefixCharacters &&
      static_cast<unsigned char>(term.text.front()) < 0xE0)
    return Wrong("before * there must be at least " +
                     std::to_string(limits::kSearchPrefixCharacters) + " letters",
                 CharacterAt(star));
  return {};
}

Result<std::vector<SearchTerm>> SearchParser::Parse() {
  std::vector<SearchTerm> terms;
  while (!AtEnd()) {
    if (const std::size_t space = SpaceHere(); space > 0) {
      at_ += space;
      continue;
    }
    const std::size_t begin = at_;
    SearchTerm term;
    if (Front() == '-') {
      ++at_;
      // A dash between words is punctuation.
      if (AtEnd() || SpaceHere() > 0) continue;
      term.excluded = true;
    }
    if (auto taken = QuoteHere() > 0 ? TakePhrase(term) : TakeWord(term); !taken)
      return tl::unexpected<Error>(std::move(taken.error()));
    if (term.text.empty()) continue;
    if (terms.size() == limits::kSearchTerms) {
      return Wrong(
          "there are more than " + std::to_string(limits::kSearchTerms) + " words and phrases",
          CharacterAt(begin));
    }
    terms.push_back(std::move(term));
  }
  return terms;
}

void AppendString(std::string& match, const SearchTerm& term) {
  match += '"';
  for (const char c : term.text) {
    // FTS5 reads no further than a NUL.
    match += c == '\0' ? ' ' : c;
    if (c == '"') match += '"';
  }
  match += '"';
  if (term.prefix) match += " *";
}

}  // namespace

Result<std::vector<SearchTerm>> ParseSearch(std::string_view text) {
  if (text.size() > limits::kSearchQueryBytes) {
    return Fail(
        ErrorCode::kInvalidArgument,
        "the search is longer than " + std::to_string(limits::kSearchQueryBytes) + " bytes");
  }
  auto terms = SearchParser(text).Parse();
  if (!terms) return terms;
  if (terms->empty()) return Fail(ErrorCode::kInvalidArgument, "the search is empty");
  if (std::all_of(terms->begin(), terms->end(), [](const auto& term) { return term.excluded; })) {
    return Wrong("something to look for is needed beside what is excluded", 1);
  }
  return terms;
}

std::string ToMatch(const std::vector<SearchTerm>& terms) {
  std::string wanted;
  std::string excluded;
  for (const SearchTerm& term : terms) {
    std::string& match = term.excluded ? excluded : wanted;
    if (!match.empty()) match += term.excluded ? " OR " : " AND ";
    AppendString(match, term);
  }
  if (excluded.empty()) return wanted;
  return "(" + wanted + ") NOT (" + excluded + ")";
}

}  // namespace hark::store
