#include "daemon/base/secret.h"

#include <algorithm>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "daemon/base/check.h"

namespace hark {
namespace {

LockedMemory CopyOf(std::string_view bytes) {
  LockedMemory copy(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.data());
  return copy;
}

}  // namespace

Secret::Secret(std::string&& bytes) : memory_(CopyOf(bytes)) {
  // All that the string has allocated: it may have been longer before.
  bytes.resize(bytes.capacity());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

Secret::Secret(LockedMemory memory) : memory_(std::move(memory)) {}

Secret Secret::Random(std::size_t count) {
  LockedMemory memory(count);
  HARK_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(memory.data()), static_cast<int>(count)) ==
             1);
  return Secret(std::move(memory));
}

Secret Secret::Clone() const {
  return Secret(CopyOf(memory_.bytes()));
}

bool Secret::Equals(std::string_view other) const {
  return memory_.size() == other.size() &&
         CRYPTO_memcmp(memory_.bytes().data(), other.data(), other.size()) == 0;
}

}  // namespace hark
