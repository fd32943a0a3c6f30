// One page of a SQLCipher 4 file without SQLite: whether it is whole, and its plain bytes. What
// reads a file that SQLite gives up on.
//
// A page of 4096 bytes ends with 80 reserved ones: the IV (16) and an HMAC-SHA512 (64) over the
// ciphertext, the IV and the page's number. The first 16 bytes of page 1 are the file's salt, in
// clear. With a raw key the pages are encrypted with that key itself; the key of the HMAC is
// derived from it and the salt.

#ifndef HARK_DAEMON_STORE_PAGE_CIPHER_H_
#define HARK_DAEMON_STORE_PAGE_CIPHER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/base/secret.h"

namespace hark::store {

inline constexpr std::size_t kFilePageBytes = 4096;
inline constexpr std::size_t kReservedBytes = 80;
// What SQLite has of a page.
inline constexpr std::size_t kUsableBytes = kFilePageBytes - kReservedBytes;
inline constexpr std::size_t kSaltBytes = 16;

// Used by one thread at a time.
class PageCipher {
 public:
  // `key`: 32 raw bytes. `salt`: 16 bytes.
  PageCipher(const Secret& key, std::string_view salt);
  PageCipher(PageCipher&&) noexcept;
  PageCipher& operator=(PageCipher&&) noexcept;
  PageCipher(const PageCipher&) = delete;
  PageCipher& operator=(const PageCipher&) = delete;
  ~PageCipher();

  // True proves the key, the salt, the number and every byte after the salt. `page`: 4096 bytes.
  [[nodiscard]] bool Verifies(std::string_view page, std::uint32_t number) const;

  // The number from 1 to `last` under which the page verifies: for when what told it is damaged. A
  // microsecond or two for each number that is tried.
  [[nodiscard]] std::optional<std::uint32_t> NumberOf(std::string_view page,
                                                      std::uint32_t last) const;

  // The plain bytes of a page that verifies, the first kUsableBytes of them SQLite's.
  [[nodiscard]] std::optional<std::string> Decrypt(std::string_view page,
                                                   std::uint32_t number) const;

 private:
  struct State;

  // Has the digest take the bytes of the page that the HMAC is over. False: it failed.
  [[nodiscard]] bool Begin(std::string_view page, std::uint32_t number) const;

  std::unique_ptr<State> state_;
};

[[nodiscard]] bool IsZero(std::string_view page);

}  // namespace hark::store

#endif  // HARK_DAEMON_STORE_PAGE_CIPHER_H_
