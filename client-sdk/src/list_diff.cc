#include "client-sdk/src/list_diff.h"

namespace hark::client {

std::vector<bool> LongestRising(const std::vector<std::size_t>& numbers) {
  // ends[n] is the place of the smallest number that ends a rising sequence of n + 1.
  std::vector<std::size_t> ends;
  std::vector<std::optional<std::size_t>> previous(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto longer = std::lower_bound(
        ends.begin(), ends.end(), numbers[i],
        [&](std::size_t end, std::size_t number) { return numbers[end] < number; });
    if (longer != ends.begin()) previous[i] = *(longer - 1);
    if (longer == ends.end()) {
      ends.push_back(i);
    } else {
      *longer = i;
    }
  }
  std::vector<bool> rising(numbers.size(), false);
  if (ends.empty()) return rising;
  for (std::optional<std::size_t> at = ends.back(); at; at = previous[*at]) rising[*at] = true;
  return rising;
}

}  // namespace hark::client
