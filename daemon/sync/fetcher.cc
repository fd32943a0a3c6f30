#include "daemon/sync/fetcher.h"

#include <algorithm>
#include <utility>

namespace hark::sync {
namespace {

// What the background may have under way before anything is stored, and of what is stored: 1 in 25.
constexpr std::uint64_t kFirstShare = 64;
constexpr std::uint64_t kShare = 25;

// What is left of `item` outside of `taken`, newest first.
std::vector<store::FetchItem> Without(const store::FetchItem& item, const store::FetchItem& taken) {
  if (item.conversation != taken.conversation || taken.to < item.from || taken.from > item.to)
    return {item};
  std::vector<store::FetchItem> left;
  if (taken.to < item.to) left.push_back({item.conversation, taken.to + 1, item.to, item.refresh});
  if (taken.from > item.from)
    left.push_back({item.conversation, item.from, taken.from - 1, item.refresh});
  return left;
}

template <typename Items>
Items Without(const Items& items, const store::FetchItem& taken) {
  Items left;
  for (const store::FetchItem& item : items) {
    for (store::FetchItem& piece : Without(item, taken)) left.push_back(std::move(piece));
  }
  return left;
}

// How many messages the newest page of `item` has.
std::uint64_t PageOf(const store::FetchItem& item, std::uint32_t page_size) {
  return std::min<std::uint64_t>(page_size, item.to - item.from + 1);
}

bool Overlap(const store::FetchItem& a, const store::FetchItem& b) {
  return a.conversation == b.conversation && a.from <= b.to && b.from <= a.to;
}

}  // namespace

void Fetcher::SetPlan(store::FetchPlan plan) {
  queue_.assign(plan.items.begin(), plan.items.end());
  total_known_ = true;
  // What is missing now was either known before, or is new and makes the whole larger.
  total_ = std::max(total_, done_ + plan.missing);
  done_ = std::max(done_, total_ - plan.missing);
}

void Fetcher::Want(const store::FetchItem& item) {
  std::vector<store::FetchItem> pieces{item};
  for (auto& [request, asked] : in_flight_) {
    if (!Overlap(asked.item, item)) continue;
    asked.wanted = true;
    pieces = Without(pieces, asked.item);
  }
  for (const auto& [request, storing] : storing_) pieces = Without(pieces, storing.page);
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    queue_ = Without(queue_, *piece);
    wanted_ = Without(wanted_, *piece);
    wanted_.push_front(*piece);
  }
}

std::uint64_t Fetcher::Share() const {
  return std::max(kFirstShare, stored_ / kShare);
}

bool Fetcher::FitsShare(std::uint32_t page_size) const {
  return unsettled_ == 0 || unsettled_ + PageOf(queue_.front(), page_size) <= Share();
}

bool Fetcher::HasNext(std::uint32_t page_size, bool background) const {
  if (in_flight_.size() >= limits::kHistoryInFlight) return false;
  if (!wanted_.empty()) return true;
  return background && !queue_.empty() && FitsShare(page_size) &&
         in_flight_.size() + limits::kReservedInFlight < limits::kHistoryInFlight;
}

std::optional<transport::GetHistory> Fetcher::Next(transport::RequestId request,
                                                   std::uint32_t page_size, bool background) {
  if (!HasNext(page_size, background)) return std::nullopt;
  Asked asked;
  asked.wanted = !wanted_.empty();
  std::deque<store::FetchItem>& from = asked.wanted ? wanted_ : queue_;
  asked.item = std::move(from.front());
  from.pop_front();
  std::uint64_t size = PageOf(asked.item, page_size);
  if (!asked.wanted) size = std::min(size, Share() - unsettled_);
  asked.size = static_cast<std::uint32_t>(size);
  unsettled_ += size;

  transport::GetHistory ask;
  ask.request = request;
  ask.conversation = asked.item.conversation;
  ask.before = asked.item.to + 1;
  ask.page_size = asked.size;
  in_flight_.emplace(request, std::move(asked));
  return ask;
}

std::optional<store::ApplyHistory> Fetcher::Answer(transport::History history) {
  const auto it = in_flight_.find(history.request);
  if (it == in_flight_.end() || it->second.item.conversation != history.conversation)
    return std::nullopt;
  Asked asked = std::move(it->second);
  in_flight_.erase(it);
  store::FetchItem& item = asked.item;

  const bool empty = history.from == 0 || history.to < history.from;
  // A page from the other side of the anchor says nothing of what was asked, nor does one that says
  // "more" and has nothing; the item waits for the next plan.
  if (empty ? history.has_more : history.from > item.to) {
    unsettled_ -= asked.size;
    return std::nullopt;
  }

  store::ApplyHistory apply;
  apply.conversation = item.conversation;
  apply.messages = std::move(history.messages);
  apply.asked_from = item.from;
  apply.asked_to = item.to;
  // What lies between the page and the place asked for no longer exists there. Of what is older
  // only the page's range counts: a false "no more" would lose it for ever.
  apply.to = item.to;
  apply.from = empty ? item.from : history.from;
  storing_.emplace(history.request, Storing{{item.conversation, apply.from, apply.to, item.refresh},
                                            apply.messages.size(),
                                            asked.size});

  if (!empty && history.from > item.from) {
    item.to = history.from - 1;
    (asked.wanted ? wanted_ : queue_).push_front(std::move(item));
  }
  return apply;
}

void Fetcher::Stored(transport::RequestId request, bool committed) {
  const auto it = storing_.find(request);
  if (it == storing_.end()) return;
  const Storing stored = it->second;
  storing_.erase(it);
  unsettled_ -= stored.size;
  if (!committed) return;
  stored_ += stored.messages;
  done_ = std::min(total_, done_ + stored.messages);
}

bool Fetcher::Refused(transport::RequestId request) {
  const auto it = in_flight_.find(request);
  if (it == in_flight_.end()) return false;
  unsettled_ -= it->second.size;
  in_flight_.erase(it);
  return true;
}

void Fetcher::Clear() {
  for (const auto& [request, asked] : in_flight_) unsettled_ -= asked.size;
  wanted_.clear();
  queue_.clear();
  in_flight_.clear();
  stored_ = 0;
}

void Fetcher::ExpectTotal(std::uint64_t total) {
  if (total == 0) return;
  total_known_ = true;
  total_ = std::max(total_, total);
}

void Fetcher::ResetProgress() {
  done_ = 0;
  total_ = 0;
  total_known_ = false;
}

}  // namespace hark::sync
