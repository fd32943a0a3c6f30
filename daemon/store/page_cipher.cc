#include "daemon/store/page_cipher.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "daemon/base/check.h"

namespace hark::store {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kIvBytes = 16;
constexpr std::size_t kMacBytes = 64;
constexpr std::size_t kMacInputBytes = kUsableBytes + kIvBytes;
constexpr unsigned char kMacSaltMask = 0x3a;
constexpr int kMacRounds = 2;
constexpr std::string_view kMagic{"SQLite format 3\0", 16};

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Where the encrypted bytes of a page begin.
std::size_t FirstByte(std::uint32_t number) {
  return number == 1 ? kSaltBytes : 0;
}

// Whether the page's HMAC is that of what `digest` took of it, and the number.
bool EndsWithMac(EVP_MD_CTX* digest, std::uint32_t number, std::string_view page) {
  std::array<unsigned char, 4> little_endian{};
  for (std::size_t i = 0; i < little_endian.size(); ++i)
    little_endian[i] = static_cast<unsigned char>(number >> (8 * i));
  std::array<unsigned char, kMacBytes> mac{};
  std::size_t size = mac.size();
  return EVP_DigestSignUpdate(digest, little_endian.data(), little_endian.size()) == 1 &&
         EVP_DigestSignFinal(digest, mac.data(), &size) == 1 &&
         CRYPTO_memcmp(mac.data(), page.data() + kMacInputBytes, kMacBytes) == 0;
}

}  // namespace

struct PageCipher::State {
  Secret key;
  Secret mac_key;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest{EVP_MD_CTX_new(),
                                                                 &EVP_MD_CTX_free};
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> tried{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher{EVP_CIPHER_CTX_new(),
                                                                         &EVP_CIPHER_CTX_free};
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> mac{nullptr, &EVP_PKEY_free};
};

PageCipher::PageCipher(const Secret& key, std::string_view salt)
    : state_(std::make_unique<State>()) {
  HARK_CHECK(key.bytes().size() == kKeyBytes && salt.size() == kSaltBytes);
  state_->key = key.Clone();
  std::array<unsigned char, kSaltBytes> mac_salt{};
  for (std::size_t i = 0; i < kSaltBytes; ++i)
    mac_salt[i] = static_cast<unsigned char>(static_cast<unsigned char>(salt[i]) ^ kMacSaltMask);
  std::string mac_key(kKeyBytes, '\0');
  HARK_CHECK(PKCS5_PBKDF2_HMAC(key.bytes().data(), static_cast<int>(kKeyBytes), mac_salt.data(),
                               static_cast<int>(mac_salt.size()), kMacRounds, EVP_sha512(),
                               static_cast<int>(mac_key.size()),
                               reinterpret_cast<unsigned char*>(mac_key.data())) == 1);
  state_->mac_key = Secret(std::move(mac_key));
  state_->mac.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, nullptr,
                                                 Bytes(state_->mac_key.bytes()), kKeyBytes));
  HARK_CHECK(state_->mac && state_->digest && state_->tried && state_->cipher);
}

PageCipher::PageCipher(PageCipher&&) noexcept = default;
PageCipher& PageCipher::operator=(PageCipher&&) noexcept = default;
PageCipher::~PageCipher() = default;

bool PageCipher::Begin(std::string_view page, std::uint32_t number) const {
  const std::size_t first = FirstByte(number);
  EVP_MD_CTX* digest = state_->digest.get();
  return EVP_MD_CTX_reset(digest) == 1 &&
         EVP_DigestSignInit(digest, nullptr, EVP_sha512(), nullptr, state_->mac.get()) == 1 &&
         EVP_DigestSignUpdate(digest, page.data() + first, kMacInputBytes - first) == 1;
}

bool PageCipher::Verifies(std::string_view page, std::uint32_t number) const {
  return page.size() == kFilePageBytes && Begin(page, number) &&
         EndsWithMac(state_->digest.get(), number, page);
}

std::optional<std::uint32_t> PageCipher::NumberOf(std::string_view page, std::uint32_t last) const {
  if (last == 0 || page.size() != kFilePageBytes) return std::nullopt;
  if (Verifies(page, 1)) return 1;
  // The number comes last: the page itself is digested once.
  if (!Begin(page, 2)) return std::nullopt;
  EVP_MD_CTX* digest = state_->tried.get();
  for (std::uint32_t number = 2; number <= last && number > 1; ++number) {
    if (EVP_MD_CTX_copy_ex(digest, state_->digest.get()) == 1 && EndsWithMac(digest, number, page))
      return number;
  }
  return std::nullopt;
}

std::optional<std::string> PageCipher::Decrypt(std::string_view page, std::uint32_t number) const {
  if (!Verifies(page, number)) return std::nullopt;
  const std::size_t first = FirstByte(number);
  std::string plain(kFilePageBytes, '\0');
  EVP_CIPHER_CTX* cipher = state_->cipher.get();
  int written = 0;
  const bool decrypted =
      EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, Bytes(state_->key.bytes()),
                         Bytes(page) + kUsableBytes) == 1 &&
      EVP_CIPHER_CTX_set_padding(cipher, 0) == 1 &&
      EVP_DecryptUpdate(cipher, reinterpret_cast<unsigned char*>(plain.data()) + first, &written,
                        Bytes(page) + first, static_cast<int>(kUsableBytes - first)) == 1;
  if (!decrypted) return std::nullopt;
  if (number == 1) plain.replace(0, kMagic.size(), kMagic);
  return plain;
}

bool IsZero(std::string_view page) {
  return std::all_of(page.begin(), page.end(), [](char c) { return c == 0; });
}

}  // namespace hark::store
