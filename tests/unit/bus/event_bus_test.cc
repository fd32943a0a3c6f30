#include "daemon/bus/event_bus.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/base/limits.h"

namespace hark::bus {
namespace {

std::shared_ptr<const Commit> CommitOf(LocalRevision revision, std::size_t bytes = 0) {
  auto commit = std::make_shared<Commit>();
  commit->revision = revision;
  if (bytes > 0) commit->messages.emplace_back().content.assign(bytes, 'x');
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
  const auto bus = std::make_shared<EventBus>(10);
  bus->Publish(CommitOf(11));
  Recorder recorder;
  const auto subscribed = bus->Subscribe(&recorder, std::nullopt);
  EXPECT_FALSE(subscribed.resumed);
  for (LocalRevision revision = 12; revision < 20; ++revision) bus->Publish(CommitOf(revision));
  EXPECT_EQ(recorder.revisions, (std::vector<LocalRevision>{12, 13, 14, 15, 16, 17, 18, 19}));
}

TEST(EventBus, ResumesWithWhatWasMissed) {
  const auto bus = std::make_shared<EventBus>(10);
  for (LocalRevision revision = 11; revision <= 15; ++revision) bus->Publish(CommitOf(revision));
  Recorder recorder;
  const auto subscribed = bus->Subscribe(&recorder, 13);
  EXPECT_TRUE(subscribed.resumed);
  bus->Publish(CommitOf(16));
  EXPECT_EQ(recorder.revisions, (std::vector<LocalRevision>{14, 15, 16}));
}

TEST(EventBus, ResumesAtItsEdgesAndNotBeyondThem) {
  const auto bus = std::make_shared<EventBus>(10);
  bus->Publish(CommitOf(11));
  Recorder recorder;
  EXPECT_TRUE(bus->Subscribe(&recorder, 10).resumed) << "the floor itself";
  EXPECT_TRUE(bus->Subscribe(&recorder, 11).resumed) << "the head";
  EXPECT_FALSE(bus->Subscribe(&recorder, 9).resumed) << "before what it remembers";
  EXPECT_FALSE(bus->Subscribe(&recorder, 12).resumed) << "a revision that never was";
}

TEST(EventBus, RemembersABoundedNumberOfCommits) {
  const auto bus = std::make_shared<EventBus>(0);
  const LocalRevision last = limits::kBusHistoryEvents + 5;
  for (LocalRevision revision = 1; revision <= last; ++revision) bus->Publish(CommitOf(revision));
  Recorder recorder;
  EXPECT_FALSE(bus->Subscribe(&recorder, 4).resumed);
  EXPECT_TRUE(bus->Subscribe(&recorder, 5).resumed);
  EXPECT_EQ(recorder.revisions.size(), limits::kBusHistoryEvents);
}

TEST(EventBus, RemembersABoundedNumberOfBytes) {
  const auto bus = std::make_shared<EventBus>(0);
  for (LocalRevision revision = 1; revision <= 10; ++revision) {
    bus->Publish(CommitOf(revision, limits::kBusHistoryBytes / 4));
  }
  Recorder recorder;
  EXPECT_FALSE(bus->Subscribe(&recorder, 1).resumed);
  EXPECT_TRUE(bus->Subscribe(&recorder, 8).resumed);
}

TEST(EventBus, AClosedBusTellsEveryoneAlsoThoseWhoComeLater) {
  const auto bus = std::make_shared<EventBus>(0);
  Recorder early;
  const auto first = bus->Subscribe(&early, std::nullopt);
  bus->Close(Error(ErrorCode::kConflict, "another account"));
  Recorder late;
  const auto second = bus->Subscribe(&late, std::nullopt);
  EXPECT_EQ(early.closed, ErrorCode::kConflict);
  EXPECT_EQ(late.closed, ErrorCode::kConflict);
}

TEST(EventBus, NobodyIsCalledAfterUnsubscribing) {
  const auto bus = std::make_shared<EventBus>(0);
  std::thread publisher([bus] {
    for (LocalRevision revision = 1; revision <= 20'000; ++revision)
      bus->Publish(CommitOf(revision));
  });
  for (int i = 0; i < 200; ++i) {
    auto recorder = std::make_unique<Recorder>();
    auto subscribed = bus->Subscribe(recorder.get(), std::nullopt);
    subscribed.subscription.reset();
    recorder.reset();  // a later call would be a use after free, which the sanitizers see
  }
  publisher.join();
}

}  // namespace
}  // namespace hark::bus
