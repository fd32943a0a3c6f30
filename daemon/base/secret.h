// Key material and tokens. Zeroed on destruction; cannot be copied by accident, formatted, or
// compared in a way that leaks its length of match.

#ifndef HARK_DAEMON_BASE_SECRET_H_
#define HARK_DAEMON_BASE_SECRET_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace hark {

// Move-only; Clone() says out loud that another copy is made. Not thread-safe.
class Secret {
 public:
  Secret() = default;
  // Takes the bytes and wipes the string they came from.
  explicit Secret(std::string&& bytes);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // `count` bytes of the system's randomness.
  [[nodiscard]] static Secret Random(std::size_t count);

  [[nodiscard]] Secret Clone() const;

  // Valid while this object lives and is not moved from.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  // In constant time for equal lengths.
  [[nodiscard]] bool Equals(std::string_view other) const;

 private:
  void Wipe();

  std::string bytes_;
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_SECRET_H_
