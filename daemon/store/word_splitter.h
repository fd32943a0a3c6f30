// What the words of a text are, for the index and for what is looked for in it.
//
// Where words have spaces between them this is FTS5's unicode61: runs of letters, digits and marks,
// lower case, without diacritics ("Köln" is "koln", "Größe" "grosse"). Scripts that are written
// without spaces would be one word a sentence there, so each character of Chinese, Japanese,
// Korean, Thai, Lao, Khmer and Burmese is a word by itself here, and so is an emoji: what is looked
// for is then a phrase of characters, found wherever they stand together. The vowel marks of Arabic
// and Hebrew do not count. ASCII, most of all text, does not go through unicode61 at all.

#ifndef HARK_DAEMON_STORE_WORD_SPLITTER_H_
#define HARK_DAEMON_STORE_WORD_SPLITTER_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace hark::store {

// Called for each word, in order: as it is in the index, and from which byte to which byte of the
// text it is. Not 0 ends the splitting. The signature is FTS5's (xToken).
using TakeWord = int (*)(void* context, int flags, const char* word, int bytes, int begin, int end);

// Splits a text that has no character of the kinds above into words: unicode61.
class PlainSplitter {
 public:
  PlainSplitter() = default;
  PlainSplitter(const PlainSplitter&) = delete;
  PlainSplitter& operator=(const PlainSplitter&) = delete;
  virtual ~PlainSplitter() = default;

  virtual int Split(std::string_view text, int flags, void* context, TakeWord take) = 0;
};

// Used by one thread at a time.
class WordSplitter {
 public:
  // `plain` outlives it. `flags` are FTS5's and are passed on.
  explicit WordSplitter(PlainSplitter& plain) : plain_(plain) {}

  // What `take` answered last: 0 if all words were taken. `text` may be anything; of what is not
  // UTF-8 the words are unspecified.
  int Split(std::string_view text, int flags, void* context, TakeWord take);

 private:
  int SplitAscii(std::string_view text, void* context, TakeWord take);
  int SplitMixed(std::string_view text, int flags, void* context, TakeWord take);
  // Text of other scripts, which begins at byte `at`.
  int SplitPlain(std::string_view text, std::size_t at, int flags, void* context, TakeWord take);

  PlainSplitter& plain_;
  std::string folded_;
};

// A word by itself: one character of the kinds above.
[[nodiscard]] bool IsLoneCharacter(std::string_view word);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_WORD_SPLITTER_H_
