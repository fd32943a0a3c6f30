// Key material and tokens. Kept in locked memory, wiped on destruction; cannot be copied by
// accident, formatted, or compared in a way that leaks its length of match.

#ifndef HARK_DAEMON_BASE_SECRET_H_
#define HARK_DAEMON_BASE_SECRET_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "daemon/base/locked_memory.h"

namespace hark {

// Move-only; Clone() says out loud that another copy is made. Not thread-safe.
class Secret {
 public:
  Secret() = default;
  // Takes the bytes and wipes the string they came from.
  explicit Secret(std::string&& bytes);
  Secret(Secret&& other) noexcept = default;
  Secret& operator=(Secret&& other) noexcept = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() = default;

  // `count` bytes of the system's randomness.
  [[nodiscard]] static Secret Random(std::size_t count);

  [[nodiscard]] Secret Clone() const;

  // Valid while this object, or the one that it is moved into, lives.
  [[nodiscard]] std::string_view bytes() const { return memory_.bytes(); }
  [[nodiscard]] bool empty() const { return memory_.size() == 0; }
  // Whether its pages stay out of swap (locked_memory.h).
  [[nodiscard]] bool locked() const { return memory_.locked(); }

  // In constant time for equal lengths.
  [[nodiscard]] bool Equals(std::string_view other) const;

 private:
  explicit Secret(LockedMemory memory);

  LockedMemory memory_;
};

}  // namespace hark

#endif  // HARK_DAEMON_BASE_SECRET_H_
