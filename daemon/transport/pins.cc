#include "daemon/transport/pins.h"

#include <algorithm>
#include <optional>

#include <openssl/evp.h>

#include "daemon/base/limits.h"

namespace hark::transport {
namespace {

constexpr std::string_view kPrefix = "sha256//";
constexpr std::string_view kSeparators = "; \t";
// 32 bytes in base64: 43 characters and one '='. OpenSSL decodes in threes and ends with a zero.
constexpr std::size_t kBase64Size = 44;
constexpr std::size_t kDecodedSize = 33;

std::optional<KeyDigest> ParsePin(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  const std::string base64(text.substr(kPrefix.size()));
  if (base64.size() != kBase64Size) return std::nullopt;
  std::array<unsigned char, kDecodedSize> decoded{};
  const auto* const from = reinterpret_cast<const unsigned char*>(base64.data());
  if (EVP_DecodeBlock(decoded.data(), from, static_cast<int>(base64.size())) !=
      static_cast<int>(decoded.size())) {
    return std::nullopt;
  }
  KeyDigest digest{};
  std::copy_n(decoded.begin(), digest.size(), digest.begin());
  // OpenSSL lets blanks and other paddings pass.
  if (PinText(digest) != text) return std::nullopt;
  return digest;
}

}  // namespace

Result<Pins> ParsePins(std::string_view text) {
  Pins pins;
  while (true) {
    const std::size_t start = text.find_first_not_of(kSeparators);
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const std::string_view word = text.substr(0, text.find_first_of(kSeparators));
    text.remove_prefix(word.size());
    const std::optional<KeyDigest> pin = ParsePin(word);
    if (!pin) {
      return Fail(ErrorCode::kInvalidArgument,
                  "must be sha256// and the SHA-256 of a public key in base64", Trouble::kSettings);
    }
    if (pins.size() == limits::kPins) {
      return Fail(ErrorCode::kInvalidArgument,
                  "must be at most " + std::to_string(limits::kPins) + " keys", Trouble::kSettings);
    }
    pins.push_back(*pin);
  }
  // Nothing is pinned by leaving the setting out.
  if (pins.empty())
    return Fail(ErrorCode::kInvalidArgument, "must not be empty", Trouble::kSettings);
  return pins;
}

std::string PinText(const KeyDigest& digest) {
  std::array<unsigned char, kBase64Size + 1> base64{};
  const int size = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  return std::string(kPrefix) +
         std::string(reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(size));
}

}  // namespace hark::transport
