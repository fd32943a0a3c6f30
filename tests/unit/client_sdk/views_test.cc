// Both views against a fake daemon that is stopped and started under them.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/support/status_code_enum.h>
#include <gtest/gtest.h>

#include "hark/conversation_list_view.h"
#include "hark/conversation_view.h"
#include "tests/unit/client_sdk/client_fixture.h"

namespace hark::client {
namespace {

// What a UI makes of the changes, awaited by the test.
template <typename Item, typename State>
class Ui {
 public:
  template <typename Change>
  void Apply(const Change& change) {
    const std::lock_guard lock(mutex_);
    ApplyEdits(change.edits, list_);
    edits_ += change.edits.size();
    state_ = change.state;
    changed_.notify_all();
  }
  void End(const Error& error) {
    const std::lock_guard lock(mutex_);
    ended_ = error.code;
    changed_.notify_all();
  }
  void Await(const std::function<bool(const ItemList<Item>&, const State&)>& condition) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return condition(list_, state_); });
  }
  ErrorCode AwaitEnd() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_.has_value(); });
    return *ended_;
  }
  std::size_t edits() {
    const std::lock_guard lock(mutex_);
    return edits_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  ItemList<Item> list_;
  State state_;
  std::size_t edits_ = 0;
  std::optional<ErrorCode> ended_;
};

class ViewsTest : public FakeDaemonTest {
 protected:
  ViewsTest() {
    for (int i = 1; i <= 120; ++i) {
      daemon_.Put(test::MakeConversation("c" + std::to_string(i), "Title"));
      daemon_.Put(
          test::MakeMessage("c1", "m" + std::to_string(i), static_cast<std::uint64_t>(i), "text"));
    }
  }

  std::optional<ConversationView> View(const std::string& conversation = "c1") {
    ConversationViewHandlers handlers;
    handlers.on_change = [this](const ConversationViewChange& change) { messages_.Apply(change); };
    handlers.on_end = [this](const Error& error) { messages_.End(error); };
    auto view = ConversationView::Start(*client_, conversation, std::move(handlers));
    if (!view) return std::nullopt;
    return std::move(*view);
  }
  std::optional<ConversationListView> List() {
    ConversationListHandlers handlers;
    handlers.on_change = [this](const ConversationListChange& change) { list_.Apply(change); };
    handlers.on_end = [this](const Error& error) { list_.End(error); };
    auto view = ConversationListView::Start(*client_, std::move(handlers));
    if (!view) return std::nullopt;
    return std::move(*view);
  }
  void Append(int sequence) {
    const v1::Message message = test::MakeMessage("c1", "m" + std::to_string(sequence),
                                                  static_cast<std::uint64_t>(sequence), "text");
    daemon_.Put(message);
    v1::WatchMessagesResponse event;
    *event.mutable_delta()->add_upserted() = message;
    daemon_.Push("c1", event);
  }

  Ui<ViewMessage, ConversationViewState> messages_;
  Ui<Conversation, ConversationListState> list_;
};

TEST_F(ViewsTest, MessagesComeChangeAndGrowBackwards) {
  auto view = View();
  ASSERT_TRUE(view.has_value());
  messages_.Await([](const auto& list, const auto& state) {
    return list.size() == 50 && state.loaded && state.has_more && state.connected;
  });
  EXPECT_TRUE(view->LoadOlder().ok());
  messages_.Await([](const auto& list, const auto& state) {
    return list.size() == 100 && !state.loading_older;
  });
  Append(121);
  messages_.Await([](const auto& list, const auto&) { return list.size() == 101; });
  EXPECT_EQ(view->messages().back()->message.id, "m121");
  EXPECT_EQ(daemon_.Calls("OpenConversation"), 1);
}

TEST_F(ViewsTest, AForgottenTokenAndARestartAreInvisible) {
  auto view = View();
  ASSERT_TRUE(view.has_value());
  messages_.Await([](const auto& list, const auto&) { return list.size() == 50; });
  EXPECT_TRUE(view->LoadOlder().ok());
  messages_.Await([](const auto& list, const auto&) { return list.size() == 100; });
  const std::size_t before = messages_.edits();
  daemon_.Stop();
  messages_.Await([](const auto&, const auto& state) { return !state.connected; });
  EXPECT_EQ(view->messages().size(), 100U) << "without a daemon the list stays";
  daemon_.ForgetTokens();
  daemon_.Put(test::MakeMessage("c1", "m121", 121, "meanwhile"));
  daemon_.Start();
  messages_.Await([](const auto& list, const auto&) { return list.size() == 101; });
  EXPECT_EQ(messages_.edits(), before + 1);
}

TEST_F(ViewsTest, AnUnknownConversationEndsTheView) {
  auto view = View("none");
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(messages_.AwaitEnd(), ErrorCode::kNotFound);
  EXPECT_EQ(ConversationView::Start(*client_, "", {}).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(ViewsTest, ACallbackThatThrowsEndsTheViewAndNothingElse) {
  ConversationViewHandlers handlers;
  handlers.on_change = [](const ConversationViewChange&) { throw std::runtime_error("a bug"); };
  handlers.on_end = [this](const Error& error) { messages_.End(error); };
  auto view = ConversationView::Start(*client_, "c1", std::move(handlers));
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(messages_.AwaitEnd(), ErrorCode::kInternal);
}

TEST_F(ViewsTest, AViewMayBeDestroyedFromItsOwnCallback) {
  std::mutex mutex;
  std::condition_variable destroyed;
  bool done = false;
  std::optional<ConversationView> view;
  ConversationViewHandlers handlers;
  handlers.on_change = [&](const ConversationViewChange&) {
    const std::lock_guard lock(mutex);
    view.reset();
    done = true;
    destroyed.notify_all();
  };
  std::unique_lock lock(mutex);
  auto started = ConversationView::Start(*client_, "c1", std::move(handlers));
  ASSERT_TRUE(started.ok());
  view.emplace(std::move(*started));
  destroyed.wait(lock, [&] { return done; });
}

TEST_F(ViewsTest, TheListIsToldGrowsAndFollowsOverARestart) {
  auto view = List();
  ASSERT_TRUE(view.has_value());
  list_.Await([](const auto& list, const auto& state) {
    return list.size() == 50 && state.has_more && state.total_count == 120;
  });
  EXPECT_TRUE(view->LoadMore().ok());
  list_.Await([](const auto& list, const auto&) { return list.size() == 100; });
  EXPECT_TRUE(view->LoadMore().ok());
  list_.Await(
      [](const auto& list, const auto& state) { return list.size() == 120 && !state.has_more; });
  const std::size_t before = list_.edits();
  daemon_.Stop();
  list_.Await([](const auto&, const auto& state) { return !state.connected; });
  daemon_.ForgetTokens();
  daemon_.Put(test::MakeConversation("c121", "New"));
  daemon_.Start();
  EXPECT_TRUE(view->LoadMore().ok());
  list_.Await([](const auto&, const auto& state) { return state.total_count == 121; });
  EXPECT_LE(list_.edits(), before + 1) << "what is the same is not told again";
}

}  // namespace
}  // namespace hark::client
