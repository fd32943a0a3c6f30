#include "daemon/store/text_matcher.h"

#include <algorithm>
#include <utility>

namespace hark::store {
namespace {

std::vector<std::string> WordsOf(SearchWords& split, std::string_view text) {
  std::vector<std::string> words;
  split.Split(text, &words, [](void* context, int, const char* word, int bytes, int, int) {
    static_cast<std::vector<std::string>*>(context)->emplace_back(word,
                                                                  static_cast<std::size_t>(bytes));
    return 0;
  });
  return words;
}

}  // namespace

TextMatcher::TextMatcher(const std::vector<SearchTerm>& terms, SearchWords& words) : split_(words) {
  for (const SearchTerm& term : terms) {
    Pattern pattern{WordsOf(split_, term.text), term.prefix};
    if (pattern.words.empty()) continue;
    // The index would put together all that begins with it, to find it alone.
    if (IsLoneCharacter(pattern.words.back())) pattern.prefix = false;
    word_count_ += pattern.words.size();
    terms_.push_back({term.text, pattern.prefix, term.excluded});
    (term.excluded ? excluded_ : wanted_).push_back(std::move(pattern));
  }
}

void TextMatcher::Read(std::string_view text) {
  folded_.clear();
  text_words_.clear();
  split_.Split(text, this, [](void* context, int, const char* word, int bytes, int begin, int end) {
    TextMatcher& self = *static_cast<TextMatcher*>(context);
    self.text_words_.push_back(
        {static_cast<std::uint32_t>(self.folded_.size()), static_cast<std::uint32_t>(bytes),
         static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    self.folded_.append(word, static_cast<std::size_t>(bytes));
    return 0;
  });
}

std::string_view TextMatcher::FoldedAt(std::size_t word) const {
  return std::string_view(folded_).substr(text_words_[word].at, text_words_[word].size);
}

bool TextMatcher::IsAt(const Pattern& pattern, std::size_t word) const {
  const std::size_t count = pattern.words.size();
  if (word + count > text_words_.size()) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view there = FoldedAt(word + i);
    const bool may_go_on = pattern.prefix && i + 1 == count;
    if (may_go_on ? !there.starts_with(pattern.words[i]) : there != pattern.words[i]) return false;
  }
  return true;
}

bool TextMatcher::IsAnywhere(const Pattern& pattern) const {
  for (std::size_t word = 0; word < text_words_.size(); ++word) {
    if (IsAt(pattern, word)) return true;
  }
  return false;
}

bool TextMatcher::Matches(std::string_view text) {
  Read(text);
  const auto is_there = [this](const Pattern& pattern) { return IsAnywhere(pattern); };
  return std::all_of(wanted_.begin(), wanted_.end(), is_there) &&
         std::none_of(excluded_.begin(), excluded_.end(), is_there);
}

std::vector<TermPlace> TextMatcher::Find(std::string_view text) {
  Read(text);
  std::vector<TermPlace> places;
  for (std::size_t word = 0; word < text_words_.size(); ++word) {
    for (std::uint32_t term = 0; term < wanted_.size(); ++term) {
      if (!IsAt(wanted_[term], word)) continue;
      const std::size_t last = word + wanted_[term].words.size() - 1;
      places.push_back({text_words_[word].begin, text_words_[last].end, term});
    }
  }
  return places;
}

double Relevance(const std::vector<TermPlace>& places, std::size_t terms, std::size_t bytes) {
  // The usual values, but length counts less: the answers of an assistant are long by nature.
  constexpr double kSaturation = 1.2;
  constexpr double kLengthShare = 0.5;
  constexpr double kUsualBytes = 400;
  std::vector<double> counts(terms);
  for (const TermPlace& place : places) ++counts[place.term];
  const double length = 1 - kLengthShare + kLengthShare * static_cast<double>(bytes) / kUsualBytes;
  double sum = 0;
  for (const double count : counts) sum += count / (count + kSaturation * length);
  return terms == 0 ? 0 : sum / static_cast<double>(terms);
}

}  // namespace hark::store
