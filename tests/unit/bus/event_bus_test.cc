#include "daemon/bus/event_bus.h"

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace hark::bus {
namespace {

std::shared_ptr<const Commit> CommitOf(LocalRevision revision) {
  auto commit = std::make_shared<Commit>();
  commit->revision = revision;
  return commit;
}

class Recorder : public Subscriber {
 public:
  void OnCommit(std::shared_ptr<const Commit> commit) override {
    revisions.push_back(commit->revision);
  }
  void OnEphemeral(std::shared_ptr<const Ephemeral>) override { ++ephemerals; }
  void OnClosed(const Error& why) override { closed = why.code; }

  std::vector<LocalRevision> revisions;
  int ephemerals = 0;
  std::optional<ErrorCode> closed;
};

TEST(EventBus, DeliversEveryCommitAfterSubscribingInOrder) {
  const auto bus = std::make_shared<EventBus>();
  bus->Publish(CommitOf(11));
  Recorder recorder;
  const auto subscribed = bus->Subscribe(&recorder);
  for (LocalRevision revision = 12; revision < 20; ++revision) bus->Publish(CommitOf(revision));
  EXPECT_EQ(recorder.revisions, (std::vector<LocalRevision>{12, 13, 14, 15, 16, 17, 18, 19}));
}

TEST(EventBus, AClosedBusTellsEveryoneAlsoThoseWhoComeLater) {
  const auto bus = std::make_shared<EventBus>();
  Recorder early;
  const auto first = bus->Subscribe(&early);
  bus->Close(Error(ErrorCode::kConflict, "another account"));
  Recorder late;
  const auto second = bus->Subscribe(&late);
  EXPECT_EQ(early.closed, ErrorCode::kConflict);
  EXPECT_EQ(late.closed, ErrorCode::kConflict);
}

TEST(EventBus, NobodyIsCalledAfterUnsubscribing) {
  const auto bus = std::make_shared<EventBus>();
  std::thread publisher([bus] {
    for (LocalRevision revision = 1; revision <= 20'000; ++revision)
      bus->Publish(CommitOf(revision));
  });
  for (int i = 0; i < 200; ++i) {
    auto recorder = std::make_unique<Recorder>();
    auto subscribed = bus->Subscribe(recorder.get());
    subscribed.reset();
    recorder.reset();  // a later call would be a use after free, which the sanitizers see
  }
  publisher.join();
}

}  // namespace
}  // namespace hark::bus
