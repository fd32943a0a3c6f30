// What a queue holds of a commit while its client does not read.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "daemon/ipc/conversations_topic.h"
#include "daemon/ipc/messages_topic.h"

namespace hark::ipc {
namespace {

std::shared_ptr<Commit> CommitOf(int own, int others) {
  auto commit = std::make_shared<Commit>();
  commit->revision = 7;
  for (int i = 0; i < own + others; ++i) {
    Message message;
    message.conversation = ConversationId(i < own ? "own" : "other");
    message.id = MessageId(std::to_string(i));
    commit->messages.push_back(std::move(message));
  }
  commit->removed.push_back({ConversationId("own"), MessageId("gone")});
  commit->removed.push_back({ConversationId("other"), MessageId("gone there")});
  commit->conversations.emplace_back().id = ConversationId("own");
  return commit;
}

TEST(TopicPartTest, OfASyncOnlyTheOwnMessagesWait) {
  const MessagesTopic topic("store", ConversationId("own"), 50);
  const auto whole = CommitOf(2, 1'000);
  const auto part = topic.Part(whole);
  EXPECT_EQ(part->revision, 7U);
  EXPECT_EQ(part->messages.size(), 2U);
  ASSERT_EQ(part->removed.size(), 1U);
  EXPECT_EQ(part->removed[0].message.value(), "gone");
  EXPECT_EQ(topic.Weight(*part), topic.Weight(*whole));
}

TEST(TopicPartTest, WhatWaitsDoesNotKeepTheRestOfASyncInMemory) {
  const MessagesTopic topic("store", ConversationId("own"), 50);
  auto page = std::make_shared<std::vector<Message>>(2);
  (*page)[0].conversation = ConversationId("own");
  (*page)[1].conversation = ConversationId("other");
  auto whole = std::make_shared<Commit>();
  for (const Message& message : *page)
    whole->messages.push_back(std::shared_ptr<const Message>(page, &message));
  const std::weak_ptr<std::vector<Message>> rest = std::exchange(page, nullptr);
  const auto part = topic.Part(std::exchange(whole, nullptr));
  EXPECT_EQ(part->messages.size(), 1U);
  EXPECT_TRUE(rest.expired());
}

TEST(TopicPartTest, CommitOfOneConversationIsShared) {
  const MessagesTopic topic("store", ConversationId("own"), 50);
  const std::shared_ptr<const Commit> whole = CommitOf(1, 0);
  EXPECT_EQ(topic.Part(whole), whole);
}

TEST(TopicPartTest, ListHoldsNoMessages) {
  const ConversationsTopic topic("store", 50);
  const auto whole = CommitOf(3, 3);
  const auto part = topic.Part(whole);
  EXPECT_EQ(part->revision, 7U);
  EXPECT_TRUE(part->messages.empty());
  EXPECT_EQ(part->conversations.size(), 1U);
  EXPECT_EQ(topic.Weight(*part), topic.Weight(*whole));
}

}  // namespace
}  // namespace hark::ipc
