#include "daemon/store/word_splitter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace hark::store {
namespace {

enum class Kind : std::uint8_t {
  kPlain,    // Of a script with spaces, or no letter.
  kAlone,    // A word by itself.
  kNothing,  // Changes how the character before it looks.
};

struct KindRange {
  std::uint32_t first;
  std::uint32_t last;
  Kind kind;
};

// By code point. What is in no range is kPlain.
constexpr KindRange kRanges[] = {
    {0x0E01, 0x0E3A, Kind::kAlone},      // Thai, without its currency sign
    {0x0E40, 0x0E4E, Kind::kAlone},      //
    {0x0E50, 0x0E59, Kind::kAlone},      //
    {0x0E81, 0x0EDF, Kind::kAlone},      // Lao
    {0x1000, 0x1049, Kind::kAlone},      // Burmese, without its punctuation
    {0x1050, 0x109F, Kind::kAlone},      //
    {0x1780, 0x17D3, Kind::kAlone},      // Khmer, without its punctuation
    {0x17D7, 0x17D7, Kind::kAlone},      //
    {0x17DC, 0x17E9, Kind::kAlone},      //
    {0x2600, 0x27BF, Kind::kAlone},      // symbols
    {0x3005, 0x3007, Kind::kAlone},      // iteration mark, zero
    {0x3021, 0x3029, Kind::kAlone},      // Hangzhou numerals
    {0x3031, 0x3035, Kind::kAlone},      // kana repeat marks
    {0x3041, 0x3096, Kind::kAlone},      // Hiragana
    {0x3099, 0x309A, Kind::kNothing},    // its voicing marks
    {0x309D, 0x309F, Kind::kAlone},      //
    {0x30A1, 0x30FA, Kind::kAlone},      // Katakana, without its middle dot
    {0x30FC, 0x30FF, Kind::kAlone},      //
    {0x3105, 0x312F, Kind::kAlone},      // Bopomofo
    {0x31A0, 0x31BF, Kind::kAlone},      //
    {0x31F0, 0x31FF, Kind::kAlone},      // Katakana extensions
    {0x3400, 0x4DBF, Kind::kAlone},      // Han
    {0x4E00, 0x9FFF, Kind::kAlone},      //
    {0xAC00, 0xD7A3, Kind::kAlone},      // Hangul syllables
    {0xF900, 0xFAFF, Kind::kAlone},      // Han
    {0xFE00, 0xFE0F, Kind::kNothing},    // variation selectors
    {0xFF66, 0xFF9F, Kind::kAlone},      // half-width Katakana
    {0x1F000, 0x1F3FA, Kind::kAlone},    // emoji and flags
    {0x1F3FB, 0x1F3FF, Kind::kNothing},  // skin tones
    {0x1F400, 0x1FAFF, Kind::kAlone},    //
    {0x20000, 0x3FFFF, Kind::kAlone},    // Han
    {0xE0000, 0xE01EF, Kind::kNothing},  // tags, variation selectors
};

// Everything before the first range is plain, and so is what begins with a byte below this.
constexpr unsigned char kFirstLead = 0xE0;

Kind KindOf(std::uint32_t code_point) {
  const auto* range = std::lower_bound(
      std::begin(kRanges), std::end(kRanges), code_point,
      [](const KindRange& candidate, std::uint32_t value) { return candidate.last < value; });
  const bool inside = range != std::end(kRanges) && code_point >= range->first;
  return inside ? range->kind : Kind::kPlain;
}

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 1;
};

// Of broken UTF-8, one byte, which is of no range.
CodePoint Decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  const std::size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (bytes == 1 || bytes > text.size()) return {};
  std::uint32_t value = lead & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3FU);
  }
  return {value, bytes};
}

// 0: no part of a word. Else the byte in lower case.
constexpr std::array<char, 128> kFoldedAscii = [] {
  std::array<char, 128> folded{};
  for (char c = '0'; c <= '9'; ++c) folded[static_cast<std::size_t>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) folded[static_cast<std::size_t>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c)
    folded[static_cast<std::size_t>(c)] = static_cast<char>(c - 'A' + 'a');
  return folded;
}();

char FoldedAscii(char c) {
  return kFoldedAscii[static_cast<unsigned char>(c) & 0x7F];
}

// Where the first byte of at least `lead` is, which is a power of two's negation or 0x80; the end
// if there is none.
std::size_t FindByteFrom(std::string_view text, unsigned char lead) {
  const auto* begin = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t at = 0;
  // No byte of 0x80 or more in these eight: none of 0xE0 either.
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, begin + at, 8);
    if ((eight & 0x8080808080808080U) == 0) continue;
    for (std::size_t i = at; i < at + 8; ++i) {
      if (begin[i] >= lead) return i;
    }
  }
  for (; at < text.size(); ++at) {
    if (begin[at] >= lead) return at;
  }
  return text.size();
}

