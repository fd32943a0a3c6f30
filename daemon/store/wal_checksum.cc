#include "daemon/store/wal_checksum.h"

#include <cstddef>

#include "daemon/store/raw_file.h"

namespace hark::store {
namespace {

std::uint32_t Swapped(std::uint32_t word) {
  return word >> 24 | (word >> 8 & 0xff00) | (word << 8 & 0xff0000) | word << 24;
}

// From a big-endian number to the word that is added, and back.
std::uint32_t InOrder(std::uint32_t number, WordOrder order) {
  return order == WordOrder::kBigEndian ? number : Swapped(number);
}

// SQLite's, of two words.
void AddPair(WalChecksum& sum, std::uint32_t x, std::uint32_t y) {
  sum.first += x + sum.second;
  sum.second += y + sum.first;
}

void RemovePair(WalChecksum& sum, std::uint32_t x, std::uint32_t y) {
  sum.second -= y + sum.first;
  sum.first -= x + sum.second;
}

std::uint32_t WordAt(std::string_view bytes, std::size_t at, WordOrder order) {
  return InOrder(BigEndian(bytes.data() + at), order);
}

}  // namespace

WalChecksum AddBytes(WalChecksum sum, std::string_view bytes, WordOrder order) {
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8)
    AddPair(sum, WordAt(bytes, at, order), WordAt(bytes, at + 4, order));
  return sum;
}

WalChecksum AddFrame(WalChecksum sum, FrameNumbers numbers, std::string_view page,
                     WordOrder order) {
  AddPair(sum, InOrder(numbers.page, order), InOrder(numbers.commit_pages, order));
  return AddBytes(sum, page, order);
}

FrameNumbers NumbersBetween(WalChecksum before, WalChecksum after, std::string_view page,
                            WordOrder order) {
  for (std::size_t at = page.size(); at >= 8; at -= 8)
    RemovePair(after, WordAt(page, at - 8, order), WordAt(page, at - 4, order));
  // What AddPair() added.
  const std::uint32_t x = after.first - before.first - before.second;
  const std::uint32_t y = after.second - before.second - after.first;
  return {InOrder(x, order), InOrder(y, order)};
}

}  // namespace hark::store
