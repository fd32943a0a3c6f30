// Checking a frame against the rules of the protocol: conversions go on with harmless values after
// a broken rule, and one look at the end decides. That keeps them plain functions from value to
// value.

#ifndef HARK_DAEMON_TRANSPORT_RULES_H_
#define HARK_DAEMON_TRANSPORT_RULES_H_

#include <string_view>

namespace hark::transport {

// Remembers the first rule that was broken. Rules are literals, so no content of a frame can get
// into an error.
class Rules {
 public:
  void Require(bool holds, std::string_view rule) {
    if (!holds && broken_.empty()) broken_ = rule;
  }

  [[nodiscard]] bool kept() const { return broken_.empty(); }
  [[nodiscard]] std::string_view broken() const { return broken_; }

 private:
  std::string_view broken_;
};

}  // namespace hark::transport

#endif  // HARK_DAEMON_TRANSPORT_RULES_H_
