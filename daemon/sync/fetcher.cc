#include "daemon/sync/fetcher.h"

#include <algorithm>
#include <utility>

namespace hark::sync {
namespace {

// What the background may have under way before anything is stored, and of what is stored: 1 in 25.
constexpr std::uint64_t kFirstShare = 64;
constexpr std::uint64_t kShare = 25;
// Requests that share that, at least: while one is stored, others are on their way.
constexpr std::uint64_t kRequests = 4;

bool Overlap(const store::FetchItem& a, const store::FetchItem& b) {
  return a.conversation == b.conversation && a.from <= b.to && b.from <= a.to;
}

// What is left of `item` outside of `taken`, which overlaps it; newest first.
std::vector<store::FetchItem> Without(const store::FetchItem& item, const store::FetchItem& taken) {
  std::vector<store::FetchItem> left;
  if (taken.to < item.to) left.push_back({item.conversation, taken.to + 1, item.to, item.refresh});
  if (taken.from > item.from)
    left.push_back({item.conversation, item.from, taken.from - 1, item.refresh});
  return left;
}

// Leaves of `items` what is outside of `taken`. They may be many, and few of them overlap.
template <typename Items>
void TakeOut(Items& items, const store::FetchItem& taken) {
  const auto overlaps = [&taken](const store::FetchItem& item) { return Overlap(item, taken); };
  if (std::none_of(items.begin(), items.end(), overlaps)) return;
  Items left;
  for (store::FetchItem& item : items) {
    if (!overlaps(item)) {
      left.push_back(std::move(item));
      continue;
    }
    for (store::FetchItem& piece : Without(item, taken)) left.push_back(std::move(piece));
  }
  items = std::move(left);
}

// How many messages the newest page of `item` has.
std::uint64_t PageOf(const store::FetchItem& item, std::uint32_t page_size) {
  return std::min<std::uint64_t>(page_size, item.to - item.from + 1);
}

}  // namespace

void Fetcher::SetPlan(store::FetchPlan plan) {
  queue_.assign(plan.items.begin(), plan.items.end());
  for (const store::FetchItem& item : std::exchange(wanted_later_, {})) Want(item);
  total_known_ = true;
  // What is missing now was either known before, or is new and makes the whole larger.
  total_ = std::max(total_, done_ + plan.missing);
  done_ = std::max(done_, total_ - plan.missing);
}

void Fetcher::Want(const store::FetchItem& item) {
  std::vector<store::FetchItem> pieces{item};
  for (auto& [request, pages] : in_flight_) {
    for (Asked& asked : pages) {
      if (!Overlap(asked.item, item)) continue;
      asked.wanted = true;
      TakeOut(pieces, asked.item);
    }
  }
  for (const auto& [request, storing] : storing_) {
    for (const Asked& page : storing.pages) TakeOut(pieces, page.item);
  }
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
    TakeOut(queue_, *piece);
    TakeOut(wanted_, *piece);
    wanted_.push_front(*piece);
  }
  if (wanted_.size() > kWantedMost) wanted_.resize(kWantedMost);
}

