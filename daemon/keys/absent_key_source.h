// A kind of key store that this program cannot reach: of another operating system. Nothing is in
// it.

#ifndef HARK_DAEMON_KEYS_ABSENT_KEY_SOURCE_H_
#define HARK_DAEMON_KEYS_ABSENT_KEY_SOURCE_H_

#include <string>
#include <vector>

#include "daemon/keys/key_source.h"

namespace hark::keys {

class AbsentKeySource final : public KeySource {
 public:
  explicit AbsentKeySource(KeyKind kind) : kind_(kind) {}

  [[nodiscard]] KeyKind kind() const override { return kind_; }
  [[nodiscard]] Result<std::vector<FoundKey>> Load(const std::string&) override {
    return tl::unexpected(NotHere());
  }
  [[nodiscard]] Result<Secret> Create(const KeyLabel&) override {
    return tl::unexpected(NotHere());
  }
  [[nodiscard]] Result<void> Put(const KeyLabel&, const Secret&) override {
    return tl::unexpected(NotHere());
  }
  [[nodiscard]] Result<void> Erase(const std::string&, std::optional<std::uint32_t>,
                                   const Secret&) override {
    return {};
  }

 private:
  [[nodiscard]] Error NotHere() const {
    return {ErrorCode::kNotFound,
            "this system has no key store of the kind '" + std::string(TextOf(kind_)) + "'"};
  }

  KeyKind kind_;
};

}  // namespace hark::keys

#endif  // HARK_DAEMON_KEYS_ABSENT_KEY_SOURCE_H_
