#include "daemon/keys/sealing.h"

#include <memory>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "daemon/base/check.h"

namespace hark::keys {
namespace {

constexpr std::string_view kMagic = "HARKSEC1";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
static_assert(kSealOverheadBytes == kMagic.size() + kNonceBytes + kTagBytes);

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

CipherContext NewContext() {
  CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  HARK_CHECK(context);
  return context;
}

const unsigned char* In(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* Out(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

std::string Seal(const Secret& key, std::string_view purpose, const Secret& secret) {
  HARK_CHECK(key.bytes().size() == kKeyBytes);
  const Secret nonce = Secret::Random(kNonceBytes);
  const CipherContext context = NewContext();
  const auto length = static_cast<int>(secret.bytes().size());
  std::string encrypted(secret.bytes().size(), '\0');
  std::string tag(kTagBytes, '\0');
  int written = 0;
  HARK_CHECK(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, In(key.bytes()),
                                In(nonce.bytes())) == 1);
  HARK_CHECK(EVP_EncryptUpdate(context.get(), nullptr, &written, In(purpose),
                               static_cast<int>(purpose.size())) == 1);
  HARK_CHECK(
      EVP_EncryptUpdate(context.get(), Out(encrypted), &written, In(secret.bytes()), length) == 1);
  HARK_CHECK(written == length);
  HARK_CHECK(EVP_EncryptFinal_ex(context.get(), Out(tag), &written) == 1);
  HARK_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes),
                                 tag.data()) == 1);

  std::string sealed;
  sealed.reserve(secret.bytes().size() + kSealOverheadBytes);
  sealed.append(kMagic).append(nonce.bytes()).append(encrypted).append(tag);
  return sealed;
}

std::optional<Secret> Unseal(const Secret& key, std::string_view purpose, std::string_view sealed) {
  HARK_CHECK(key.bytes().size() == kKeyBytes);
  if (sealed.size() < kSealOverheadBytes || sealed.substr(0, kMagic.size()) != kMagic)
    return std::nullopt;
  const std::string_view nonce = sealed.substr(kMagic.size(), kNonceBytes);
  const std::string_view encrypted =
      sealed.substr(kMagic.size() + kNonceBytes, sealed.size() - kSealOverheadBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));

  const CipherContext context = NewContext();
  std::string plain(encrypted.size(), '\0');
  int written = 0;
  HARK_CHECK(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, In(key.bytes()),
                                In(nonce)) == 1);
  HARK_CHECK(EVP_DecryptUpdate(context.get(), nullptr, &written, In(purpose),
                               static_cast<int>(purpose.size())) == 1);
  HARK_CHECK(EVP_DecryptUpdate(context.get(), Out(plain), &written, In(encrypted),
                               static_cast<int>(encrypted.size())) == 1);
  HARK_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes),
                                 tag.data()) == 1);
  unsigned char nothing[16];
  const bool authentic = EVP_DecryptFinal_ex(context.get(), nothing, &written) == 1;
  // Wiped either way: what failed its check may still be most of the secret.
  Secret secret(std::move(plain));
  if (!authentic) return std::nullopt;
  return secret;
}

}  // namespace hark::keys
