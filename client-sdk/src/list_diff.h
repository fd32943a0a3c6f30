// The steps from one list to another. Pure.

#ifndef HARK_CLIENT_SDK_SRC_LIST_DIFF_H_
#define HARK_CLIENT_SDK_SRC_LIST_DIFF_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hark/list_edit.h"

namespace hark::client {

// Which of `numbers` (all different) form the longest rising sequence: those that need not move.
[[nodiscard]] std::vector<bool> LongestRising(const std::vector<std::size_t>& numbers);

// Item has operator==, and IdOf(item) gives a string that is unique within a list. Removals come
// first, from the end; then insertions and replacements, from the beginning.
template <typename Item>
std::vector<ListEdit<Item>> DiffLists(const ItemList<Item>& before, const ItemList<Item>& after) {
  using Edit = ListEdit<Item>;
  // Most changes concern a few neighbours.
  std::size_t same_front = 0;
  while (same_front < before.size() && same_front < after.size() &&
         before[same_front] == after[same_front]) {
    ++same_front;
  }
  std::size_t same_back = 0;
  while (same_front + same_back < before.size() && same_front + same_back < after.size() &&
         before[before.size() - 1 - same_back] == after[after.size() - 1 - same_back]) {
    ++same_back;
  }
  const std::size_t before_end = before.size() - same_back;
  const std::size_t after_end = after.size() - same_back;

  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = same_front; i < before_end; ++i) places.emplace(IdOf(*before[i]), i);
  std::vector<std::size_t> common;  // Places in `before`, in the order of `after`.
  for (std::size_t i = same_front; i < after_end; ++i) {
    if (const auto place = places.find(IdOf(*after[i])); place != places.end())
      common.push_back(place->second);
  }
  const std::vector<bool> rising = LongestRising(common);
  std::vector<bool> stays(before.size(), false);
  for (std::size_t i = 0; i < common.size(); ++i) stays[common[i]] = rising[i];

  std::vector<Edit> edits;
  for (std::size_t i = before_end; i > same_front; --i) {
    if (!stays[i - 1]) edits.push_back({Edit::Kind::kRemove, i - 1, before[i - 1]});
  }
  for (std::size_t i = same_front; i < after_end; ++i) {
    const auto place = places.find(IdOf(*after[i]));
    if (place == places.end() || !stays[place->second]) {
      edits.push_back({Edit::Kind::kInsert, i, after[i]});
    } else if (before[place->second] != after[i] && !(*before[place->second] == *after[i])) {
      edits.push_back({Edit::Kind::kReplace, i, after[i]});
    }
  }
  return edits;
}

}  // namespace hark::client

#endif  // HARK_CLIENT_SDK_SRC_LIST_DIFF_H_
