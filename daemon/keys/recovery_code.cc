#include "daemon/keys/recovery_code.h"

#include <cstddef>
#include <string>
#include <utility>

namespace hark::keys {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static_assert(kAlphabet.size() == 32);
constexpr std::size_t kGroups = 7;
constexpr std::size_t kPerGroup = 4;
constexpr std::size_t kTypedPerGroup = kPerGroup + 1;
constexpr std::size_t kCharacters = kGroups * kTypedPerGroup;
// With what a person puts between the characters.
constexpr std::size_t kTypedMax = 256;

// Odd weights: any one wrong character changes it, most exchanged ones do, and so does most often a
// group in the place of another.
std::size_t CheckOf(std::string_view group, std::size_t index) {
  std::size_t sum = 7 * index;
  for (std::size_t i = 0; i < kPerGroup; ++i) sum += (2 * i + 1) * kAlphabet.find(group[i]);
  return sum % kAlphabet.size();
}

// '\0': no character of a code. A dash or a space is passed over by the caller.
char Meant(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') return '0';
  if (c == 'I' || c == 'L') return '1';
  return kAlphabet.find(c) == std::string_view::npos ? '\0' : c;
}

std::string WithDashes(std::string_view characters) {
  std::string code;
  code.reserve(kCharacters + kGroups);
  for (std::size_t group = 0; group < kGroups; ++group) {
    if (group > 0) code += '-';
    code += characters.substr(group * kTypedPerGroup, kTypedPerGroup);
  }
  return code;
}

}  // namespace

Secret NewRecoveryCode() {
  const Secret random = Secret::Random(kGroups * kPerGroup);
  std::string characters;
  characters.reserve(kCharacters);
  for (std::size_t group = 0; group < kGroups; ++group) {
    for (std::size_t i = 0; i < kPerGroup; ++i) {
      const auto byte = static_cast<unsigned char>(random.bytes()[group * kPerGroup + i]);
      characters += kAlphabet[byte % kAlphabet.size()];
    }
    characters +=
        kAlphabet[CheckOf(std::string_view(characters).substr(group * kTypedPerGroup), group)];
  }
  const Secret wiped(std::move(characters));
  return Secret(WithDashes(wiped.bytes()));
}

Result<Secret> ParseRecoveryCode(std::string_view typed) {
  if (typed.size() > kTypedMax)
    return Fail(ErrorCode::kInvalidArgument, "That is too long for a recovery code.");
  std::string characters;
  characters.reserve(kTypedMax);
  bool foreign = false;
  for (const char c : typed) {
    if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    const char meant = Meant(c);
    foreign = foreign || meant == '\0';
    characters += meant;
  }
  const Secret code(std::move(characters));
  if (foreign) {
    return Fail(ErrorCode::kInvalidArgument,
                "A recovery code has digits and letters only, and no U among them.");
  }
  if (code.bytes().size() != kCharacters) {
    return Fail(ErrorCode::kInvalidArgument,
                "A recovery code has 7 groups of 5 characters, and this has " +
                    std::to_string(code.bytes().size()) + " characters instead of 35.");
  }
  for (std::size_t group = 0; group < kGroups; ++group) {
    const std::string_view part = code.bytes().substr(group * kTypedPerGroup, kTypedPerGroup);
    if (kAlphabet[CheckOf(part, group)] == part.back()) continue;
    return Fail(ErrorCode::kInvalidArgument,
                "Group " + std::to_string(group + 1) + " of the recovery code is mistyped.");
  }
  return Secret(WithDashes(code.bytes()));
}

}  // namespace hark::keys
