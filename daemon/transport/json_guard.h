// A look at JSON text before a parser does: parsers recurse, so depth is counted first, without
// recursion.

#ifndef HARK_DAEMON_TRANSPORT_JSON_GUARD_H_
#define HARK_DAEMON_TRANSPORT_JSON_GUARD_H_

#include <string_view>

namespace hark::transport {

// No more than `depth` arrays and objects inside each other, every string closed, and outside of
// strings only characters that JSON has there. Necessary for valid JSON, not sufficient: the parser
// decides the rest.
[[nodiscard]] bool IsShallowJson(std::string_view text, int depth);

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_JSON_GUARD_H_
