// What the Reader shows of a whole store, as text that people can compare: one line a thing.

#ifndef HARK_TESTS_GOLDEN_DESCRIBE_H_
#define HARK_TESTS_GOLDEN_DESCRIBE_H_

#include <string>

#include "daemon/store/sqlcipher_store.h"

namespace hark::store {

// The keys of every golden store.
inline constexpr char kGoldenCacheKey = '\x31';
inline constexpr char kGoldenAuthoredKey = '\x32';
inline constexpr std::size_t kGoldenKeyBytes = 32;

// Conversations in the order of the list, each with its pages from the newest to the oldest; then
// the outbox, what was open, where the sync stands, and drafts with the view of the UI "golden".
// Nothing of what an old schema does not know, so that the text of an old store stays as it is;
// line breaks in values are written \n.
[[nodiscard]] std::string Describe(SqlcipherStore& store);

}  // namespace hark::store

#endif  // HARK_TESTS_GOLDEN_DESCRIBE_H_
