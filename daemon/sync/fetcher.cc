#include "daemon/sync/fetcher.h"

#include <algorithm>
#include <utility>

namespace hark::sync {

void Fetcher::SetPlan(store::FetchPlan plan) {
  queue_.assign(plan.items.begin(), plan.items.end());
  // What is missing now was either known before, or is new and makes the whole larger.
  total_ = std::max(total_, done_ + plan.missing);
  done_ = std::max(done_, total_ - plan.missing);
}

bool Fetcher::IsUnderWay(const store::FetchItem& item) const {
  return std::any_of(in_flight_.begin(), in_flight_.end(), [&](const auto& entry) {
    const store::FetchItem& other = entry.second;
    return other.conversation == item.conversation && other.to >= item.to &&
           other.from <= item.from;
  });
}

void Fetcher::Want(const store::FetchItem& item) {
  if (IsUnderWay(item)) return;
  std::erase(queue_, item);
  queue_.push_front(item);
}

std::optional<transport::GetHistory> Fetcher::Next(transport::RequestId request,
                                                   std::uint32_t page_size) {
  if (!HasNext()) return std::nullopt;
  store::FetchItem item = std::move(queue_.front());
  queue_.pop_front();
  transport::GetHistory ask;
  ask.request = request;
  ask.conversation = item.conversation;
  ask.before = item.to + 1;
  ask.page_size =
      static_cast<std::uint32_t>(std::min<Sequence>(page_size, item.to - item.from + 1));
  in_flight_.emplace(request, std::move(item));
  return ask;
}

std::optional<store::ApplyHistory> Fetcher::Answer(transport::History history) {
  const auto it = in_flight_.find(history.request);
  if (it == in_flight_.end() || it->second.conversation != history.conversation)
    return std::nullopt;
  store::FetchItem item = std::move(it->second);
  in_flight_.erase(it);

  const bool empty = history.from == 0 || history.to < history.from;
  // A page from the other side of the anchor says nothing of what was asked; the item waits for the
  // next plan.
  if (!empty && history.from > item.to) return std::nullopt;

  store::ApplyHistory apply;
  apply.conversation = item.conversation;
  apply.messages = std::move(history.messages);
  apply.asked_from = item.from;
  apply.asked_to = item.to;
  // What lies between the page and the place asked for no longer exists there; nor does anything
  // older, once there is no more.
  apply.to = item.to;
  apply.from = history.has_more && !empty ? history.from
                                          : std::min(item.from, empty ? item.from : history.from);

  // A backend that says "more" with an empty page would be asked for ever.
  if (history.has_more && !empty && history.from > item.from) {
    item.to = history.from - 1;
    queue_.push_front(std::move(item));
  }
  done_ = std::min(total_, done_ + apply.messages.size());
  return apply;
}

bool Fetcher::Refused(transport::RequestId request) {
  return in_flight_.erase(request) > 0;
}

void Fetcher::Clear() {
  queue_.clear();
  in_flight_.clear();
}

void Fetcher::ResetProgress() {
  done_ = 0;
  total_ = 0;
}

}  // namespace hark::sync
