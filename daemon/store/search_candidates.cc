#include "daemon/store/search_candidates.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <utility>

#include "daemon/base/limits.h"
#include "daemon/store/search_index.h"

namespace hark::store {
namespace {

constexpr std::int64_t kLastKey = std::numeric_limits<std::int64_t>::max();

}  // namespace

SearchCandidates::SearchCandidates(Connection& cache, Request request)
    : cache_(cache), request_(std::move(request)) {
  if (request_.conversation) own_ = KeysOf(cache_, *request_.conversation);
  const std::uint64_t most =
      request_.has_prefix ? static_cast<std::uint64_t>(kLastKey) : limits::kSearchProbe + 1;
  std::vector<std::int64_t> keys = MatchingKeys(cache_, request_.match, 1, kLastKey, most);
  if (keys.size() == most) return;
  KeepOwn(keys);
  total_ = keys.size();
  all_ = std::move(keys);
}

void SearchCandidates::KeepOwn(std::vector<std::int64_t>& keys) const {
  if (request_.conversation) {
    std::vector<std::int64_t> kept;
    std::set_intersection(keys.begin(), keys.end(), own_.begin(), own_.end(),
                          std::back_inserter(kept));
    keys = std::move(kept);
  }
  if (request_.without.empty()) return;
  std::erase_if(keys, [this](std::int64_t key) { return request_.without.contains(key); });
}

std::vector<std::int64_t> SearchCandidates::KeysFrom(std::int64_t first, std::int64_t last) {
  if (all_) {
    return {std::lower_bound(all_->begin(), all_->end(), first),
            std::upper_bound(all_->begin(), all_->end(), last)};
  }
  std::vector<std::int64_t> keys =
      MatchingKeys(cache_, request_.match, first, last, static_cast<std::uint64_t>(kLastKey));
  KeepOwn(keys);
  return keys;
}

std::vector<std::int64_t> SearchCandidates::KeysIn(Blocks& blocks) {
  std::sort(blocks.begin(), blocks.end(),
            [](const SearchBlock& a, const SearchBlock& b) { return a.block < b.block; });
  std::vector<std::int64_t> keys;
  for (auto begin = blocks.begin(); begin != blocks.end();) {
    // Neighbours in one go.
    auto end = std::next(begin);
    while (end != blocks.end() && end->block == std::prev(end)->block + 1) ++end;
    const auto found =
        KeysFrom(begin->block * kSearchBlock, (std::prev(end)->block + 1) * kSearchBlock - 1);
    keys.insert(keys.end(), found.begin(), found.end());
    begin = end;
  }
  return keys;
}

SearchCandidates::Blocks SearchCandidates::OwnBlocks() const {
  Blocks blocks = ListSearchBlocks(cache_);
  if (!request_.conversation && !all_) return blocks;
  // Those that have anything.
  const std::vector<std::int64_t>& keys = all_ ? *all_ : own_;
  std::unordered_set<std::int64_t> present;
  for (const std::int64_t key : keys) present.insert(key / kSearchBlock);
  std::erase_if(blocks, [&](const SearchBlock& block) { return !present.contains(block.block); });
  return blocks;
}

std::vector<SearchPlace> SearchCandidates::Collect(const SearchPlace& newest,
                                                   const std::optional<SearchPlace>& oldest,
                                                   std::size_t wanted) {
  Blocks blocks = OwnBlocks();
  std::erase_if(blocks, [&](const SearchBlock& block) {
    return block.oldest > newest.created_at || (oldest && block.newest < oldest->created_at);
  });
  std::vector<SearchPlace> places;
  const auto add = [&](std::int64_t key) {
    const auto row = FindMessageTime(cache_, key);
    if (!row) return;
    const SearchPlace place{row->created_at, key};
    if (place <= newest && (!oldest || place >= *oldest)) places.push_back(place);
  };
  // More blocks each time: what is rare takes few steps too.
  std::size_t step = 1;
  for (std::size_t at = 0; at < blocks.size(); step *= 2) {
    const std::size_t end = std::min(at + step, blocks.size());
    Blocks some(blocks.begin() + static_cast<std::ptrdiff_t>(at),
                blocks.begin() + static_cast<std::ptrdiff_t>(end));
    for (const std::int64_t key : KeysIn(some)) add(key);
    at = end;
    if (at == blocks.size() || places.size() < wanted) continue;
    const WallTime left = blocks[at].newest;
    const auto is_certain = [left](const SearchPlace& place) { return place.created_at > left; };
    if (static_cast<std::size_t>(std::count_if(places.begin(), places.end(), is_certain)) >= wanted)
      break;
  }
  std::sort(places.begin(), places.end(), std::greater<>());
  if (places.size() > wanted) places.resize(wanted);
  return places;
}

}  // namespace hark::store
