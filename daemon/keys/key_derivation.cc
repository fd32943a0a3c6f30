#include <memory>
#include <string>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "daemon/base/check.h"
#include "daemon/keys/key_source.h"

namespace hark::keys {
namespace {

constexpr std::size_t kDerivedKeyBytes = 32;

// OpenSSL takes inputs as pointers to non-const; it only reads them.
OSSL_PARAM BytesParam(const char* name, std::string_view bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

}  // namespace

// No salt: the master key is 256 random bits already, and the same context must give the same key
// in every run.
Secret DeriveKey(const Secret& master, std::string_view context) {
  HARK_CHECK(!master.empty());
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
      EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr), &EVP_KDF_free);
  HARK_CHECK(kdf);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> kdf_context(
      EVP_KDF_CTX_new(kdf.get()), &EVP_KDF_CTX_free);
  HARK_CHECK(kdf_context);
  std::string digest = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      BytesParam(OSSL_KDF_PARAM_KEY, master.bytes()),
      BytesParam(OSSL_KDF_PARAM_INFO, context),
      OSSL_PARAM_construct_end(),
  };
  std::string derived(kDerivedKeyBytes, '\0');
  HARK_CHECK(EVP_KDF_derive(kdf_context.get(), reinterpret_cast<unsigned char*>(derived.data()),
                            derived.size(), params) == 1);
  return Secret(std::move(derived));
}

}  // namespace hark::keys