std::uint64_t Fetcher::Share() const {
  return std::clamp<std::uint64_t>(stored_ / kShare, kFirstShare, limits::kHistoryUnderWay);
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

std::optional<transport::GetHistories> Fetcher::Next(transport::RequestId request,
                                                     std::uint32_t page_size, bool background) {
  if (!HasNext(page_size, background)) return std::nullopt;
  std::vector<Asked> asked;
  if (!wanted_.empty()) {
    asked.push_back(Take(wanted_, PageOf(wanted_.front(), page_size)));
    asked.back().wanted = true;
  } else {
    const std::uint64_t most = std::min<std::uint64_t>(page_size, Share() / kRequests);
    std::uint64_t size = 0;
    do {
      const std::uint64_t page = PageOf(queue_.front(), page_size);
      asked.push_back(Take(queue_, std::min(page, Share() - unsettled_)));
      size += asked.back().size;
    } while (together_ && !queue_.empty() && size + PageOf(queue_.front(), page_size) <= most &&
             FitsShare(page_size) && !IsOfOneOf(asked, queue_.front().conversation));
  }

  transport::GetHistories ask;
  ask.request = request;
  for (const Asked& page : asked) {
    ask.asks.push_back(
        {0, page.item.conversation, page.item.to + 1, static_cast<std::uint32_t>(page.size)});
  }
  in_flight_.emplace(request, std::move(asked));
  return ask;
}

// One page of each conversation in a request: which page answers which ask is seen by that.
bool Fetcher::IsOfOneOf(const std::vector<Asked>& asked, const ConversationId& conversation) {
  return std::any_of(asked.begin(), asked.end(), [&conversation](const Asked& page) {
    return page.item.conversation == conversation;
  });
}

Fetcher::Asked Fetcher::Take(std::deque<store::FetchItem>& from, std::uint64_t size) {
  Asked asked{std::move(from.front()), size};
  from.pop_front();
  unsettled_ += size;
  return asked;
}

void Fetcher::AskAgain(std::vector<Asked> asked) {
  for (auto page = asked.rbegin(); page != asked.rend(); ++page)
    (page->wanted ? wanted_ : queue_).push_front(std::move(page->item));
}

void Fetcher::AskLater(Asked asked) {
  if (asked.wanted && wanted_later_.size() < kWantedMost)
    wanted_later_.push_back(std::move(asked.item));
}

Fetcher::Settled Fetcher::Answer(transport::Histories answer, Clock::Instant now) {
  const auto it = in_flight_.find(answer.request);
  if (it == in_flight_.end()) return {};
  std::vector<transport::History>& pages = answer.pages;
  const bool fits = pages.size() <= it->second.size() &&
                    std::equal(pages.begin(), pages.end(), it->second.begin(),
                               [](const transport::History& page, const Asked& asked) {
                                 return page.conversation == asked.item.conversation;
                               });
  // One page of another conversation is no answer to this; of several, an answer that is wrong.
  if (pages.empty() || (!fits && it->second.size() > 1)) (void)Refused(answer.request);
  if (pages.empty() || !fits) return {};
  std::vector<Asked> asked = std::move(it->second);
  in_flight_.erase(it);

  Settled settled;
  std::vector<Asked> left;
  Storing storing;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    store::FetchItem& item = asked[i].item;
    std::optional<store::ApplyHistory> apply;
    if (i < pages.size()) {
      if (asked.size() > 1 && IsNotGiven(pages[i])) settled.not_given.push_back(item.conversation);
      apply = Settle(item, std::move(pages[i]));
    }
    if (!apply) {
      unsettled_ -= asked[i].size;
      if (i >= pages.size()) {
        left.push_back(std::move(asked[i]));
      } else {
        AskLater(std::move(asked[i]));
      }
      continue;
    }
    const Reach reach = ends_.ReachOf(*apply, now);
    apply->ends_there = reach == Reach::kEnd;
    // Rows that are compared are done with, whatever the page has, unless there is more above it:
    // then those below are compared with them, another time.
    const bool waits = item.refresh && reach == Reach::kBelowAgain;
    settled.moves_on = settled.moves_on || (item.refresh ? !waits : apply->to >= item.from);
    storing.pages.push_back({{item.conversation, apply->from, apply->to, item.refresh},
                             asked[i].size,
                             asked[i].wanted});
    storing.messages += apply->messages.size();
    if (apply->from > item.from && !waits) {
      item.to = apply->from - 1;
      left.push_back(std::move(asked[i]));
    }
    settled.pages.push_back(std::move(*apply));
  }
  settled.order = OrderOf(storing.pages);
  if (!settled.pages.empty()) storing_.emplace(answer.request, std::move(storing));
  AskAgain(std::move(left));
  return settled;
}

store::Order Fetcher::OrderOf(const std::vector<Asked>& pages) const {
  const auto is_wanted = [](const Asked& page) { return page.wanted; };
  const auto is_beside = [this](const Asked& page) { return IsStoring(page.item.conversation); };
  if (std::none_of(pages.begin(), pages.end(), is_wanted)) return store::Order::kMayWait;
  return std::any_of(pages.begin(), pages.end(), is_beside) ? store::Order::kInPlace
                                                            : store::Order::kMayGoAhead;
}

bool Fetcher::IsStoring(const ConversationId& conversation) const {
  return std::any_of(storing_.begin(), storing_.end(), [&conversation](const auto& storing) {
    return IsOfOneOf(storing.second.pages, conversation);
  });
}

void Fetcher::Stored(transport::RequestId request, bool committed) {
  const auto it = storing_.find(request);
  if (it == storing_.end()) return;
  Storing stored = std::move(it->second);
  storing_.erase(it);
  for (Asked& page : stored.pages) {
    unsettled_ -= page.size;
    if (!committed) AskLater(std::move(page));
  }
  if (!committed) return;
  stored_ += stored.messages;
  done_ = std::min(total_, done_ + stored.messages);
}

std::optional<ConversationId> Fetcher::Refused(transport::RequestId request) {
  const auto it = in_flight_.find(request);
  if (it == in_flight_.end()) return std::nullopt;
  std::vector<Asked> asked = std::move(it->second);
  in_flight_.erase(it);
  for (const Asked& page : asked) unsettled_ -= page.size;
  if (asked.size() > 1) {
    together_ = false;
    AskAgain(std::move(asked));
    return std::nullopt;
  }
  const ConversationId conversation = asked.front().item.conversation;
  AskLater(std::move(asked.front()));
  return conversation;
}

void Fetcher::Forget(const ConversationId& conversation) {
  const auto is_of_it = [&conversation](const store::FetchItem& item) {
    return item.conversation == conversation;
  };
  std::erase_if(wanted_, is_of_it);
  std::erase_if(wanted_later_, is_of_it);
}

void Fetcher::Clear() {
  queue_.clear();
  std::vector<store::FetchItem> wanted;
  for (auto& [request, asked] : std::exchange(in_flight_, {})) {
    for (const Asked& page : asked) {
      unsettled_ -= page.size;
      if (page.wanted) wanted.push_back(page.item);
    }
  }
  for (const store::FetchItem& item : wanted) Want(item);
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
