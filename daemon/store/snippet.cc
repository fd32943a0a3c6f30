// MakeSnippet() of text_matcher.h.

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/store/text_matcher.h"

namespace hark::store {
namespace {

// Shown before the first place, so that a reader sees what it belongs to.
constexpr std::size_t kLeadCharacters = 40;
// A text with thousands of places is judged by its first ones.
constexpr std::size_t kJudgedPlaces = 200;
// How far a cut is moved to the next space.
constexpr std::size_t kWordBytes = 24;

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

bool IsSpace(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// `count` characters before `at`, or the beginning.
std::size_t Back(std::string_view text, std::size_t at, std::size_t count) {
  for (; at > 0 && count > 0; --count) {
    do --at;
    while (at > 0 && IsContinuation(text[at]));
  }
  return at;
}

std::size_t Forward(std::string_view text, std::size_t at, std::size_t count) {
  return at + FirstCharacters(text.substr(at), count).size();
}

// Where most different terms are together in what a snippet can show; the first such place.
std::size_t BestPlace(std::string_view text, const std::vector<TermPlace>& places) {
  std::size_t best = 0;
  std::size_t most = 0;
  const std::size_t judged = std::min(places.size(), kJudgedPlaces);
  for (std::size_t i = 0; i < judged; ++i) {
    const std::size_t end =
        Forward(text, places[i].begin, limits::kSnippetCharacters - kLeadCharacters);
    std::bitset<limits::kSearchTerms> terms;
    for (std::size_t k = i; k < judged && places[k].end <= end; ++k) terms.set(places[k].term);
    if (terms.count() > most) {
      most = terms.count();
      best = i;
    }
  }
  return best;
}

// Past a word that `begin` would cut, if it ends soon and before `limit`.
std::size_t ToNextWord(std::string_view text, std::size_t begin, std::size_t limit) {
  if (begin == 0 || IsSpace(text[begin - 1])) return begin;
  for (std::size_t at = begin; at < std::min(limit, begin + kWordBytes); ++at) {
    if (IsSpace(text[at])) return at + 1;
  }
  return begin;
}

// Before a word that `end` would cut, if it begins shortly before and after `limit`.
std::size_t ToLastWord(std::string_view text, std::size_t end, std::size_t limit) {
  if (end == text.size() || IsSpace(text[end])) return end;
  for (std::size_t at = end; at > limit && end - at < kWordBytes; --at) {
    if (IsSpace(text[at - 1])) return at - 1;
  }
  return end;
}

}  // namespace

Snippet MakeSnippet(std::string_view text, const std::vector<TermPlace>& places) {
  std::size_t begin = 0;
  std::size_t first_end = 0;
  if (!places.empty()) {
    const TermPlace& best = places[BestPlace(text, places)];
    begin = ToNextWord(text, Back(text, best.begin, kLeadCharacters), best.begin);
    first_end = best.end;
  }
  std::size_t end = Forward(text, begin, limits::kSnippetCharacters);
  // The end of the text is shown with as much before it as there is room.
  if (end == text.size() && begin > 0)
    begin = ToNextWord(text, Back(text, end, limits::kSnippetCharacters), begin);
  end = ToLastWord(text, end, first_end);

  Snippet snippet;
  snippet.text = text.substr(begin, end - begin);
  snippet.cut_before = begin > 0;
  snippet.cut_after = end < text.size();
  for (const TermPlace& place : places) {
    if (place.begin < begin || place.begin >= end) continue;
    // A phrase may be longer than a snippet.
    const auto from = static_cast<std::uint32_t>(place.begin - begin);
    const auto to = static_cast<std::uint32_t>(std::min<std::size_t>(place.end, end) - begin);
    if (!snippet.found.empty() && from <= snippet.found.back().end) {
      snippet.found.back().end = std::max(snippet.found.back().end, to);
    } else {
      snippet.found.push_back({from, to});
    }
  }
  return snippet;
}

}  // namespace hark::store
