// A fetcher that asks, and answers as a backend gives them.

#ifndef HARK_TESTS_UNIT_SYNC_FETCHER_FIXTURE_H_
#define HARK_TESTS_UNIT_SYNC_FETCHER_FIXTURE_H_

#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/sync/fetcher.h"

namespace hark::sync {

class FetcherTest : public testing::Test {
 protected:
  static store::FetchPlan Plan(std::vector<store::FetchItem> items) {
    store::FetchPlan plan;
    for (const auto& item : items) plan.missing += item.to - item.from + 1;
    plan.items = std::move(items);
    return plan;
  }

  transport::History Page(transport::RequestId request, Sequence from, Sequence to, bool has_more) {
    transport::History page;
    page.request = request;
    page.conversation = kConversation;
    page.from = from;
    page.to = to;
    page.has_more = has_more;
    for (Sequence at = from; at != 0 && at <= to; ++at) {
      Message message;
      message.sequence = at;
      page.messages.push_back(std::move(message));
    }
    return page;
  }

  // As if so many messages had been stored before: the background may have many under way.
  void Warm(std::uint64_t stored = 100'000) {
    fetcher_.SetPlan(Plan({{ConversationId("warm"), 1, 1, false}}));
    (void)Next(9'000);
    transport::History page = Page(9'000, 1, 1, false);
    page.conversation = ConversationId("warm");
    page.messages.resize(stored);
    (void)AnswerAndStore(std::move(page));
    fetcher_.ResetProgress();
  }

  // The request of a single page.
  std::optional<transport::GetHistory> Next(transport::RequestId request,
                                            std::uint32_t page_size = 200, bool background = true) {
    auto ask = fetcher_.Next(request, page_size, background);
    if (!ask) return std::nullopt;
    EXPECT_EQ(ask->request, request);
    EXPECT_EQ(ask->asks.size(), 1U);
    return ask->asks.front();
  }

  // The answer to it.
  std::optional<store::ApplyHistory> Answer(transport::History page) {
    transport::Histories one{page.request, {}};
    one.pages.push_back(std::move(page));
    Fetcher::Settled settled = fetcher_.Answer(std::move(one), now_);
    moves_on_ = settled.moves_on;
    if (settled.pages.empty()) return std::nullopt;
    return std::move(settled.pages.front());
  }

  std::optional<store::ApplyHistory> AnswerAndStore(transport::History page) {
    const transport::RequestId request = page.request;
    auto apply = Answer(std::move(page));
    fetcher_.Stored(request, true);
    return apply;
  }

  const ConversationId kConversation{"c"};
  Clock::Instant now_{};
  bool moves_on_ = false;  // Of the last answer.
  Fetcher fetcher_;
};

}  // namespace hark::sync

#endif  // HARK_TESTS_UNIT_SYNC_FETCHER_FIXTURE_H_
