#include "daemon/ipc/work_queue.h"

#include <future>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace hark::ipc {
namespace {

TEST(WorkQueueTest, RunsAtMostSoManyAtOnceAndRefusesWhenFull) {
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  std::vector<std::promise<void>> started(4);
  WorkQueue queue("test", 2, 2);
  for (std::promise<void>& one : started) {
    ASSERT_TRUE(queue.Submit([&one, gone] {
      one.set_value();
      gone.wait();
    }));
    // The first two run; what comes after them waits.
    if (&one - started.data() < 2) one.get_future().wait();
  }
  EXPECT_FALSE(queue.Submit([] {}));
  go.set_value();
  started[2].get_future().wait();
  started[3].get_future().wait();
  std::promise<void> last;
  while (!queue.Submit([&last] { last.set_value(); })) {
  }
  last.get_future().wait();
}

TEST(WorkQueueTest, DropsWhatWaitsAtTheEnd) {
  const auto held = std::make_shared<int>(1);
  std::promise<void> go;
  bool ran = false;
  {
    std::promise<void> started;
    WorkQueue queue("test", 1, 10);
    ASSERT_TRUE(queue.Submit([&started, &go] {
      started.set_value();
      go.get_future().wait();
    }));
    started.get_future().wait();
    ASSERT_TRUE(queue.Submit([held, &ran] { ran = true; }));
    // Let go only once the queue has begun to end: then the second is never run.
    std::thread([&go, held_by_queue = std::weak_ptr<int>(held)] {
      while (held_by_queue.use_count() > 1) std::this_thread::yield();
      go.set_value();
    }).detach();
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace hark::ipc
