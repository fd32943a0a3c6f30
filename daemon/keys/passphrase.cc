#include "daemon/keys/passphrase.h"

#include <cstdint>
#include <string>
#include <utility>

#include <openssl/evp.h>

#include "daemon/base/check.h"

namespace hark::keys {

Secret KeyOfPassphrase(const Secret& passphrase, std::string_view salt) {
  constexpr std::size_t kKeyBytes = 32;
  constexpr std::uint64_t kCost = 65'536;
  constexpr std::uint64_t kBlock = 8;
  constexpr std::uint64_t kMemory = 128 * kCost * kBlock + (std::uint64_t{1} << 20);
  HARK_CHECK(salt.size() == kSaltBytes);
  std::string key(kKeyBytes, '\0');
  const std::string_view bytes = passphrase.bytes();
  HARK_CHECK(EVP_PBE_scrypt(bytes.data(), bytes.size(),
                            reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), kCost,
                            kBlock, 1, kMemory, reinterpret_cast<unsigned char*>(key.data()),
                            key.size()) == 1);
  return Secret(std::move(key));
}

}  // namespace hark::keys
