#include "daemon/base/secret.h"

#include <utility>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "daemon/base/check.h"

namespace hark {

Secret::Secret(std::string&& bytes) : bytes_(bytes) {
  // Copied, not moved: a short string lives inside its object, and moving would leave the bytes
  // there.
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

Secret::Secret(Secret&& other) noexcept : bytes_(other.bytes_) {
  other.Wipe();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe();
    bytes_ = other.bytes_;
    other.Wipe();
  }
  return *this;
}

Secret::~Secret() {
  Wipe();
}

Secret Secret::Random(std::size_t count) {
  std::string bytes(count, '\0');
  HARK_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) ==
             1);
  return Secret(std::move(bytes));
}

Secret Secret::Clone() const {
  Secret copy;
  copy.bytes_ = bytes_;
  return copy;
}

bool Secret::Equals(std::string_view other) const {
  return bytes_.size() == other.size() &&
         CRYPTO_memcmp(bytes_.data(), other.data(), other.size()) == 0;
}

void Secret::Wipe() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

}  // namespace hark
