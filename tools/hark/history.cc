#include "tools/hark/history.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

namespace hark::cli {
namespace {

using Clock = std::chrono::steady_clock;

// A fetched page is announced by the watch; this is for the case that the announcement came before
// the watch.
constexpr std::chrono::milliseconds kLookAgain{500};

// Waits for anything to happen in a conversation. The watch is started when first needed.
class Arrival {
 public:
  Arrival(client::Client& client, std::string conversation_id)
      : client_(client), conversation_id_(std::move(conversation_id)) {}

  void Wait(Clock::time_point deadline) {
    if (!started_) Start();
    std::unique_lock lock(signal_->mutex);
    signal_->changed.wait_until(lock, std::min(deadline, Clock::now() + kLookAgain),
                                [this] { return std::exchange(signal_->arrived, false); });
  }

 private:
  struct Signal {
    std::mutex mutex;
    std::condition_variable changed;
    bool arrived = false;
  };

  void Start() {
    started_ = true;
    const auto notify = [signal = signal_] {
      const std::lock_guard lock(signal->mutex);
      signal->arrived = true;
      signal->changed.notify_all();
    };
    client::MessagesHandlers handlers;
    handlers.on_snapshot = [notify](const client::MessagesSnapshot&) { notify(); };
    handlers.on_delta = [notify](const client::MessagesDelta&) { notify(); };
    auto watch = client_.WatchMessages(conversation_id_, std::move(handlers),
                                       {.snapshot_size = 1, .resume_token = {}});
    if (watch) watch_ = std::move(*watch);
  }

  client::Client& client_;
  const std::string conversation_id_;
  const std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
  bool started_ = false;
  client::Subscription watch_;
};

client::ListMessagesRequest PageOf(const HistoryRequest& request) {
  client::ListMessagesRequest page;
  page.conversation_id = request.conversation_id;
  page.policy =
      request.cache_only ? client::FetchPolicy::kCacheOnly : client::FetchPolicy::kCacheThenSync;
  return page;
}

// The next page of a history that lacks `wanted` messages.
client::Result<client::MessagePage> ReadPage(client::Client& client,
                                             client::ListMessagesRequest& request,
                                             std::uint64_t wanted) {
  request.page_size =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, client::kMaxPageSize));
  return client.ListMessages(request);
}

client::Result<History> ReadAround(client::Client& client, const HistoryRequest& request) {
  client::ListMessagesRequest page_request = PageOf(request);
  page_request.around_message_id = request.around_message_id;
  page_request.page_size = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(request.limit, std::numeric_limits<std::uint32_t>::max()));
  client::Result<client::MessagePage> page = client.ListMessages(page_request);
  if (!page) return page.error();
  return History{std::move(page->messages), page->total_count, page->has_more, page->has_more_after,
                 page->gap_before,          page->gap_after,   page->freshness};
}

client::Result<History> ReadForward(client::Client& client, const HistoryRequest& request) {
  History history;
  Arrival arrival(client, request.conversation_id);
  const Clock::time_point deadline = Clock::now() + request.patience;
  client::ListMessagesRequest page_request = PageOf(request);
  page_request.after_message_id = request.after_message_id;
  for (;;) {
    client::Result<client::MessagePage> page =
        ReadPage(client, page_request, request.limit - history.messages.size());
    if (!page) return page.error();
    // What the gap hides comes before the pending messages that are behind it.
    if (page->gap_after && !request.cache_only && Clock::now() < deadline) {
      std::erase_if(page->messages, [](const auto& message) { return message.sequence == 0; });
    }
    history.total_count = page->total_count;
    history.has_more_after = page->has_more_after;
    history.gap_after = page->gap_after;
    history.freshness = page->freshness;
    const bool empty = page->messages.empty();
    if (!empty) page_request.after_message_id = page->messages.back().id;
    history.messages.insert(history.messages.end(), std::make_move_iterator(page->messages.begin()),
                            std::make_move_iterator(page->messages.end()));
    if (!page->has_more_after || history.messages.size() >= request.limit) break;
    if (!page->gap_after) continue;
    if (request.cache_only || Clock::now() >= deadline) break;
    if (empty) arrival.Wait(deadline);
  }
  return history;
}

client::Result<History> ReadBackward(client::Client& client, const HistoryRequest& request) {
  History history;
  Arrival arrival(client, request.conversation_id);
  const Clock::time_point deadline = Clock::now() + request.patience;
  client::ListMessagesRequest page_request = PageOf(request);
  page_request.before_message_id = request.before_message_id;
  // Newest first while reading, page by page; turned round at the end.
  for (;;) {
    client::Result<client::MessagePage> page =
        ReadPage(client, page_request, request.limit - history.messages.size());
    if (!page) return page.error();
    // The newest messages are known of and on their way.
    if (page->gap_after && page->freshness.live && !request.cache_only &&
        history.messages.empty() && Clock::now() < deadline) {
      arrival.Wait(deadline);
      continue;
    }
    if (page->gap_after) history.gap_after = page->gap_after;
    history.total_count = page->total_count;
    history.has_more = page->has_more;
    history.gap = page->gap_before;
    history.freshness = page->freshness;
    if (!page->messages.empty()) page_request.before_message_id = page->messages.front().id;
    history.messages.insert(history.messages.end(),
                            std::make_move_iterator(page->messages.rbegin()),
                            std::make_move_iterator(page->messages.rend()));
    if (!page->has_more || history.messages.size() >= request.limit) break;
    if (page->messages.empty()) {
      if (request.cache_only || Clock::now() >= deadline) break;
      arrival.Wait(deadline);
    }
  }
  std::reverse(history.messages.begin(), history.messages.end());
  return history;
}

}  // namespace

client::Result<History> ReadHistory(client::Client& client, const HistoryRequest& request) {
  if (!request.around_message_id.empty()) return ReadAround(client, request);
  if (!request.after_message_id.empty()) return ReadForward(client, request);
  return ReadBackward(client, request);
}

}  // namespace hark::cli