// Vowel marks of Hebrew and Arabic, and the stroke that only makes a word longer.
bool IsVowelMark(std::uint32_t c) {
  return (c >= 0x0591 && c <= 0x05BD) || c == 0x05BF || c == 0x05C1 || c == 0x05C2 || c == 0x05C4 ||
         c == 0x05C5 || c == 0x05C7 || (c >= 0x064B && c <= 0x065F) || c == 0x0670 || c == 0x0640;
}

// Not a letter of its own: "Strasse" is "Straße" in Switzerland and on other keyboards.
constexpr std::uint32_t kSharpS = 0xDF;

// What a word of a stretch goes through before it is handed on.
struct Passing {
  std::size_t at;
  void* context;
  TakeWord take;
  std::string& folded;
};

int PassOn(void* context, int flags, const char* word, int bytes, int begin, int end) {
  const Passing& passing = *static_cast<Passing*>(context);
  const int at = static_cast<int>(passing.at);
  std::string_view text(word, static_cast<std::size_t>(bytes));
  const auto may_change = [](char c) {
    return c == '\xC3' || c == '\xD6' || c == '\xD7' || c == '\xD9';
  };
  if (std::any_of(text.begin(), text.end(), may_change)) {
    passing.folded.clear();
    while (!text.empty()) {
      const CodePoint point = Decode(text);
      if (point.value == kSharpS) {
        passing.folded += "ss";
      } else if (!IsVowelMark(point.value)) {
        passing.folded += text.substr(0, point.bytes);
      }
      text.remove_prefix(point.bytes);
    }
    text = passing.folded;
  }
  // Of marks alone nothing is left.
  if (text.empty()) return 0;
  return passing.take(passing.context, flags, text.data(), static_cast<int>(text.size()),
                      at + begin, at + end);
}

}  // namespace

int WordSplitter::Split(std::string_view text, int flags, void* context, TakeWord take) {
  const std::size_t foreign = FindByteFrom(text, 0x80);
  if (foreign == text.size()) return SplitAscii(text, context, take);
  if (FindByteFrom(text.substr(foreign), kFirstLead) == text.size() - foreign)
    return SplitPlain(text, 0, flags, context, take);
  return SplitMixed(text, flags, context, take);
}

int WordSplitter::SplitAscii(std::string_view text, void* context, TakeWord take) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  for (const char* at = begin; at != end;) {
    if (FoldedAscii(*at) == 0) {
      ++at;
      continue;
    }
    const char* const first = at;
    int changed = 0;
    for (char folded = 0; at != end && (folded = FoldedAscii(*at)) != 0; ++at)
      changed |= folded ^ *at;
    const char* word = first;
    if (changed != 0) {
      folded_.resize(static_cast<std::size_t>(at - first));
      std::transform(first, at, folded_.begin(), FoldedAscii);
      word = folded_.data();
    }
    const int taken = take(context, 0, word, static_cast<int>(at - first),
                           static_cast<int>(first - begin), static_cast<int>(at - begin));
    if (taken != 0) return taken;
  }
  return 0;
}

int WordSplitter::SplitPlain(std::string_view text, std::size_t at, int flags, void* context,
                             TakeWord take) {
  Passing passing{at, context, take, folded_};
  return plain_.Split(text, flags, &passing, PassOn);
}

int WordSplitter::SplitMixed(std::string_view text, int flags, void* context, TakeWord take) {
  std::size_t plain_from = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < kFirstLead) {
      ++at;
      continue;
    }
    const CodePoint point = Decode(text.substr(at));
    const Kind kind = KindOf(point.value);
    if (kind == Kind::kPlain) {
      at += point.bytes;
      continue;
    }
    if (at > plain_from) {
      const std::string_view before = text.substr(plain_from, at - plain_from);
      if (const int taken = SplitPlain(before, plain_from, flags, context, take); taken != 0)
        return taken;
    }
    if (kind == Kind::kAlone) {
      const int taken = take(context, 0, text.data() + at, static_cast<int>(point.bytes),
                             static_cast<int>(at), static_cast<int>(at + point.bytes));
      if (taken != 0) return taken;
    }
    at += point.bytes;
    plain_from = at;
  }
  if (plain_from == text.size()) return 0;
  return SplitPlain(text.substr(plain_from), plain_from, flags, context, take);
}

bool IsLoneCharacter(std::string_view word) {
  if (word.empty()) return false;
  const CodePoint point = Decode(word);
  return point.bytes == word.size() && KindOf(point.value) == Kind::kAlone;
}

}  // namespace hark::store
