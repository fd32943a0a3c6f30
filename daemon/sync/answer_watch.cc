#include "daemon/sync/answer_watch.h"

#include <algorithm>
#include <chrono>

namespace hark::sync {
namespace {

constexpr std::chrono::seconds kAnswerTimeout{60};

}  // namespace

void AnswerWatch::Asked(transport::RequestId request, Clock::Instant now) {
  if (waiting_.empty()) last_ = now;
  waiting_.push_back({request, std::nullopt});
}

void AnswerWatch::Answered(transport::RequestId request, Clock::Instant now) {
  const auto answered =
      std::find_if(waiting_.begin(), waiting_.end(),
                   [request](const Waiting& waiting) { return waiting.request == request; });
  if (answered == waiting_.end()) return;
  last_ = now;
  for (auto earlier = waiting_.begin(); earlier != answered; ++earlier) {
    if (!earlier->passed_over) earlier->passed_over = now;
  }
  waiting_.erase(answered);
}

void AnswerWatch::Forget(transport::RequestId request) {
  std::erase_if(waiting_, [request](const Waiting& waiting) { return waiting.request == request; });
}

std::optional<Clock::Instant> AnswerWatch::Deadline() const {
  if (waiting_.empty()) return std::nullopt;
  // The first was passed over before any other, and not after the last answer.
  return waiting_.front().passed_over.value_or(last_) + kAnswerTimeout;
}

}  // namespace hark::sync
