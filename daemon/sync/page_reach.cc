#include "daemon/sync/page_reach.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

namespace hark::sync {
namespace {

// A copy of the backend may be behind by so much. And of so many conversations that is remembered.
constexpr std::chrono::seconds kBehind{10};
constexpr std::size_t kEndsMost = 1'024;
// Stretches above one end.
constexpr std::size_t kAskedMost = 16;

}  // namespace

bool IsNotGiven(const transport::History& page) {
  return page.from == 0 && page.has_more && page.messages.empty();
}

std::optional<store::ApplyHistory> Settle(const store::FetchItem& item, transport::History page) {
  store::ApplyHistory apply;
  apply.conversation = item.conversation;
  apply.asked_from = item.from;
  apply.asked_to = item.to;
  if (page.from == 0) {
    if (page.has_more) return std::nullopt;
    apply.from = item.from;
    apply.to = item.to;
    return apply;
  }
  // From the other side of the anchor, or more without anything.
  if (page.from > item.to || (page.has_more && page.messages.empty())) return std::nullopt;
  // While there is more, a page begins with its first message; without, it may be wider.
  apply.from = page.has_more ? std::max(page.from, page.messages.front().sequence) : page.from;
  apply.to = std::min(page.to, item.to);
  if (apply.from > apply.to) return std::nullopt;
  apply.messages = std::move(page.messages);
  return apply;
}

Reach EndsTold::ReachOf(const store::ApplyHistory& page, Clock::Instant now) {
  if (page.to >= page.asked_to) {
    // It says nothing of the end, if that lies above.
    const auto end = ends_.find(page.conversation);
    if (end != ends_.end() && page.to > end->second.at) ends_.erase(end);
    return Reach::kWhole;
  }
  if (ends_.size() >= kEndsMost && !ends_.contains(page.conversation)) ends_.erase(ends_.begin());
  // Of what it told of later, the earlier answers say nothing.
  End& end = ends_[page.conversation];
  if (end.at != page.to || page.asked_to > end.told_to) end = {page.to, page.asked_to, {}, now};
  const bool is_again =
      end.asked_to.size() >= kAskedMost ||
      std::find(end.asked_to.begin(), end.asked_to.end(), page.asked_to) != end.asked_to.end();
  if (!is_again) end.asked_to.push_back(page.asked_to);
  if (now - end.since >= kBehind) return Reach::kEnd;
  return is_again ? Reach::kBelowAgain : Reach::kBelow;
}

}  // namespace hark::sync
